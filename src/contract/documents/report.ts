import { z } from 'zod'
import { RunMarks } from './history'
import { AnswerCheck } from './answer-check'
import { CategoryScore, Rendering, Score, Selection, SweepDocument } from './crc'
import { DistancesDocument } from './distances'
import { EvaluationResults, EvaluationRun, Objection, EvaluationVariant } from './evaluation'
import { Task } from './task'
import { Headline } from './headline'
import { RestorationRange } from '../model/recipe'
import { Judging } from './judge'
import { Rival } from '../model/rival'
import { CheckpointSummary, Finding } from './pair'
import { SweepOutline, Transfer } from './pairs-overview'
import { KeptRecipe, PairId } from './project'
import { PreferenceTally } from './preferences'
import { ComparedAnswers, MeanPrompts, SampledCrc, SampleMeasures, SampleRun } from './samples'
import { BriefPreview } from './shown-sweep'
import { ScoredByBrief } from './scored-by'
import { HeldOutOrWhy, SearchFacts } from './search'

export const REPORT_FORMATS = ['html', 'markdown'] as const
export const ReportFormat = z.enum(REPORT_FORMATS)
export type ReportFormat = z.infer<typeof ReportFormat>

/**
 * Where a result came from. Models stand under their names: a report is shared, and should not tell how the folders of its
 * author are called.
 */
const Origin = z.object({
  base: z.object({ name: z.string(), fingerprint: z.string() }),
  post: z.object({ name: z.string(), fingerprint: z.string() }),
  /** Which of the two is another checkpoint now; empty also when the pair cannot be read. */
  changed: z.array(z.enum(['base', 'post']))
})
export type ReportedOrigin = z.infer<typeof Origin>

const ReportedCheckpoint = CheckpointSummary.omit({ path: true }).extend({
  /** Of its files of weights, by name; null when they were not hashed. */
  sha256: z.record(z.string(), z.string()).nullable()
})
export type ReportedCheckpoint = z.infer<typeof ReportedCheckpoint>

/** A command for a POSIX shell, and the files to write before it. */
const ReportedCommand = z.object({
  command: z.string(),
  files: z.array(z.object({ name: z.string(), content: z.string() }))
})

const whole = z.number().int().nonnegative()
/** Without what each prompt says: that is the bulk of a sweep. */
export const ReportedScore = Score.omit({ prompts: true })
export type ReportedScore = z.infer<typeof ReportedScore>
const ReportedRange = ReportedScore.extend({ start: whole, end: whole })
export type ReportedRange = z.infer<typeof ReportedRange>

const ReportedSearch = SearchFacts.omit({ basePath: true, postPath: true, found: true })
  .extend({
    runMarks: RunMarks,
    origin: Origin,
    found: z.array(ReportedScore.extend({ recipe: KeptRecipe.shape.recipe }))
  })
  .and(HeldOutOrWhy)
export type ReportedSearch = z.infer<typeof ReportedSearch>

/** Its number in the order of keeping; null for what the project does not keep. */
const mark = KeptRecipe.shape.mark.nullable()

const ReportedSweep = SweepDocument.omit({
  basePath: true,
  postPath: true,
  prompts: true,
  base: true,
  post: true,
  ranges: true,
  recipes: true,
  soup: true,
  rivals: true,
  checkpoints: true,
  preview: true,
  selected: true,
  selection: true
}).extend({
  origin: Origin,
  runMarks: RunMarks,
  promptCount: whole,
  /** What was found; null when no ranges were scored. */
  headline: Headline.nullable(),
  /** What the newest evaluation of the selected range has against it. */
  objection: Objection.nullable(),
  base: ReportedScore.nullable(),
  post: ReportedScore,
  ranges: z.array(ReportedRange),
  recipes: z.array(
    ReportedScore.extend({
      recipe: KeptRecipe.shape.recipe,
      mark,
      /** Of one that nobody asked for, a half of the range that first tokens selected: that range. Null for the others. */
      halfOf: RestorationRange.nullable()
    })
  ),
  soup: z.array(ReportedScore.extend({ strength: z.number() })),
  rivals: z.array(ReportedScore.extend({ rival: Rival })),
  preview: BriefPreview.nullable(),
  checkpoints: z.array(ReportedScore.extend({ name: z.string(), fingerprint: z.string(), mark })),
  /** With the project's rho of now; null when no ranges were scored. */
  selection: Selection.nullable(),
  search: ReportedSearch.nullable(),
  /** Of its best ranges on whole answers; null when none were checked. */
  check: AnswerCheck.omit({ basePath: true, postPath: true }).nullable()
})
export type ReportedSweep = z.infer<typeof ReportedSweep>

/** The newest sweep of what the shown one is not scored by, or not restored to: what it found, in a few words. */
const OtherSweep = SweepDocument.pick({ id: true, createdAt: true, source: true }).extend({
  scoredBy: ScoredByBrief,
  promptCount: whole,
  headline: Headline.nullable(),
  post: CategoryScore,
  /** Null where none is selected. */
  best: CategoryScore.extend({ range: RestorationRange }).nullable()
})
export type OtherSweep = z.infer<typeof OtherSweep>

/** A few answers of the first prompts, equal ones once. */
const Excerpt = z.object({
  prompt: z.string(),
  category: z.string(),
  /** Parallel to the run's variants. */
  cells: z.array(
    z.object({
      answerCount: whole,
      distinctCount: whole,
      /** The most frequent ones; long texts are cut. */
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
  runMarks: RunMarks,
  promptCount: whole,
  answerCount: whole,
  /** Means over the prompts, parallel to the variants. */
  measures: z.array(SampleMeasures.extend({ promptCounts: MeanPrompts })),
  compared: ComparedAnswers,
  /** What blind comparisons came to, for each size of sets. */
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

/** What a report says of an evaluation's run as it is stored. */
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
  runMarks: RunMarks,
  task: Task.omit({ prompts: true }).extend({ promptCount: whole }),
  variants: z.array(EvaluationVariant),
  judging: z.array(Judging),
  /** As of `EvaluationView`. */
  answered: z.boolean(),
  complete: z.boolean(),
  results: EvaluationResults.omit({ cells: true })
})
export type ReportedEvaluation = z.infer<typeof ReportedEvaluation>

/** The pairs of a project side by side, and what each selects in the sweeps of the others. */
const ReportedPairs = z.object({
  scoredBy: ScoredByBrief,
  /** The name of the pair that the rest of the report is of; null: it is of all. */
  shown: z.string().nullable(),
  pairs: z.array(
    z.object({
      id: PairId,
      name: z.string(),
      /** Null where the pair has no such sweep that can be read. */
      outline: SweepOutline.nullable()
    })
  ),
  transfers: z.array(Transfer)
})
export type ReportedPairs = z.infer<typeof ReportedPairs>

/** A whole experiment: what a project holds, in numbers and without its bulk, and how to compute it again. */
export const Report = z.object({
  createdAt: z.iso.datetime(),
  programVersion: z.string(),
  project: z.object({ name: z.string(), folder: z.string(), createdAt: z.iso.datetime(), notes: z.string() }),
  /** Null when the pair cannot be read now. */
  pair: z
    .object({ base: ReportedCheckpoint, post: ReportedCheckpoint, findings: z.array(Finding) })
    .nullable(),
  /** Of the pair, Markdown. */
  notes: z.string(),
  rendering: Rendering,
  distances: DistancesDocument.omit({ basePath: true, postPath: true }).extend({ origin: Origin }).nullable(),
  sweep: ReportedSweep.nullable(),
  /** One for each other scoring, and each other checkpoint that layers are restored to. */
  otherSweeps: z.array(OtherSweep),
  /** All pairs of the project by what the sweep is scored by; null where there is one pair, or no sweep. */
  pairs: ReportedPairs.nullable(),
  /** How many sweeps, and runs of samples, the project has. */
  sweepCount: whole,
  sampleRunCount: whole,
  recipes: z.array(KeptRecipe),
  /** The newest runs, newest first. */
  samples: z.array(ReportedSamples),
  characterCheck: ReportedCheck.nullable(),
  /** All of them, newest first. */
  evaluations: z.array(ReportedEvaluation),
  /** What the reader must know: what could not be read, and what is of other checkpoints than those of now. */
  warnings: z.array(z.string()),
  /** Part by part; a note where a part has no command. */
  reproduction: z.array(
    z.object({ part: z.string(), note: z.string().nullable(), commands: z.array(ReportedCommand) })
  )
})
export type Report = z.infer<typeof Report>
