import { measureRun } from '../../measures/host'
import { preferenceTallies } from '../../measures/preferences'
import { exportSamples } from '../../report/samples-page/export'
import { exportPreferences } from '../../report/samples-page/preferences-file'
import { defaultSampleSettings } from '../../samples/default-settings'
import { builtinSamplePrompts, readSamplePrompts } from '../../samples/prompts'
import { renderSamplePrompt } from '../../answers/render-sample-prompts'
import { postFolder, textModelOf } from './post'
import { cancelling, route, type Routing, watching } from './route'

/** Answers side by side, and the check of the character task by whole answers. */
export function sampleRoutes({ jobs, stateOf, withProject }: Routing) {
  const { samples } = route
  return samples.router({
    builtinPrompts: samples.builtinPrompts.handler(() => builtinSamplePrompts()),
    readPrompts: samples.readPrompts.handler(({ input }) => readSamplePrompts(input.fileName, input.content)),
    savePrompts: samples.savePrompts.use(withProject).handler(async ({ context: { project }, input }) => {
      await project.saveSamplePrompts(input.prompts, input.seen)
      return stateOf(project)
    }),
    render: samples.render.use(withProject).handler(async ({ context: { project }, input }) => {
      const { document } = project
      return renderSamplePrompt(input.prompt, document.rendering, await textModelOf(document))
    }),
    defaults: samples.defaults
      .use(withProject)
      .handler(async ({ context: { project } }) => defaultSampleSettings(await postFolder(project.document))),
    start: samples.start.use(withProject).handler(async ({ context: { project }, input }) => ({
      runId: await jobs.samples.start(project, input.settings, input.variants)
    })),
    more: samples.more.use(withProject).handler(async ({ context: { project }, input }) => ({
      runId: await jobs.samples.goOn(project, input.runId, input.sampleCount)
    })),
    watch: samples.watch.use(withProject).handler(watching(jobs.samples)),
    cancel: samples.cancel.use(withProject).handler(cancelling(jobs.samples.table)),
    get: samples.get.use(withProject).handler(async ({ context: { project }, input }) => {
      const { run, samples: answers } = await project.samples.readAnswers(input.runId)
      return { run, samples: answers, measures: await measureRun(run, answers) }
    }),
    mark: samples.mark.use(withProject).handler(async ({ context: { project }, input }) => {
      await project.samples.mark(input.runId, input.decided, input.undecided)
      return stateOf(project)
    }),
    preferences: samples.preferences.use(withProject).handler(async ({ context: { project }, input }) => {
      const { marks, variants } = await project.samples.readRun(input.runId)
      return preferenceTallies(marks, variants)
    }),
    exportPreferences: samples.exportPreferences
      .use(withProject)
      .handler(async ({ context: { project }, input }) =>
        exportPreferences(await project.samples.readRun(input.runId), input.format)
      ),
    export: samples.export.use(withProject).handler(async ({ context: { project }, input }) => {
      const { run, samples: answers } = await project.samples.readAnswers(input.runId)
      return exportSamples(run, answers, input.format)
    }),
    crcScores: samples.crcScores
      .use(withProject)
      .handler(({ context: { project } }) => project.samples.readCheck()),
    scoreCrc: samples.scoreCrc.use(withProject).handler(async function* ({
      context: { project },
      input: { settings, variants },
      signal
    }) {
      yield* jobs.samples.scoreCrc(project, settings, variants, signal)
    })
  })
}
