import { modelPath } from '../../base/files/paths'
import { builtinPromptSet } from '../../crc/task/builtin-prompts'
import { collectReport } from '../../report/collect'
import { reportFileName, writeReport } from '../../report/write'
import type { ProjectNews } from '../project-news'
import { route, type Routing } from './route'

export function projectRoutes({ projects: open, jobs, stateOf, withProject, withPair }: Routing, news: ProjectNews) {
  const { projects } = route
  return projects.router({
    openDemo: projects.openDemo.handler(async ({ input }) => stateOf(await open.openDemo(input.pair))),
    create: projects.create.handler(async ({ input: { folder, name, base, post } }) => {
      const pair = { kind: 'folders' as const, base: modelPath(base), post: modelPath(post) }
      return stateOf(await open.create({ folder, name, pair, prompts: await builtinPromptSet('crc') }))
    }),
    open: projects.open.handler(async ({ input }) => stateOf(await open.open(input.path, input.pair))),
    update: projects.update.use(withPair).handler(async ({ context: { project, pair }, input }) => {
      return stateOf(pair, await project.update(input.changes, input.seen))
    }),
    revert: projects.revert.use(withPair).handler(async ({ context: { project, pair }, input }) => {
      const count = project.pairs.length
      const change = await project.revert(input.changes, (removed) => jobs.turns.requireNone(removed))
      if (project.pairs.length > count) jobs.queue.resumeAfterRestore(project)
      return stateOf(pair, change)
    }),
    watch: projects.watch
      .use(withProject)
      .handler(({ context, input, signal }) => news.watch(context.project, input.pair, signal)),
    report: projects.report.use(withPair).handler(async ({ context: { project, pair }, input }) => {
      const { format, sweepId } = input
      const report = await collectReport(pair, await open.pairOf(pair), sweepId)
      return {
        fileName: reportFileName(project.path, format),
        content: writeReport(report, format)
      }
    }),
    close: projects.close.handler(async ({ input }) => {
      const project = await open.ifOpen(input.path)
      if (project === null) return
      jobs.serving.stop(project)
      const running = jobs.done(project)
      // A job needs the open project to save its result. The window does not wait for the job.
      if (running === null) await news.close(project)
      else void running.then(() => news.close(project))
    })
  })
}
