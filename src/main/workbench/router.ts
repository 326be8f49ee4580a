import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { implement } from '@orpc/server'
import { version } from '../../../package.json'
import { contract } from '../../contract/contract'
import type { OtherCheckpoint } from '../../contract/crc'
import { WorkbenchError } from '../../contract/problem'
import type { ProjectDocument, ProjectState } from '../../contract/project'
import { resolveModelFolder } from '../checkpoint/model-folder'
import { inspectOther } from '../checkpoint/other-checkpoint'
import { inspectPair, openPair } from '../checkpoint/pair'
import { builtinPrompts, builtinPromptSet } from '../crc/task/builtin-prompts'
import { renderPrompts } from '../crc/task/render-prompts'
import { checkedSelection } from '../crc/check/checked-selection'
import { Devices } from '../jobs/devices'
import type { EngineHost } from '../engine/host'
import type { TellJobNews } from '../jobs/job-news'
import { allTasks, evaluationView } from '../project/stored-evaluation'
import { readTaskFile } from '../evaluation/task-file'
import { describePlan, prepareExport } from '../export/prepare'
import { Jobs } from '../jobs/jobs'
import { readMergekitRecipe } from '../mergekit/read-recipe'
import { OpenProjects } from './open-projects'
import { ProjectNews } from './project-news'
import {
  withCheckpoint,
  withCheckpointAt,
  withCheckpointBack,
  withCheckpointNamed,
  withoutCheckpoint
} from '../project/kept-checkpoints'
import { withEdited, withKept, withoutRecipe, withRecipeBack, withRenamed } from '../project/kept-recipes'
import { demoPath, pairPaths } from '../project/demo'
import { listFolder } from '../project/folder-listing'
import { readUnfinishedSearch } from '../project/search-files'
import { absolutePath, projectsFolder } from '../base/files/places'
import type { Project } from '../project/project'
import { forgetProject, recentProjects } from '../project/recents'
import { storedDistances } from '../project/stored-distances'
import { collectReport } from '../report/collect'
import { reportFileName, writeReport } from '../report/write'
import { problemsAcross, reportDefect } from '../base/rpc-problems'
import { exportSamples } from '../report/samples-page/export'
import { defaultSampleSettings } from '../samples/default-settings'
import { samplePromptsOf } from '../project/project-prompts'
import { builtinSamplePrompts, readSamplePrompts } from '../samples/prompts'
import { renderSamplePrompt } from '../samples/render-sample-prompts'
import { measureRun } from '../measures/host'
import { recentTextModel } from '../text/recent-text-models'
import type { TextModel } from '../text/text-model'

/** What to show first: a project, the demo, or with neither the start view. */
export interface InitialProject {
  project: string | null
  demo: boolean
}

export interface WorkbenchOptions {
  engine: EngineHost
  entry: 'desktop' | 'browser'
  initial: InitialProject
  /** The native folder dialog, where there is one; null when it was cancelled. */
  pickFolder?: (title: string) => Promise<string | null>
  /** Hears of every job, for what lies outside the window's page. */
  onJobNews?: TellJobNews
}

export type WorkbenchRouter = ReturnType<typeof createWorkbench>['router']

/** The program behind the window: the contract's router, and `close`, which ends its work in order. */
export function createWorkbench({ engine, entry, initial, pickFolder, onJobNews }: WorkbenchOptions) {
  const projects = new OpenProjects()
  const devices = new Devices()
  const jobs = new Jobs(engine, devices, onJobNews)

  const stateOf = async (project: Project): Promise<ProjectState> => {
    // First what takes time: the rest is of one moment. The document may come to know the checkpoints by it.
    const pair = await projects.pairOf(project)
    const samplePrompts = await samplePromptsOf(project)
    const otherCheckpoints = await projects.othersOf(project)
    return {
      path: project.path,
      document: project.document,
      prompts: project.prompts,
      samplePrompts: project.samplePrompts ?? samplePrompts,
      sweeps: [...project.sweeps],
      sampleRuns: [...project.samples.runs],
      ...pair,
      otherCheckpoints: otherCheckpoints(project.document),
      readOnly: project.readOnly,
      warnings: [...project.warnings],
      running: jobs.running(project)
    }
  }
  const news = new ProjectNews(projects, jobs, stateOf)
  /** Changes the lists of a project. */
  const edit = async (
    path: string,
    change: (document: ProjectDocument) => Partial<ProjectDocument>
  ): Promise<ProjectState> => {
    const project = await projects.use(path)
    await project.edit(change)
    return stateOf(project)
  }
  const now = (): string => new Date().toISOString()
  const lookAt = async ({ document }: Project, folder: string): Promise<OtherCheckpoint> => {
    const { checkpoint } = await inspectOther(pairPaths(document.pair), folder)
    return { name: checkpoint.name, path: folder, fingerprint: checkpoint.fingerprint }
  }

  const os = implement(contract).use(problemsAcross(reportDefect))
  const router = os.router({
    app: {
      info: os.app.info.handler(async () => {
        // Why the demo does not open is told when the window opens it.
        if (initial.demo) await projects.openDemo().catch(() => undefined)
        const project = initial.project === null ? null : resolve(initial.project)
        return {
          version,
          entry,
          initialProject: initial.demo ? demoPath() : project,
          projectsFolder: projectsFolder()
        }
      }),
      recent: os.app.recent.handler(() => recentProjects()),
      forget: os.app.forget.handler(async ({ input }) => {
        await forgetProject(input.path)
        return recentProjects()
      })
    },
    folders: {
      list: os.folders.list.handler(({ input }) => listFolder(input.path)),
      pick: os.folders.pick.handler(({ input }) => {
        if (pickFolder !== undefined) return pickFolder(input.title)
        throw new WorkbenchError(
          'unsupported',
          'A browser has no folder dialog that can tell a path; list folders instead.'
        )
      })
    },
    devices: {
      list: os.devices.list.handler(({ input }) => {
        if (input.again) devices.forget()
        return devices.reports()
      })
    },
    pair: {
      inspect: os.pair.inspect.handler(({ input }) =>
        inspectPair(absolutePath(input.base), absolutePath(input.post))
      ),
      inspectOther: os.pair.inspectOther.handler(async ({ input }) => {
        const { pair } = (await projects.use(input.path)).document
        return inspectOther(pairPaths(pair), absolutePath(input.folder))
      })
    },
    projects: {
      openDemo: os.projects.openDemo.handler(async () => stateOf(await projects.openDemo())),
      create: os.projects.create.handler(async ({ input: { folder, name, base, post } }) => {
        const pair = { kind: 'folders' as const, base: absolutePath(base), post: absolutePath(post) }
        return stateOf(await projects.create({ folder, name, pair, prompts: await builtinPromptSet('crc') }))
      }),
      open: os.projects.open.handler(async ({ input }) => stateOf(await projects.open(input.path))),
      update: os.projects.update.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        await project.update(input.changes, input.seen)
        return stateOf(project)
      }),
      watch: os.projects.watch.handler(async function* ({ input, signal }) {
        yield* news.watch(await projects.use(input.path), signal)
      }),
      relocate: os.projects.relocate.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        jobs.requireNone(project)
        await project.relocate(absolutePath(input.base), absolutePath(input.post))
        return stateOf(await projects.open(input.path))
      }),
      report: os.projects.report.handler(async ({ input: { path, format, sweepId } }) => {
        const project = await projects.use(path)
        const report = await collectReport(project, await projects.pairOf(project), sweepId)
        return { fileName: reportFileName(project.path, format), content: await writeReport(report, format) }
      }),
      close: os.projects.close.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        const running = jobs.done(project)
        // A job needs the project to save itself; nobody should wait for that.
        if (running === null) await news.close(project)
        else void running.then(() => news.close(project))
      })
    },
    distances: {
      start: os.distances.start.handler(async ({ input }) =>
        jobs.readings.startDistances(await projects.use(input.path))
      ),
      watch: os.distances.watch.handler(async function* ({ input, signal }) {
        yield* jobs.readings.distances.watch(await projects.use(input.path), signal)
      }),
      cancel: os.distances.cancel.handler(async ({ input }) =>
        jobs.readings.distances.cancel(await projects.use(input.path))
      ),
      get: os.distances.get.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        return storedDistances(project, (await projects.pairOf(project)).pair)
      })
    },
    checksums: {
      start: os.checksums.start.handler(async ({ input }) =>
        jobs.readings.startChecksums(await projects.use(input.path))
      ),
      watch: os.checksums.watch.handler(async function* ({ input, signal }) {
        yield* jobs.readings.checksums.watch(await projects.use(input.path), signal)
      }),
      cancel: os.checksums.cancel.handler(async ({ input }) =>
        jobs.readings.checksums.cancel(await projects.use(input.path))
      ),
      get: os.checksums.get.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        const { pair } = await projects.pairOf(project)
        if (pair === null) return { base: null, post: null }
        const [base, post] = await Promise.all([
          project.readChecksums(pair.base),
          project.readChecksums(pair.post)
        ])
        return { base, post }
      })
    },
    values: {
      start: os.values.start.handler(async ({ input }) =>
        jobs.readings.startValues(await projects.use(input.path))
      ),
      watch: os.values.watch.handler(async function* ({ input, signal }) {
        yield* jobs.readings.values.watch(await projects.use(input.path), signal)
      }),
      cancel: os.values.cancel.handler(async ({ input }) =>
        jobs.readings.values.cancel(await projects.use(input.path))
      )
    },
    prompts: {
      builtin: os.prompts.builtin.handler(() => builtinPrompts()),
      save: os.prompts.save.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        await project.savePrompts(input.prompts, input.seen)
        return stateOf(project)
      }),
      render: os.prompts.render.handler(async ({ input }) => {
        const { document, prompts } = await projects.use(input.path)
        const text = await textModelOf(document)
        const rendered = await renderPrompts(prompts, document.rendering, text)
        return { prompts: rendered.prompts, notices: rendered.notices }
      })
    },
    sweeps: {
      start: os.sweeps.start.handler(async ({ input }) => ({
        sweepId: await jobs.sweeps.start(await projects.use(input.path), input.fresh)
      })),
      known: os.sweeps.known.handler(async ({ input }) =>
        jobs.sweeps.knownOfNext(await projects.use(input.path))
      ),
      plan: os.sweeps.plan.handler(async ({ input, signal }) =>
        jobs.questions.planSweep(await projects.use(input.path), signal)
      ),
      watch: os.sweeps.watch.handler(async function* ({ input, signal }) {
        yield* jobs.sweeps.table.watch(await projects.use(input.path), signal)
      }),
      cancel: os.sweeps.cancel.handler(async ({ input }) =>
        jobs.sweeps.table.cancel(await projects.use(input.path))
      ),
      get: os.sweeps.get.handler(async ({ input }) =>
        (await projects.use(input.path)).readSweep(input.sweepId)
      ),
      select: os.sweeps.select.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        const sweep = await project.readSweep(input.sweepId)
        const selection = checkedSelection(sweep, await project.readAnswerCheck(input.sweepId), input.rho)
        if (selection !== null) return selection
        throw new WorkbenchError('bad-input', `The sweep ${input.sweepId} scored no ranges to select from.`)
      }),
      scoreRecipe: os.sweeps.scoreRecipe.handler(async function* ({ input, signal }) {
        yield* jobs.sweeps.scoreRecipe(await projects.use(input.path), input.sweepId, input.recipe, signal)
      })
    },
    checks: {
      start: os.checks.start.handler(async ({ input: { path, ...asked } }) =>
        jobs.checks.start(await projects.use(path), asked)
      ),
      watch: os.checks.watch.handler(async function* ({ input, signal }) {
        yield* jobs.checks.table.watch(await projects.use(input.path), signal)
      }),
      cancel: os.checks.cancel.handler(async ({ input }) =>
        jobs.checks.table.cancel(await projects.use(input.path))
      ),
      get: os.checks.get.handler(async ({ input }) =>
        (await projects.use(input.path)).readAnswerCheck(input.sweepId)
      )
    },
    searches: {
      start: os.searches.start.handler(async ({ input: { path, fresh, ...asked } }) =>
        jobs.searches.start(await projects.use(path), asked, fresh)
      ),
      unfinished: os.searches.unfinished.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        const unfinished = await readUnfinishedSearch(project.path)
        return unfinished?.sweepId === input.sweepId ? unfinished : null
      }),
      watch: os.searches.watch.handler(async function* ({ input, signal }) {
        yield* jobs.searches.table.watch(await projects.use(input.path), signal)
      }),
      cancel: os.searches.cancel.handler(async ({ input }) =>
        jobs.searches.table.cancel(await projects.use(input.path))
      ),
      get: os.searches.get.handler(async ({ input }) =>
        (await projects.use(input.path)).readSearch(input.sweepId)
      )
    },
    probes: {
      next: os.probes.next.handler(async function* ({ input: { path, recipe, prompt }, signal }) {
        yield* jobs.questions.probe(await projects.use(path), recipe, prompt, signal)
      })
    },
    recipes: {
      keep: os.recipes.keep.handler(async ({ input: { path, recipe, source } }) => {
        const id = randomUUID()
        const project = await edit(path, (document) => withKept(document, id, recipe, source, now()))
        return { id, project }
      }),
      edit: os.recipes.edit.handler(async ({ input: { path, id, seen, recipe, source } }) => {
        const project = await projects.use(path)
        await project.editRecipe(id, seen, (document) => withEdited(document, id, recipe, source, now()))
        return stateOf(project)
      }),
      rename: os.recipes.rename.handler(({ input: { path, id, name } }) =>
        edit(path, (document) => withRenamed(document, id, name))
      ),
      remove: os.recipes.remove.handler(({ input: { path, id } }) =>
        edit(path, (document) => withoutRecipe(document, id))
      ),
      putBack: os.recipes.putBack.handler(({ input: { path, kept, place } }) =>
        edit(path, (document) => withRecipeBack(document, kept, place))
      ),
      readMergekit: os.recipes.readMergekit.handler(async ({ input: { path, fileName, content } }) => {
        const { base, post } = pairPaths((await projects.use(path)).document.pair)
        return readMergekitRecipe(content, fileName, await openPair(base, post))
      })
    },
    checkpoints: {
      add: os.checkpoints.add.handler(async ({ input: { path, folder } }) => {
        const found = await lookAt(await projects.use(path), absolutePath(folder))
        return edit(path, (document) => withCheckpoint(document, randomUUID(), found))
      }),
      relocate: os.checkpoints.relocate.handler(async ({ input: { path, id, folder } }) => {
        const found = await lookAt(await projects.use(path), absolutePath(folder))
        return edit(path, (document) => withCheckpointAt(document, id, found))
      }),
      rename: os.checkpoints.rename.handler(({ input: { path, id, name } }) =>
        edit(path, (document) => withCheckpointNamed(document, id, name))
      ),
      remove: os.checkpoints.remove.handler(({ input: { path, id } }) =>
        edit(path, (document) => withoutCheckpoint(document, id))
      ),
      putBack: os.checkpoints.putBack.handler(({ input: { path, kept, place } }) =>
        edit(path, (document) => withCheckpointBack(document, kept, place))
      )
    },
    exports: {
      plan: os.exports.plan.handler(async ({ input: { path, recipe, target } }) => {
        const { pair } = (await projects.use(path)).document
        return describePlan(await prepareExport(pairPaths(pair), recipe), target)
      }),
      start: os.exports.start.handler(async ({ input: { path, recipe, target, overwrite } }) => ({
        exportId: await jobs.exports.start(await projects.use(path), recipe, target, overwrite)
      })),
      watch: os.exports.watch.handler(async function* ({ input, signal }) {
        yield* jobs.exports.table.watch(await projects.use(input.path), signal)
      }),
      cancel: os.exports.cancel.handler(async ({ input }) =>
        jobs.exports.table.cancel(await projects.use(input.path))
      )
    },
    samples: {
      builtinPrompts: os.samples.builtinPrompts.handler(() => builtinSamplePrompts()),
      readPrompts: os.samples.readPrompts.handler(({ input }) =>
        readSamplePrompts(input.fileName, input.content)
      ),
      savePrompts: os.samples.savePrompts.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        await project.saveSamplePrompts(input.prompts, input.seen)
        return stateOf(project)
      }),
      render: os.samples.render.handler(async ({ input }) => {
        const { document } = await projects.use(input.path)
        return renderSamplePrompt(input.prompt, document.rendering, await textModelOf(document))
      }),
      defaults: os.samples.defaults.handler(async ({ input }) =>
        defaultSampleSettings(await postFolder((await projects.use(input.path)).document))
      ),
      start: os.samples.start.handler(async ({ input: { path, settings, variants } }) => ({
        runId: await jobs.samples.start(await projects.use(path), settings, variants)
      })),
      more: os.samples.more.handler(async ({ input: { path, runId, sampleCount } }) => ({
        runId: await jobs.samples.goOn(await projects.use(path), runId, sampleCount)
      })),
      watch: os.samples.watch.handler(async function* ({ input, signal }) {
        yield* jobs.samples.watch(await projects.use(input.path), signal)
      }),
      cancel: os.samples.cancel.handler(async ({ input }) =>
        jobs.samples.table.cancel(await projects.use(input.path))
      ),
      get: os.samples.get.handler(async ({ input }) => {
        const { run, samples } = await (await projects.use(input.path)).samples.readAnswers(input.runId)
        return { run, samples, measures: await measureRun(run, samples) }
      }),
      mark: os.samples.mark.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        await project.samples.mark(input.runId, { prompt: input.prompt, index: input.index }, input.variant)
        return stateOf(project)
      }),
      export: os.samples.export.handler(async ({ input }) => {
        const { run, samples } = await (await projects.use(input.path)).samples.readAnswers(input.runId)
        return exportSamples(run, samples, input.format)
      }),
      crcScores: os.samples.crcScores.handler(async ({ input }) =>
        (await projects.use(input.path)).samples.readCheck()
      ),
      scoreCrc: os.samples.scoreCrc.handler(async function* ({ input, signal }) {
        const project = await projects.use(input.path)
        yield* jobs.samples.scoreCrc(project, input.settings, input.variants, signal)
      })
    },
    evaluations: {
      tasks: os.evaluations.tasks.handler(async ({ input }) => allTasks(await projects.use(input.path))),
      readTask: os.evaluations.readTask.handler(({ input: { fileName, content } }) =>
        readTaskFile(fileName, content, undefined)
      ),
      saveTask: os.evaluations.saveTask.handler(async ({ input }) => {
        const project = await projects.use(input.path)
        await project.evaluations.saveTask(input.task)
        return allTasks(project)
      }),
      start: os.evaluations.start.handler(async ({ input: { path, ...request } }) => ({
        evaluationId: await jobs.evaluations.start(await projects.use(path), request)
      })),
      resume: os.evaluations.resume.handler(async ({ input: { path, evaluationId } }) => ({
        evaluationId: await jobs.evaluations.goOn(await projects.use(path), evaluationId)
      })),
      watch: os.evaluations.watch.handler(async function* ({ input, signal }) {
        yield* jobs.evaluations.table.watch(await projects.use(input.path), signal)
      }),
      cancel: os.evaluations.cancel.handler(async ({ input }) =>
        jobs.evaluations.table.cancel(await projects.use(input.path))
      ),
      list: os.evaluations.list.handler(async ({ input }) =>
        (await projects.use(input.path)).evaluations.list()
      ),
      get: os.evaluations.get.handler(async ({ input: { path, evaluationId, sweepId } }) =>
        evaluationView(await projects.use(path), evaluationId, sweepId)
      ),
      judge: os.evaluations.judge.handler(async function* ({ input, signal }) {
        const project = await projects.use(input.path)
        yield* jobs.evaluations.judge(project, input.evaluationId, input.settings, input.apiKey, signal)
      }),
      prompt: os.evaluations.prompt.handler(async ({ input: { path, evaluationId, prompt } }) => {
        const { samples, scores } = await (await projects.use(path)).evaluations.read(evaluationId)
        return {
          samples: samples.filter((sample) => sample.prompt === prompt),
          scores: scores.find((score) => score.prompt === prompt) ?? null
        }
      })
    }
  })

  return {
    router,
    async close(): Promise<void> {
      await jobs.cancelAll()
      await projects.closeAll()
      await engine.close()
    }
  }
}

function postFolder({ pair }: ProjectDocument): Promise<string> {
  return resolveModelFolder(pairPaths(pair).post)
}

async function textModelOf(document: ProjectDocument): Promise<TextModel> {
  return recentTextModel(await postFolder(document))
}
