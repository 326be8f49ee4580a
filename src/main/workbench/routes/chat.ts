import { route, type Routing } from './route'

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
