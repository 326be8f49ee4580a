import { readUnfinishedSearch } from '../../project/search-files'
import { cancelling, route, type Routing, watching } from './route'

/** Searches for recipes beyond one range. */
export function searchRoutes({ jobs, withProject }: Routing) {
  const { searches } = route
  return searches.router({
    start: searches.start
      .use(withProject)
      .handler(async ({ context: { project }, input: { path: _, fresh, ...asked } }) =>
        jobs.searches.start(project, asked, fresh)
      ),
    unfinished: searches.unfinished.use(withProject).handler(async ({ context: { project }, input }) => {
      const unfinished = await readUnfinishedSearch(project.path)
      return unfinished?.sweepId === input.sweepId ? unfinished : null
    }),
    watch: searches.watch.use(withProject).handler(watching(jobs.searches.table)),
    cancel: searches.cancel.use(withProject).handler(cancelling(jobs.searches.table)),
    get: searches.get
      .use(withProject)
      .handler(({ context: { project }, input }) => project.readSearch(input.sweepId))
  })
}
