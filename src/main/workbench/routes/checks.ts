import { cancelHandler, route, type Routing, watchHandler } from './route'

export function checkRoutes({ jobs, withPair }: Routing) {
  const { checks } = route
  return checks.router({
    start: checks.start
      .use(withPair)
      .handler(async ({ context: { pair }, input: { sweepId, rho, recipes } }) =>
        jobs.checks.start(pair, { sweepId, rho, recipes })
      ),
    watch: checks.watch.use(withPair).handler(watchHandler(jobs.checks.table)),
    cancel: checks.cancel.use(withPair).handler(cancelHandler(jobs.checks.table)),
    get: checks.get.use(withPair).handler(({ context: { pair }, input }) => pair.readAnswerCheck(input.sweepId))
  })
}
