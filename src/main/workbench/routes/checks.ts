import { cancelling, route, type Routing, watching } from './route'

/** Checks of a sweep's ranges on whole answers. */
export function checkRoutes({ jobs, withPair }: Routing) {
  const { checks } = route
  return checks.router({
    start: checks.start
      .use(withPair)
      .handler(async ({ context: { own }, input: { path: _, pair: _pair, ...asked } }) =>
        jobs.checks.start(own, asked)
      ),
    watch: checks.watch.use(withPair).handler(watching(jobs.checks.table)),
    cancel: checks.cancel.use(withPair).handler(cancelling(jobs.checks.table)),
    get: checks.get.use(withPair).handler(({ context: { own }, input }) => own.readAnswerCheck(input.sweepId))
  })
}
