import { cancelHandler, route, type Routing, watchHandler } from './route'

/** Handles the procedures of lineages. They are started by the queue only. */
export function lineageRoutes({ jobs, withPair }: Routing) {
  const { lineages } = route
  return lineages.router({
    plan: lineages.plan
      .use(withPair)
      .handler(({ context: { pair }, input: { settings }, signal }) =>
        jobs.questions.plan(pair, async () => (await jobs.lineages.open(pair, settings)).work, signal)
      ),
    watch: lineages.watch.use(withPair).handler(watchHandler(jobs.lineages.table)),
    cancel: lineages.cancel.use(withPair).handler(cancelHandler(jobs.lineages.table)),
    get: lineages.get.use(withPair).handler(({ context: { pair } }) => pair.readLineage())
  })
}
