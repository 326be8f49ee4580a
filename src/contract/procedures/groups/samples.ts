import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import {
  BlindComparison,
  PREFERENCE_EXPORT_FORMATS,
  PreferenceVote,
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
import { AnswerFileFacts } from '../../model/external-model'
import { folderPath, jobProcedures, pairInput, procedure, seenRevision } from './procedure'

const CrcScoreEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), done: z.number().int(), total: z.number().int() }),
  z.object({ type: z.literal('scores'), result: SampledCrc })
])
export type CrcScoreEvent = z.infer<typeof CrcScoreEvent>

export const sampleProcedures = {
  builtinPrompts: procedure.output(SamplePrompts),
  /** Reads prompts from the text of a file: .txt has one a line, .jsonl and .csv have a field. */
  readPrompts: procedure
    .input(z.object({ fileName: z.string().max(1000), content: z.string().max(MAX_TASK_CHARACTERS) }))
    .output(SamplePrompts),
  /** Returns the models and the number of answers in a file of answers, which can be used as a variant. */
  answerFile: procedure.input(z.object({ path: folderPath })).output(AnswerFileFacts),
  savePrompts: procedure.input(pairInput.extend({ seen: seenRevision, prompts: SamplePrompts })).output(ProjectState),
  render: procedure
    .input(pairInput.extend({ prompt: SamplePrompt }))
    .output(z.object({ rendered: z.string(), tokens: z.array(z.number().int()), notices: z.array(z.string()) })),
  /** Returns the sampler settings from post's generation config, or the paper's if it has none. */
  defaults: procedure.input(pairInput).output(SampleSettings),
  /** Starts a run over the project's sample prompts, which continues if the window closes. */
  start: procedure
    .input(pairInput.extend({ settings: SampleSettings, variants: z.array(Variant).min(1).max(20) }))
    .output(z.object({ runId: z.string() })),
  /** Resumes a stored run until every prompt and variant has `sampleCount` answers. Finished answers stay. */
  more: procedure
    .input(pairInput.extend({ runId: z.string(), sampleCount: z.number().int().min(1).max(100_000) }))
    .output(z.object({ runId: z.string() })),
  ...jobProcedures(SampleEvent),
  get: procedure
    .input(pairInput.extend({ runId: z.string() }))
    .output(z.object({ run: SampleRun, samples: z.array(ShownSample), measures: SampleRunMeasures })),
  /** Stores votes of a run's blind comparisons, and removes the votes of undecided comparisons. */
  vote: procedure
    .input(
      pairInput.extend({ runId: z.string(), decided: z.array(PreferenceVote), undecided: z.array(BlindComparison) })
    )
    .output(ProjectState),
  /** Returns the totals of a run's blind comparisons for each size of sets. Empty if there were none. */
  preferences: procedure.input(pairInput.extend({ runId: z.string() })).output(z.array(PreferenceTally)),
  exportPreferences: procedure
    .input(pairInput.extend({ runId: z.string(), format: z.enum(PREFERENCE_EXPORT_FORMATS) }))
    .output(z.object({ fileName: z.string(), content: z.string() })),
  export: procedure
    .input(pairInput.extend({ runId: z.string(), format: z.enum(SAMPLE_EXPORT_FORMATS) }))
    .output(z.object({ fileName: z.string(), content: z.string() })),
  crcScores: procedure.input(pairInput).output(SampledCrc.nullable()),
  /** Scores the project's CRC prompts from full generated answers. The stream ends with the stored scores. */
  scoreCrc: procedure
    .input(pairInput.extend({ settings: SampleSettings, variants: z.array(Variant).min(1).max(20) }))
    .output(eventIterator(CrcScoreEvent))
}
