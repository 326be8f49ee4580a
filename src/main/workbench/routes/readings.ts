import { storedDistances } from '../../project/results/stored-distances'
import { cancelling, route, type Routing, watching } from './route'

/** How far post-training moved the weights of the pair. */
export function distanceRoutes({ projects, jobs: { readings }, withPair }: Routing) {
  const { distances } = route
  return distances.router({
    start: distances.start.use(withPair).handler(({ context: { own } }) => readings.startDistances(own)),
    watch: distances.watch.use(withPair).handler(watching(readings.distances)),
    cancel: distances.cancel.use(withPair).handler(cancelling(readings.distances)),
    get: distances.get
      .use(withPair)
      .handler(async ({ context: { own } }) => storedDistances(own, (await projects.pairOf(own)).pair))
  })
}

/** SHA-256 of the pair's files. */
export function checksumRoutes({ projects, jobs: { readings }, withPair }: Routing) {
  const { checksums } = route
  return checksums.router({
    start: checksums.start.use(withPair).handler(({ context: { own } }) => readings.startChecksums(own)),
    watch: checksums.watch.use(withPair).handler(watching(readings.checksums)),
    cancel: checksums.cancel.use(withPair).handler(cancelling(readings.checksums)),
    get: checksums.get.use(withPair).handler(async ({ context: { own } }) => {
      const { pair } = await projects.pairOf(own)
      if (pair === null) return { base: null, post: null }
      const [base, post] = await Promise.all([
        own.project.readings.checksums(pair.base),
        own.project.readings.checksums(pair.post)
      ])
      return { base, post }
    })
  })
}

/** NaN and infinity in the pair's weights. */
export function valueRoutes({ jobs: { readings }, withPair }: Routing) {
  const { values } = route
  return values.router({
    start: values.start.use(withPair).handler(({ context: { own } }) => readings.startValues(own)),
    watch: values.watch.use(withPair).handler(watching(readings.values)),
    cancel: values.cancel.use(withPair).handler(cancelling(readings.values))
  })
}
