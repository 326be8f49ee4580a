import { measureRun } from '../../measures/host'
import { preferenceTallies } from '../../measures/preferences'
import { exportPreferences, exportSamples } from '../../report/samples-page/export'
import { absolutePath } from '../../base/files/paths'
import { readAnswerFacts } from '../../samples/answer-files'
import { defaultSampleSettings } from '../../samples/default-settings'
import { builtinSamplePrompts } from '../../samples/prompts'
import { importPrompts } from '../../evaluation/import-file'
import { renderSamplePrompt } from '../../answers/render-sample-prompts'
import { textFolder, postTextModel } from './post'
import { cancelHandler, route, type Routing, watchHandler } from './route'

/** Handles the procedures of sample prompts, sample runs, votes and the character task on sampled answers. */
export function sampleRoutes({ jobs, stateOf, withPair }: Routing) {
  const { samples } = route
  return samples.router({
    builtinPrompts: samples.builtinPrompts.handler(() => builtinSamplePrompts()),
    readPrompts: samples.readPrompts.handler(({ input }) => importPrompts(input.fileName, input.content)),
    answerFile: samples.answerFile.handler(({ input }) => readAnswerFacts(absolutePath(input.path))),
    savePrompts: samples.savePrompts.use(withPair).handler(async ({ context: { project, pair }, input }) => {
      return stateOf(pair, await project.saveSamplePrompts(input.prompts, input.seen))
    }),
    render: samples.render.use(withPair).handler(async ({ context: { pair }, input }) => {
      const { document } = pair
      return renderSamplePrompt(input.prompt, document.rendering, await postTextModel(document))
    }),
    defaults: samples.defaults
      .use(withPair)
      .handler(async ({ context: { pair } }) => defaultSampleSettings(await textFolder(pair.document))),
    start: samples.start.use(withPair).handler(async ({ context: { pair }, input }) => ({
      runId: await jobs.samples.start(pair, input.settings, input.variants)
    })),
    more: samples.more.use(withPair).handler(async ({ context: { pair }, input }) => ({
      runId: await jobs.samples.resume(pair, input.runId, input.sampleCount)
    })),
    watch: samples.watch.use(withPair).handler(watchHandler(jobs.samples)),
    cancel: samples.cancel.use(withPair).handler(cancelHandler(jobs.samples.table)),
    get: samples.get.use(withPair).handler(async ({ context: { pair }, input, signal }) => {
      const { run, samples: answers } = await pair.samples.readAnswers(input.runId)
      return { run, samples: answers, measures: await measureRun(run, answers, signal) }
    }),
    vote: samples.vote.use(withPair).handler(async ({ context: { pair }, input }) => {
      return stateOf(pair, await pair.samples.vote(input.runId, input.decided, input.undecided))
    }),
    preferences: samples.preferences.use(withPair).handler(async ({ context: { pair }, input }) => {
      const { marks, variants } = await pair.samples.readRun(input.runId)
      return preferenceTallies(marks, variants)
    }),
    exportPreferences: samples.exportPreferences
      .use(withPair)
      .handler(async ({ context: { pair }, input }) =>
        exportPreferences(await pair.samples.readRun(input.runId), input.format)
      ),
    export: samples.export.use(withPair).handler(async ({ context: { pair }, input }) => {
      const { run, samples: answers } = await pair.samples.readAnswers(input.runId)
      return exportSamples(run, answers, input.format)
    }),
    crcScores: samples.crcScores.use(withPair).handler(({ context: { pair } }) => pair.samples.readCheck()),
    scoreCrc: samples.scoreCrc
      .use(withPair)
      .handler(({ context: { pair }, input: { settings, variants }, signal }) =>
        jobs.samples.scoreCrc(pair, settings, variants, signal)
      )
  })
}
