import { readUnfinishedSearch } from '../../project/documents/search-files'
import { cancelHandler, route, type Routing, watchHandler } from './route'

export function searchRoutes({ jobs, withPair }: Routing) {
  const { searches } = route
  return searches.router({
    start: searches.start
      .use(withPair)
      .handler(async ({ context: { pair }, input: { path: _, pair: _pair, fresh, ...request } }) =>
        jobs.searches.start(pair, request, fresh)
      ),
    unfinished: searches.unfinished.use(withPair).handler(async ({ context: { pair }, input }) => {
      const unfinished = await readUnfinishedSearch(pair.folder)
      return unfinished?.sweepId === input.sweepId ? unfinished : null
    }),
    watch: searches.watch.use(withPair).handler(watchHandler(jobs.searches.table)),
    cancel: searches.cancel.use(withPair).handler(cancelHandler(jobs.searches.table)),
    get: searches.get.use(withPair).handler(({ context: { pair }, input }) => pair.readSearch(input.sweepId, input.id))
  })
}
