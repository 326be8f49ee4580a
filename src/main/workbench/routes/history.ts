import { route, type Routing } from './route'

/** Handles the procedures of a pair's runs: names, notes, pins and the trash. */
export function historyRoutes({ jobs, stateOf, withPair }: Routing) {
  const { history } = route
  return history.router({
    annotate: history.annotate.use(withPair).handler(async ({ context: { pair }, input: { run, changes, seen } }) => {
      return stateOf(pair, await pair.history.annotate(run, changes, seen))
    }),
    delete: history.delete.use(withPair).handler(async ({ context: { pair }, input }) => {
      // A job may be writing the run or reading its results.
      const { change } = await pair.history.delete(input.run, () => jobs.turns.requireNone(pair))
      return stateOf(pair, change)
    }),
    restore: history.restore.use(withPair).handler(async ({ context: { pair }, input }) => {
      await pair.history.restore(input.deletion)
      return stateOf(pair)
    }),
    destroy: history.destroy.use(withPair).handler(async ({ context: { pair }, input }) => {
      await pair.history.destroy(input.deletion)
      return stateOf(pair)
    })
  })
}
