import { describePlan, prepareExport } from '../../export/prepare'
import { pairPaths } from '../../project/demo'
import { cancelling, route, type Routing, watching } from './route'

/** Restored models as folders. */
export function exportRoutes({ jobs, withPair }: Routing) {
  const { exports } = route
  return exports.router({
    plan: exports.plan
      .use(withPair)
      .handler(async ({ context: { pair }, input: { recipe, target } }) =>
        describePlan(await prepareExport(pairPaths(pair.document.location), recipe), target)
      ),
    start: exports.start
      .use(withPair)
      .handler(async ({ context: { pair }, input: { recipe, target, overwrite } }) => ({
        exportId: await jobs.exports.start(pair, recipe, target, overwrite)
      })),
    watch: exports.watch.use(withPair).handler(watching(jobs.exports.table)),
    cancel: exports.cancel.use(withPair).handler(cancelling(jobs.exports.table))
  })
}
