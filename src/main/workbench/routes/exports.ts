import { describePlan, prepareExport } from '../../export/prepare'
import { pairPaths } from '../../project/demo'
import { cancelling, route, type Routing, watching } from './route'

/** Restored models as folders. */
export function exportRoutes({ jobs, withProject }: Routing) {
  const { exports } = route
  return exports.router({
    plan: exports.plan
      .use(withProject)
      .handler(async ({ context: { project }, input: { recipe, target } }) =>
        describePlan(await prepareExport(pairPaths(project.document.pair), recipe), target)
      ),
    start: exports.start
      .use(withProject)
      .handler(async ({ context: { project }, input: { recipe, target, overwrite } }) => ({
        exportId: await jobs.exports.start(project, recipe, target, overwrite)
      })),
    watch: exports.watch.use(withProject).handler(watching(jobs.exports.table)),
    cancel: exports.cancel.use(withProject).handler(cancelling(jobs.exports.table))
  })
}
