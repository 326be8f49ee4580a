import { z } from 'zod'
import { CategoryScore, CrcPrompts, Rendering, TakenRival } from './crc'
import { BY_CHARACTERS, ScoredByBrief, ScoringChoice } from './scored-by'
import { OtherCheckpoint, RestoredTo } from '../model/checkpoint'
import { DeviceChoice } from '../model/device'
import { JobKind } from '../model/job-kinds'
import { Kept, KeptId } from '../model/kept'
import { CheckpointIdentity, OtherCheckpointReport, PairFingerprints, PairReport } from './pair'
import { Problem } from '../model/problem'
import { DEFAULT_SOUP_SIZE, Recipe, RestorationRange, SoupSize } from '../model/recipe'
import { EvaluationSetup, EvaluationSummary } from './evaluation'
import { HeadlineState } from './headline'
import { PairHistory } from './history'
import { RunComputation } from './run-computation'
import { SampleRunSummary, SampleSetup } from './samples'
import { SamplePrompts } from './task'

export const PROJECT_VERSION = 3

/** Share of post's validity that a selected range must keep, as in the paper. */
export const DEFAULT_RHO = 0.9

/** The built-in pair moves with the program, so a project names it instead of its folder. */
export const PairLocation = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('demo') }),
  z.object({ kind: z.literal('folders'), base: z.string().min(1), post: z.string().min(1) })
])
export type PairLocation = z.infer<typeof PairLocation>

export const PairCheckpoints = z.object({ base: CheckpointIdentity, post: CheckpointIdentity })
export type PairCheckpoints = z.infer<typeof PairCheckpoints>

/** The sweep that scored a recipe, what that was scored by, and the scores seen then; nulls where there was none. */
export const RecipeSource = z.object({
  sweepId: z.string().nullable(),
  scoredBy: ScoredByBrief.default(BY_CHARACTERS),
  validity: z.number().nullable(),
  diversity: z.number().nullable()
})
export type RecipeSource = z.infer<typeof RecipeSource>

/** A recipe the user kept, with where it came from. */
export const KeptRecipe = RecipeSource.extend({
  ...Kept.shape,
  recipe: Recipe,
  keptAt: z.iso.datetime()
})
export type KeptRecipe = z.infer<typeof KeptRecipe>

/** A checkpoint to compare with, as it was when it was added: the folder may have moved or changed since. */
export const KeptCheckpoint = OtherCheckpoint.extend(Kept.shape)
export type KeptCheckpoint = z.infer<typeof KeptCheckpoint>

/** More than a person compares; each is opened with the project. */
const MAX_OTHER_CHECKPOINTS = 50

/** What now lies in the folder of one of a project's other checkpoints: a report, or the problem of making one. */
export const OtherCheckpointState = z.object({
  report: OtherCheckpointReport.nullable(),
  problem: Problem.nullable()
})
export type OtherCheckpointState = z.infer<typeof OtherCheckpointState>

/** What a pair's runs start with. */
const PairSettings = z.object({
  /** Share of post's validity that a selected range must keep. */
  rho: z.number().min(0).max(1),
  /** What sweeps are scored by. */
  scoredBy: ScoringChoice,
  /** The other checkpoint that sweeps restore layers to, by its id; null: base. */
  source: KeptId.nullable(),
  /** Blends that a sweep scores beside the ranges. */
  soupSize: SoupSize,
  /** Where sweeps are computed. */
  device: DeviceChoice,
  /** Bound on the engine process while it sweeps; null: half of the machine's memory. */
  memoryBytes: z.number().positive().nullable(),
  /** The next sample run; missing until somebody has changed it. */
  samples: SampleSetup.optional(),
  /** The next evaluation; missing until somebody has changed it. */
  evaluation: EvaluationSetup.optional()
})

/** `pair-1`, `pair-2`, ...: given out once in a project, also names the folder of the pair's results. */
export const PairId = z.string().regex(/^pair-[1-9][0-9]{0,8}$/)
export type PairId = z.infer<typeof PairId>

export const PairName = z.string().min(1).max(200)

/** A pair of a project with all that is set for it. Its results are files of its own. */
export const PairDocument = z.object({
  id: PairId,
  /** No other pair of the project has it. */
  name: PairName,
  location: PairLocation,
  /**
   * The checkpoints that the user last took for the pair's own, to notice that they changed; null until both could be
   * read, and for the built-in pair.
   */
  checkpoints: PairCheckpoints.nullable().default(null),
  rendering: Rendering,
  /** A setting that an older file lacks has its default. */
  settings: PairSettings.extend({
    scoredBy: ScoringChoice.default(BY_CHARACTERS),
    source: PairSettings.shape.source.default(null),
    soupSize: SoupSize.default(DEFAULT_SOUP_SIZE),
    device: DeviceChoice.default('auto'),
    memoryBytes: PairSettings.shape.memoryBytes.default(null)
  }),
  recipes: z.array(KeptRecipe),
  otherCheckpoints: z.array(KeptCheckpoint).max(MAX_OTHER_CHECKPOINTS),
  /** The mark that the next recipe or checkpoint gets. */
  nextMark: z.number().int().nonnegative(),
  /** Markdown. */
  notes: z.string().default('')
})
export type PairDocument = z.infer<typeof PairDocument>

/** More than one study compares; each is looked at with the project. */
const MAX_PAIRS = 50

/** Pairs that share prompts and tasks, and so can be compared. */
export const ProjectDocument = z.object({
  schemaVersion: z.literal(PROJECT_VERSION),
  /** Counts the changes of what this document and the prompts hold. */
  revision: z.number().int().nonnegative(),
  name: z.string().min(1).max(200),
  createdAt: z.iso.datetime(),
  /** Markdown. */
  notes: z.string(),
  /** In the order that the user has given them. */
  pairs: z
    .array(PairDocument)
    .min(1)
    .max(MAX_PAIRS)
    .refine((pairs) => allDiffer(pairs.map(({ id }) => id)), 'two pairs have one id')
    .refine((pairs) => allDiffer(pairs.map(({ name }) => name)), 'two pairs have one name'),
  /** The number in the id of the next pair. */
  nextPair: z.number().int().positive()
})
export type ProjectDocument = z.infer<typeof ProjectDocument>

const allDiffer = (values: readonly string[]): boolean => new Set(values).size === values.length

export const SweepSummary = z.object({
  id: z.string(),
  checkpoints: PairFingerprints,
  createdAt: z.iso.datetime(),
  seconds: z.number(),
  /** Rows of hidden states through a block that it computed itself; 0 where it took most of its scores from an earlier one. */
  computedRows: z.number(),
  /** Of a preview, how many a whole sweep would compute: by its pace that is told. Null of a whole one. */
  wholeRows: z.number().nullable(),
  scoredBy: ScoredByBrief,
  promptCount: z.number().int(),
  /** By the limit that it was swept with, without what its latest check on whole answers has thrown out. */
  selected: RestorationRange.nullable(),
  /** What its ranges are restored to; null: base. */
  source: RestoredTo.default(null),
  /** Of each other way to diversity the one that the rule takes. */
  rivals: z.array(TakenRival),
  layerCount: z.number().int(),
  post: CategoryScore,
  /** Of the selected range. */
  best: CategoryScore.nullable(),
  /** Its whole answers; null where they were not checked. */
  bestAnswers: CategoryScore.nullable(),
  /** What its headline says, by the same limit; `outdone`: it names a rival that does better. Null where no range was scored. */
  headline: z.object({ state: HeadlineState, outdone: z.boolean() }).nullable(),
  /** How many ranges were scored on all prompts. */
  exactCount: z.number().int(),
  /** Whether most ranges were scored on some prompts only. */
  isPreview: z.boolean(),
  /** Equal for sweeps that ask the same of the same models, however much of it they have scored. */
  settingsKey: z.string(),
  computed: RunComputation
})
export type SweepSummary = z.infer<typeof SweepSummary>

/**
 * How often documents that are fetched on their own were saved since the project was opened: a window that hears of another
 * number fetches anew what it shows.
 */
export const SavedCounts = z.object({
  answerChecks: z.number().int(),
  tasks: z.number().int()
})
export type SavedCounts = z.infer<typeof SavedCounts>

/** A pair as a list of the project's pairs shows it: nothing of it is read for that. */
export const PairBrief = PairDocument.pick({ id: true, name: true, location: true }).extend({
  /** Of post; null until the pair was looked at. */
  model: z
    .object({ family: z.string(), layerCount: z.number().int(), parameterCount: z.number().int() })
    .nullable(),
  /** Why its prompts cannot be computed, in words; null where they can, and until the pair was looked at. */
  unusable: z.string().nullable(),
  sweepCount: z.number().int(),
  /** The sweep that it answers with; null before the first one. */
  answeringSweep: SweepSummary.nullable(),
  /** What runs of it now. */
  running: z.array(JobKind)
})
export type PairBrief = z.infer<typeof PairBrief>

/** How a pair's last job of a kind failed, as long as none of the kind has begun since. */
export const FailedJob = z.object({ kind: JobKind, id: z.string(), problem: Problem })
export type FailedJob = z.infer<typeof FailedJob>

/** Whether another program writes the project that is followed here; once it has ended (`gone`), the project can be changed here. */
export const ProjectWriter = z.enum(['writes', 'gone'])
export type ProjectWriter = z.infer<typeof ProjectWriter>

/** Everything the window shows of one pair of an open project; sweeps are fetched one at a time. */
export const ProjectState = z.object({
  path: z.string(),
  ...ProjectDocument.pick({ name: true, notes: true, revision: true }).shape,
  /** All pairs of the project, this one among them. */
  pairs: z.array(PairBrief),
  /** The pair that is shown. */
  document: PairDocument,
  prompts: CrcPrompts,
  /** Whether the prompts are of this pair alone, in place of those that the project's pairs share. */
  ownPrompts: z.boolean(),
  samplePrompts: SamplePrompts,
  /** Newest first. */
  sweeps: z.array(SweepSummary),
  /** Newest first. */
  sampleRuns: z.array(SampleRunSummary),
  /** Newest first. */
  evaluations: z.array(EvaluationSummary),
  /** All runs of the pair. */
  history: PairHistory,
  pair: PairReport.nullable(),
  /** Why the pair cannot be read now; the project itself stays usable. */
  pairProblem: Problem.nullable(),
  /** Parallel to the document's. */
  otherCheckpoints: z.array(OtherCheckpointState),
  /** What was left out or changed when the project was opened, such as a sweep file that cannot be read. */
  warnings: z.array(z.string()),
  /** Why changes cannot be saved; null when they can. */
  readOnly: z.string().nullable(),
  /** Null: no other program is followed. */
  writer: ProjectWriter.nullable(),
  /** The kinds of job that run for this pair now. */
  running: z.array(JobKind),
  /** Name of the other project that the engine computes for; null when a job of this one can begin at once, or runs. */
  busyProject: z.string().nullable(),
  /** What failed last of this pair: a window that has not followed the job hears of it here. */
  failed: z.array(FailedJob),
  saved: SavedCounts
})
export type ProjectState = z.infer<typeof ProjectState>

/** What is known of the pair's two folders now. */
export type PairState = Pick<ProjectState, 'pair' | 'pairProblem'>

/**
 * Values to set, each whole; what is left out stays as it is. No field may have a default here: `partial` would fill it in, and
 * so change what was left out. Lists have operations of their own.
 */
export const PairChanges = z
  .object({
    notes: z.string(),
    rendering: Rendering.partial(),
    settings: PairSettings.partial().strict()
  })
  .partial()
  .strict()
export type PairChanges = z.infer<typeof PairChanges>

/** The same of what all pairs share. */
export const ProjectChanges = ProjectDocument.pick({ name: true, notes: true }).partial().strict()
export type ProjectChanges = z.infer<typeof ProjectChanges>

export const RecentProject = z.object({
  path: z.string(),
  name: z.string(),
  openedAt: z.iso.datetime(),
  /** What it had found when it was last open, in words; null where it had found nothing. */
  result: z.string().max(1000).nullable(),
  exists: z.boolean()
})
export type RecentProject = z.infer<typeof RecentProject>

/** A recent project as Start lists it. */
export const ListedProject = RecentProject.extend({
  /** What this program computes for any of its pairs now. */
  running: z.array(JobKind)
})
export type ListedProject = z.infer<typeof ListedProject>
