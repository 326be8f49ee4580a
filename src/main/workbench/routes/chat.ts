import { route, type Routing } from './route'

/** Handles conversations with several models of a pair. Each model answers in a column of its own. */
export function chatRoutes({ jobs, withPair }: Routing) {
  const { chat } = route
  return chat.router({
    answer: chat.answer
      .use(withPair)
      .handler(({ context: { pair }, input: { settings, columns }, signal }) =>
        jobs.chats.answer(pair, { settings, columns }, signal)
      )
  })
}
