import { route, type Routing } from './route'

export function chatRoutes({ jobs, stateOf, withPair }: Routing) {
  const { chat } = route
  return chat.router({
    answer: chat.answer
      .use(withPair)
      .handler(({ context: { pair }, input: { settings, columns }, signal }) =>
        jobs.chats.answer(pair, { settings, columns }, signal)
      ),
    turns: chat.turns.use(withPair).handler(({ context: { pair } }) => pair.conversation.read()),
    saveTurn: chat.saveTurn
      .use(withPair)
      .handler(async ({ context: { pair }, input }) => stateOf(pair, await pair.conversation.saveTurn(input.turn))),
    clear: chat.clear
      .use(withPair)
      .handler(async ({ context: { pair }, input }) => stateOf(pair, await pair.conversation.clear(input.turns)))
  })
}
