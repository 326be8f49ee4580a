import { cancelling, route, type Routing, watching } from './route'

/** Checks of a sweep's ranges on whole answers. */
export function checkRoutes({ jobs, withProject }: Routing) {
  const { checks } = route
  return checks.router({
    start: checks.start
      .use(withProject)
      .handler(async ({ context: { project }, input: { path: _, ...asked } }) =>
        jobs.checks.start(project, asked)
      ),
    watch: checks.watch.use(withProject).handler(watching(jobs.checks.table)),
    cancel: checks.cancel.use(withProject).handler(cancelling(jobs.checks.table)),
    get: checks.get
      .use(withProject)
      .handler(({ context: { project }, input }) => project.readAnswerCheck(input.sweepId))
  })
}
