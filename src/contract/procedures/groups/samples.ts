import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import {
  BlindComparison,
  PREFERENCE_EXPORT_FORMATS,
  PreferenceMark,
  PreferenceTally
} from '../../documents/preferences'
import { ProjectState } from '../../documents/project'
import {
  SAMPLE_EXPORT_FORMATS,
  SampleEvent,
  SampleRun,
  SampleRunMeasures,
  SampleSettings,
  SampledCrc,
  ShownSample,
  Variant
} from '../../documents/samples'
import { MAX_TASK_CHARACTERS, SamplePrompt, SamplePrompts } from '../../documents/task'
import { AnswerFileFacts } from '../../model/outside-model'
import { folderPath, ofPair, procedure, seen } from './procedure'

export const sampleProcedures = {
  /** The built-in open prompts. */
  builtinPrompts: procedure.output(SamplePrompts),
  /** Reads prompts from the text of a file: .txt a line each, .jsonl and .csv with a `text` (or `prompt`, `question`) field. */
  readPrompts: procedure
    .input(z.object({ fileName: z.string().max(1000), content: z.string().max(MAX_TASK_CHARACTERS) }))
    .output(SamplePrompts),
  /** What a file of answers holds, and whose they are: a variant can be answered by it. */
  answerFile: procedure.input(z.object({ path: folderPath })).output(AnswerFileFacts),
  savePrompts: procedure.input(ofPair.extend({ seen, prompts: SamplePrompts })).output(ProjectState),
  /** The exact text and tokens a prompt becomes. */
  render: procedure
    .input(ofPair.extend({ prompt: SamplePrompt }))
    .output(
      z.object({ rendered: z.string(), tokens: z.array(z.number().int()), notices: z.array(z.string()) })
    ),
  /** The sampler settings that post's generation config asks for, or the paper's where it has none. */
  defaults: procedure.input(ofPair).output(SampleSettings),
  /** Starts a run over the project's sample prompts; refused while a job of the project runs. It outlives the window. */
  start: procedure
    .input(ofPair.extend({ settings: SampleSettings, variants: z.array(Variant).min(1).max(20) }))
    .output(z.object({ runId: z.string() })),
  /** Goes on with a stored run until every prompt and variant has `sampleCount` answers; finished ones stay. */
  more: procedure
    .input(ofPair.extend({ runId: z.string(), sampleCount: z.number().int().min(1).max(100_000) }))
    .output(z.object({ runId: z.string() })),
  watch: procedure.input(ofPair).output(eventIterator(SampleEvent)),
  cancel: procedure.input(ofPair).output(z.void()),
  get: procedure
    .input(ofPair.extend({ runId: z.string() }))
    .output(z.object({ run: SampleRun, samples: z.array(ShownSample), measures: SampleRunMeasures })),
  /** Decides blind comparisons of a run, and takes decisions back. */
  mark: procedure
    .input(
      ofPair.extend({
        runId: z.string(),
        decided: z.array(PreferenceMark),
        undecided: z.array(BlindComparison)
      })
    )
    .output(ProjectState),
  /** What the blind comparisons of a run came to, for each size of sets; empty when there were none. */
  preferences: procedure.input(ofPair.extend({ runId: z.string() })).output(z.array(PreferenceTally)),
  /** The blind comparisons of a run as a file. */
  exportPreferences: procedure
    .input(ofPair.extend({ runId: z.string(), format: z.enum(PREFERENCE_EXPORT_FORMATS) }))
    .output(z.object({ fileName: z.string(), content: z.string() })),
  export: procedure
    .input(ofPair.extend({ runId: z.string(), format: z.enum(SAMPLE_EXPORT_FORMATS) }))
    .output(z.object({ fileName: z.string(), content: z.string() })),
  /** The latest scores of the project's CRC prompts from whole answers; null when there are none. */
  crcScores: procedure.input(ofPair).output(SampledCrc.nullable()),
  /** Scores the project's CRC prompts from whole generated answers; a stream that ends with the kept scores. */
  scoreCrc: procedure
    .input(ofPair.extend({ settings: SampleSettings, variants: z.array(Variant).min(1).max(20) }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          z.object({ type: z.literal('progress'), done: z.number().int(), total: z.number().int() }),
          z.object({ type: z.literal('scores'), result: SampledCrc })
        ])
      )
    )
}
