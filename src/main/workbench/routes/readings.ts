import { storedDistances } from '../../project/stored-distances'
import { cancelling, route, type Routing, watching } from './route'

/** How far post-training moved the weights of the pair. */
export function distanceRoutes({ projects, jobs: { readings }, withProject }: Routing) {
  const { distances } = route
  return distances.router({
    start: distances.start
      .use(withProject)
      .handler(({ context: { project } }) => readings.startDistances(project)),
    watch: distances.watch.use(withProject).handler(watching(readings.distances)),
    cancel: distances.cancel.use(withProject).handler(cancelling(readings.distances)),
    get: distances.get
      .use(withProject)
      .handler(async ({ context: { project } }) =>
        storedDistances(project, (await projects.pairOf(project)).pair)
      )
  })
}

/** SHA-256 of the pair's files. */
export function checksumRoutes({ projects, jobs: { readings }, withProject }: Routing) {
  const { checksums } = route
  return checksums.router({
    start: checksums.start
      .use(withProject)
      .handler(({ context: { project } }) => readings.startChecksums(project)),
    watch: checksums.watch.use(withProject).handler(watching(readings.checksums)),
    cancel: checksums.cancel.use(withProject).handler(cancelling(readings.checksums)),
    get: checksums.get.use(withProject).handler(async ({ context: { project } }) => {
      const { pair } = await projects.pairOf(project)
      if (pair === null) return { base: null, post: null }
      const [base, post] = await Promise.all([
        project.readChecksums(pair.base),
        project.readChecksums(pair.post)
      ])
      return { base, post }
    })
  })
}

/** NaN and infinity in the pair's weights. */
export function valueRoutes({ jobs: { readings }, withProject }: Routing) {
  const { values } = route
  return values.router({
    start: values.start.use(withProject).handler(({ context: { project } }) => readings.startValues(project)),
    watch: values.watch.use(withProject).handler(watching(readings.values)),
    cancel: values.cancel.use(withProject).handler(cancelling(readings.values))
  })
}
