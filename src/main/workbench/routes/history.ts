import { route, type Routing } from './route'

/** The runs of a pair: what the user says of them, and which of them stay. */
export function historyRoutes({ jobs, stateOf, withPair }: Routing) {
  const { history } = route
  return history.router({
    mark: history.mark.use(withPair).handler(async ({ context: { own }, input: { run, changes, seen } }) => {
      await own.history.mark(run, changes, seen)
      return stateOf(own)
    }),
    delete: history.delete.use(withPair).handler(async ({ context: { own }, input }) => {
      // It may be writing the run, or reading what it goes on from.
      jobs.requireNone(own)
      const deletion = await own.history.delete(input.run)
      return { deletion, project: await stateOf(own) }
    }),
    restore: history.restore.use(withPair).handler(async ({ context: { own }, input }) => {
      await own.history.restore(input.deletion)
      return stateOf(own)
    }),
    destroy: history.destroy.use(withPair).handler(async ({ context: { own }, input }) => {
      await own.history.destroy(input.deletion)
      return stateOf(own)
    })
  })
}
