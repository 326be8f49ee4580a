import { z } from 'zod'
import { RunAnnotations } from './history'
import { AnswerCheck } from './answer-check'
import { CategoryScore, FewShotScore, Rendering, Score, Selection, SweepDocument } from './crc'
import { DistancesDocument } from './distances'
import { EvaluationResults, EvaluationRun, EvaluationVariant } from './evaluation'
import { Task } from './task'
import { RestorationRange, Blend } from '../model/recipe'
import { Judging } from './judge'
import { LineageDocument } from './lineage'
import { SamplingBaseline } from '../model/sampling-baseline'
import { CheckpointSummary, Finding } from './pair'
import { SweepOutline, Transfer } from './pairs-overview'
import { KeptRecipe, PairId } from './project'
import { PreferenceTally } from './preferences'
import { ComparedAnswers, MeanPrompts, SampledCrc, SampleMeasures, SampleRun } from './samples'
import { BriefPreview } from './shown-sweep'
import { ScoredByBrief } from './scored-by'
import { HeldOutOrWhy, SearchFacts } from './search'
import { Verdict } from './verdict'

export const REPORT_FORMATS = ['html', 'markdown'] as const
export const ReportFormat = z.enum(REPORT_FORMATS)
export type ReportFormat = z.infer<typeof ReportFormat>

/** Checkpoints that a result came from, without paths, because a report is shared. */
const Origin = z.object({
  base: z.object({ name: z.string(), fingerprint: z.string() }),
  post: z.object({ name: z.string(), fingerprint: z.string() }),
  changed: z.array(z.enum(['base', 'post']))
})
export type ReportedOrigin = z.infer<typeof Origin>

const ReportedCheckpoint = CheckpointSummary.omit({ path: true }).extend({
  /** SHA-256 of each weight file, by name. Null if the files were not hashed. */
  sha256: z.record(z.string(), z.string()).nullable()
})
export type ReportedCheckpoint = z.infer<typeof ReportedCheckpoint>

const ReportedCommand = z.object({
  command: z.string(),
  files: z.array(z.object({ name: z.string(), content: z.string() }))
})

const whole = z.number().int().nonnegative()
/** A score without its values for each prompt, which are the largest part of a sweep. */
export const ReportedScore = Score.omit({ prompts: true })
export type ReportedScore = z.infer<typeof ReportedScore>
const ReportedRange = ReportedScore.extend({ start: whole, end: whole })
export type ReportedRange = z.infer<typeof ReportedRange>

const ReportedSearch = SearchFacts.omit({ basePath: true, postPath: true, found: true })
  .extend({
    annotations: RunAnnotations,
    origin: Origin,
    found: z.array(ReportedScore.extend({ recipe: KeptRecipe.shape.recipe }))
  })
  .and(HeldOutOrWhy)
export type ReportedSearch = z.infer<typeof ReportedSearch>

/** Number of a kept recipe or checkpoint in the order of keeping. Null for models that the project does not keep. */
const keptNumber = KeptRecipe.shape.mark.nullable()

const ReportedSweep = SweepDocument.omit({
  basePath: true,
  postPath: true,
  prompts: true,
  base: true,
  fewShot: true,
  post: true,
  ranges: true,
  recipes: true,
  uniformBlends: true,
  baselines: true,
  checkpoints: true,
  preview: true,
  selected: true,
  selection: true
}).extend({
  origin: Origin,
  annotations: RunAnnotations,
  promptCount: whole,
  verdict: Verdict.nullable(),
  /** Warning of the safety training that the selected range may lose. */
  safety: z.string(),
  base: ReportedScore.nullable(),
  fewShot: FewShotScore.omit({ prompts: true }).optional(),
  post: ReportedScore,
  ranges: z.array(ReportedRange),
  recipes: z.array(
    ReportedScore.extend({
      recipe: KeptRecipe.shape.recipe,
      mark: keptNumber,
      /** Selected range that this recipe is a half of, if the user did not request the recipe. */
      halfOf: RestorationRange.nullable()
    })
  ),
  uniformBlends: z.array(ReportedScore.extend(Blend.shape)),
  baselines: z.array(ReportedScore.extend({ baseline: SamplingBaseline })),
  preview: BriefPreview.nullable(),
  checkpoints: z.array(ReportedScore.extend({ name: z.string(), fingerprint: z.string(), mark: keptNumber })),
  /** Selection under the project's current rho. Null if no ranges were scored. */
  selection: Selection.nullable(),
  search: ReportedSearch.nullable(),
  /** Full-answer check of the best ranges. Null if none were checked. */
  check: AnswerCheck.omit({ basePath: true, postPath: true }).nullable()
})
export type ReportedSweep = z.infer<typeof ReportedSweep>

/** Short result of the newest sweep with another scoring or another source than the sweep shown. */
const OtherSweep = SweepDocument.pick({ id: true, createdAt: true, source: true }).extend({
  scoredBy: ScoredByBrief,
  promptCount: whole,
  verdict: Verdict.nullable(),
  post: CategoryScore,
  best: CategoryScore.extend({ range: RestorationRange }).nullable()
})
export type OtherSweep = z.infer<typeof OtherSweep>

/** A few answers to the first prompts, without duplicates. */
const Excerpt = z.object({
  prompt: z.string(),
  category: z.string(),
  cells: z.array(
    z.object({
      answerCount: whole,
      distinctCount: whole,
      /** The most frequent answers. Long texts are truncated. */
      answers: z.array(z.object({ text: z.string(), count: whole }))
    })
  )
})
export type ReportedExcerpt = z.infer<typeof Excerpt>

const ReportedSamples = SampleRun.omit({
  schemaVersion: true,
  basePath: true,
  postPath: true,
  prompts: true,
  stopTokens: true,
  marks: true
}).extend({
  origin: Origin,
  annotations: RunAnnotations,
  promptCount: whole,
  answerCount: whole,
  /** Means over the prompts, parallel to the variants. */
  measures: z.array(SampleMeasures.extend({ promptCounts: MeanPrompts })),
  compared: ComparedAnswers,
  /** Totals of the blind comparisons for each size of sets. */
  preferences: z.array(PreferenceTally),
  excerpts: z.array(Excerpt)
})
export type ReportedSamples = z.infer<typeof ReportedSamples>

const ReportedCheck = SampledCrc.omit({
  schemaVersion: true,
  basePath: true,
  postPath: true,
  prompts: true
}).extend({ origin: Origin, promptCount: whole })
export type ReportedCheck = z.infer<typeof ReportedCheck>

/** Fields of a stored evaluation that a report contains unchanged. */
export const EvaluationFacts = EvaluationRun.pick({
  id: true,
  createdAt: true,
  programVersion: true,
  rendering: true,
  computing: true,
  precision: true,
  weights: true,
  judge: true,
  pairJudge: true,
  formJudge: true,
  notices: true
})

const ReportedEvaluation = EvaluationFacts.extend({
  origin: Origin,
  annotations: RunAnnotations,
  task: Task.omit({ prompts: true }).extend({ promptCount: whole }),
  variants: z.array(EvaluationVariant),
  judging: z.array(Judging),
  /** The same as in `EvaluationView`. */
  answered: z.boolean(),
  complete: z.boolean(),
  results: EvaluationResults.omit({ cells: true })
})
export type ReportedEvaluation = z.infer<typeof ReportedEvaluation>

/** All pairs of a project, and the score of each pair's selection in the sweeps of the others. */
const ReportedPairs = z.object({
  scoredBy: ScoredByBrief,
  shown: z.string().nullable(),
  pairs: z.array(z.object({ id: PairId, name: z.string(), outline: SweepOutline.nullable() })),
  transfers: z.array(Transfer)
})
export type ReportedPairs = z.infer<typeof ReportedPairs>

/** A complete experiment: the figures of a project without its large data, and commands that compute them again. */
export const Report = z.object({
  createdAt: z.iso.datetime(),
  programVersion: z.string(),
  project: z.object({ name: z.string(), folder: z.string(), createdAt: z.iso.datetime(), notes: z.string() }),
  /** Null if the pair cannot be read at present. */
  pair: z.object({ base: ReportedCheckpoint, post: ReportedCheckpoint, findings: z.array(Finding) }).nullable(),
  notes: z.string(),
  rendering: Rendering,
  distances: DistancesDocument.omit({ basePath: true, postPath: true }).extend({ origin: Origin }).nullable(),
  sweep: ReportedSweep.nullable(),
  /** The newest sweep of each other scoring and each other restoration source. */
  otherSweeps: z.array(OtherSweep),
  lineage: LineageDocument.extend({ origin: Origin }).nullable(),
  pairs: ReportedPairs.nullable(),
  /** Numbers of sweeps and sample runs in the project. */
  sweepCount: whole,
  sampleRunCount: whole,
  recipes: z.array(KeptRecipe),
  samples: z.array(ReportedSamples),
  characterCheck: ReportedCheck.nullable(),
  evaluations: z.array(ReportedEvaluation),
  /** Warnings about files that could not be read, and results of other checkpoints than the current ones. */
  warnings: z.array(z.string()),
  /** Commands for each part. Parts without a command have a note. */
  reproduction: z.array(z.object({ part: z.string(), note: z.string().nullable(), commands: z.array(ReportedCommand) }))
})
export type Report = z.infer<typeof Report>
