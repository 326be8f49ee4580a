import { safetyOf } from '../../export/model-findings'
import { describePlan, prepareExport, requestedForm } from '../../export/prepare'
import { pairPaths } from '../../project/demo'
import { cancelHandler, route, type Routing, watchHandler } from './route'

export function exportRoutes({ jobs, withPair }: Routing) {
  const { exports } = route
  return exports.router({
    plan: exports.plan.use(withPair).handler(async ({ context: { pair }, input: { recipe, adapterRank, target } }) => {
      const folders = pairPaths(pair.document.location)
      const form = await requestedForm(folders, recipe, adapterRank)
      const prepared = await prepareExport(folders, recipe, form)
      return { ...(await describePlan(prepared, target)), safety: await safetyOf(pair, prepared) }
    }),
    start: exports.start.use(withPair).handler(({ context: { pair }, input }) => jobs.exports.start(pair, input)),
    last: exports.last.use(withPair).handler(({ context: { pair } }) => jobs.exports.resultOf(pair)),
    watch: exports.watch.use(withPair).handler(watchHandler(jobs.exports.table)),
    cancel: exports.cancel.use(withPair).handler(cancelHandler(jobs.exports.table))
  })
}

/** Handles the procedures that compare low-rank adapters of a recipe. */
export function rankRoutes({ jobs, withPair }: Routing) {
  const { ranks } = route
  return ranks.router({
    start: ranks.start
      .use(withPair)
      .handler(({ context: { pair }, input: { recipe } }) => jobs.ranks.start(pair, recipe)),
    watch: ranks.watch.use(withPair).handler(watchHandler(jobs.ranks.table)),
    cancel: ranks.cancel.use(withPair).handler(cancelHandler(jobs.ranks.table))
  })
}

/** Handles the procedures that serve a pair's models to other programs. */
export function servingRoutes({ jobs, withPair }: Routing) {
  const { serving } = route
  return serving.router({
    start: serving.start.use(withPair).handler(({ context: { pair }, input }) => jobs.serving.start(pair, input)),
    watch: serving.watch.use(withPair).handler(watchHandler(jobs.serving.table)),
    cancel: serving.cancel.use(withPair).handler(cancelHandler(jobs.serving.table))
  })
}
