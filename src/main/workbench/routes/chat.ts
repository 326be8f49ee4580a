import { route, type Routing } from './route'

/** Conversations with models of the pair, side by side. */
export function chatRoutes({ jobs, withProject }: Routing) {
  const { chat } = route
  return chat.router({
    answer: chat.answer.use(withProject).handler(async function* ({
      context: { project },
      input: { settings, columns },
      signal
    }) {
      yield* jobs.chats.answer(project, { settings, columns }, signal)
    })
  })
}
