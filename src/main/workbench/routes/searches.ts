import { readUnfinishedSearch } from '../../project/documents/search-files'
import { cancelling, route, type Routing, watching } from './route'

/** Searches for recipes beyond one range. */
export function searchRoutes({ jobs, withPair }: Routing) {
  const { searches } = route
  return searches.router({
    start: searches.start
      .use(withPair)
      .handler(async ({ context: { own }, input: { path: _, pair: _pair, fresh, ...asked } }) =>
        jobs.searches.start(own, asked, fresh)
      ),
    unfinished: searches.unfinished.use(withPair).handler(async ({ context: { own }, input }) => {
      const unfinished = await readUnfinishedSearch(own.folder)
      return unfinished?.sweepId === input.sweepId ? unfinished : null
    }),
    watch: searches.watch.use(withPair).handler(watching(jobs.searches.table)),
    cancel: searches.cancel.use(withPair).handler(cancelling(jobs.searches.table)),
    get: searches.get
      .use(withPair)
      .handler(({ context: { own }, input }) => own.readSearch(input.sweepId, input.id))
  })
}
