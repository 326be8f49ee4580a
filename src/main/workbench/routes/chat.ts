import { route, type Routing } from './route'

/** Conversations with models of the pair, side by side. */
export function chatRoutes({ jobs, withPair }: Routing) {
  const { chat } = route
  return chat.router({
    answer: chat.answer.use(withPair).handler(async function* ({
      context: { own },
      input: { settings, columns },
      signal
    }) {
      yield* jobs.chats.answer(own, { settings, columns }, signal)
    })
  })
}
