import type { PairBrief } from '../../../contract/documents/project'
import { modelPath } from '../../base/files/places'
import type { ProjectOfPair } from '../../project/pair/project-pair'
import { PairsOverviews } from '../pairs-overview'
import { pairBriefs } from '../project-state'
import { route, type Routing } from './route'

/** The list of a project's pairs, and the settings of a pair. */
export function pairListRoutes({ projects: open, jobs, stateOf, withProject, withPair }: Routing) {
  const { pairs } = route
  const overviews = new PairsOverviews(open, jobs)
  const listOf = (project: ProjectOfPair): { pairs: PairBrief[] } => ({
    pairs: pairBriefs(project, open, jobs)
  })
  return pairs.router({
    add: pairs.add.use(withProject).handler(async ({ context: { project }, input }) => {
      const { base, post, name } = input
      const location = { kind: 'folders' as const, base: modelPath(base), post: modelPath(post) }
      const { id: added } = await project.addPair(location, name)
      return { added, ...listOf(project) }
    }),
    duplicate: pairs.duplicate.use(withProject).handler(async ({ context: { project }, input }) => {
      const { id: added } = await project.duplicatePair(input.pair)
      return { added, ...listOf(project) }
    }),
    rename: pairs.rename.use(withProject).handler(async ({ context: { project }, input }) => {
      await project.renamePair(input.pair, input.name)
      return listOf(project)
    }),
    move: pairs.move.use(withProject).handler(async ({ context: { project }, input }) => {
      await project.movePair(input.pair, input.place)
      return listOf(project)
    }),
    remove: pairs.remove.use(withProject).handler(async ({ context: { project }, input }) => {
      jobs.turns.requireNone(project.pair(input.pair))
      await project.removePair(input.pair)
      return listOf(project)
    }),
    restore: pairs.restore.use(withProject).handler(async ({ context: { project }, input }) => {
      await project.restorePair(input.pair, input.place)
      jobs.queue.pairIsBack(project)
      return listOf(project)
    }),
    overview: pairs.overview
      .use(withProject)
      .handler(({ context, input, signal }) => overviews.watch(context.project, input.scoring, signal)),
    update: pairs.update.use(withPair).handler(async ({ context: { pair }, input }) => {
      return stateOf(pair, await pair.update(input.changes, input.seen))
    }),
    relocate: pairs.relocate.use(withPair).handler(async ({ context: { pair }, input }) => {
      jobs.turns.requireNone(pair)
      await pair.relocate(modelPath(input.base), modelPath(input.post))
      return stateOf(await open.open(input.path, input.pair))
    })
  })
}
