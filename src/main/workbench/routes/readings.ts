import { storedDistances } from '../../project/results/stored-distances'
import { cancelHandler, route, type Routing, watchHandler } from './route'

/* Handles the procedures of results for which all weights are read: distances, checksums and values. */

export function distanceRoutes({ projects, jobs: { readings }, withPair }: Routing) {
  const { distances } = route
  return distances.router({
    start: distances.start.use(withPair).handler(({ context: { pair } }) => readings.startDistances(pair)),
    watch: distances.watch.use(withPair).handler(watchHandler(readings.distances)),
    cancel: distances.cancel.use(withPair).handler(cancelHandler(readings.distances)),
    get: distances.get
      .use(withPair)
      .handler(async ({ context: { pair } }) => storedDistances(pair, (await projects.pairOf(pair)).pair))
  })
}

export function checksumRoutes({ projects, jobs: { readings }, withPair }: Routing) {
  const { checksums } = route
  return checksums.router({
    start: checksums.start.use(withPair).handler(({ context: { pair } }) => readings.startChecksums(pair)),
    watch: checksums.watch.use(withPair).handler(watchHandler(readings.checksums)),
    cancel: checksums.cancel.use(withPair).handler(cancelHandler(readings.checksums)),
    get: checksums.get.use(withPair).handler(async ({ context: { pair } }) => {
      const { pair: report } = await projects.pairOf(pair)
      if (report === null) return { base: null, post: null }
      const [base, post] = await Promise.all([
        pair.project.readings.checksums(report.base),
        pair.project.readings.checksums(report.post)
      ])
      return { base, post }
    })
  })
}

export function valueRoutes({ jobs: { readings }, withPair }: Routing) {
  const { values } = route
  return values.router({
    start: values.start.use(withPair).handler(({ context: { pair } }) => readings.startValues(pair)),
    watch: values.watch.use(withPair).handler(watchHandler(readings.values)),
    cancel: values.cancel.use(withPair).handler(cancelHandler(readings.values))
  })
}
