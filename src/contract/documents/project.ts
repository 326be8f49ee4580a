import { z } from 'zod'
import { CategoryScore, CrcPrompts, Rendering, RenderingChanges } from './crc'
import { Baseline } from '../model/sampling-baseline'
import { BY_CHARACTERS, ScoredByBrief, ScoringChoice } from './scored-by'
import { OtherCheckpoint, RestoredTo } from '../model/checkpoint'
import { DemoPair } from '../model/demo-pair'
import { DeviceChoice } from '../model/device'
import { JobKind } from '../model/job-kinds'
import { KeptIdentity, KeptId } from '../model/kept'
import { CheckpointIdentity, OtherCheckpointReport, PairFingerprints, PairReport } from './pair'
import { Problem } from '../model/problem'
import { DEFAULT_UNIFORM_BLENDS, Recipe, RestorationRange, UniformBlendCount } from '../model/recipe'
import { EvaluationSetup, EvaluationSummary } from './evaluation'
import { PairHistory } from './history'
import { RunComputation } from './run-computation'
import { SampleRunSummary, SampleSetup } from './samples'
import { SamplePrompts } from './task'
import { NO_VARIANT_CHANGES, VariantSelection } from './variant-selection'
import { Verdict } from './verdict'

export const PROJECT_VERSION = 4

/** Share of post's validity that a selected range must keep, as in the paper. */
export const DEFAULT_RHO = 0.9

export const PairLocation = z.discriminatedUnion('kind', [
  /** Earlier versions had one built-in pair, and did not name it. */
  z.object({ kind: z.literal('demo'), pair: DemoPair.default('blend') }),
  z.object({ kind: z.literal('folders'), base: z.string().min(1), post: z.string().min(1) })
])
export type PairLocation = z.infer<typeof PairLocation>

export const PairCheckpoints = z.object({ base: CheckpointIdentity, post: CheckpointIdentity })
export type PairCheckpoints = z.infer<typeof PairCheckpoints>

/** Origin of a recipe: the sweep that scored it, the scoring, and the scores. Null without a sweep. */
export const RecipeSource = z.object({
  sweepId: z.string().nullable(),
  scoredBy: ScoredByBrief.default(BY_CHARACTERS),
  validity: z.number().nullable(),
  diversity: z.number().nullable()
})
export type RecipeSource = z.infer<typeof RecipeSource>

/** A recipe that the user keeps in a project, with its scores. */
export const KeptRecipe = RecipeSource.extend({ ...KeptIdentity.shape, recipe: Recipe, keptAt: z.iso.datetime() })
export type KeptRecipe = z.infer<typeof KeptRecipe>

/** Another checkpoint of the pair, as it was when it was added. Its folder may have been moved or changed since. */
export const KeptCheckpoint = OtherCheckpoint.extend(KeptIdentity.shape)
export type KeptCheckpoint = z.infer<typeof KeptCheckpoint>

/** Maximum number of other checkpoints. It is limited because each is opened with the project. */
export const MAX_OTHER_CHECKPOINTS = 50

/** Current state of the folder of another checkpoint: a report, or the problem that prevented it. */
export const OtherCheckpointState = z.object({ report: OtherCheckpointReport.nullable(), problem: Problem.nullable() })
export type OtherCheckpointState = z.infer<typeof OtherCheckpointState>

const PairSettings = z.object({
  rho: z.number().min(0).max(1),
  scoredBy: ScoringChoice,
  /** Id of the other checkpoint that sweeps restore layers to. Null means base. */
  source: KeptId.nullable(),
  uniformBlendCount: UniformBlendCount,
  device: DeviceChoice,
  memoryBytes: z.number().positive().nullable(),
  /** Variants that Answers and Evaluate compare. */
  variants: VariantSelection,
  samples: SampleSetup.optional(),
  /** Settings of the next evaluation. Missing until the user changes them. */
  evaluation: EvaluationSetup.optional()
})

/** Id of a pair, used once in a project, which also names the folder of the pair's results. */
export const PairId = z.string().regex(/^pair-[1-9][0-9]{0,8}$/)
export type PairId = z.infer<typeof PairId>

export const PairName = z.string().min(1).max(200)

/** A pair of a project with its settings. Its results are separate files. */
export const PairDocument = z.object({
  id: PairId,
  name: PairName,
  location: PairLocation,
  /** The checkpoints that the user last accepted, to detect changes. Null until both could be read. */
  checkpoints: PairCheckpoints.nullable().default(null),
  rendering: Rendering,
  /** Settings that are missing in an older file have their defaults. */
  settings: PairSettings.extend({
    scoredBy: ScoringChoice.default(BY_CHARACTERS),
    source: PairSettings.shape.source.default(null),
    uniformBlendCount: UniformBlendCount.default(DEFAULT_UNIFORM_BLENDS),
    device: DeviceChoice.default('auto'),
    memoryBytes: PairSettings.shape.memoryBytes.default(null),
    variants: VariantSelection.default(NO_VARIANT_CHANGES)
  }),
  recipes: z.array(KeptRecipe),
  otherCheckpoints: z.array(KeptCheckpoint).max(MAX_OTHER_CHECKPOINTS),
  /** Number that the next kept recipe or checkpoint receives. */
  nextMark: z.number().int().nonnegative(),
  notes: z.string().default('')
})
export type PairDocument = z.infer<typeof PairDocument>

/** Maximum number of pairs. It is limited because each is inspected with the project. */
const MAX_PAIRS = 50

/** A project with pairs that share prompts and tasks, so that they can be compared. */
export const ProjectDocument = z.object({
  schemaVersion: z.literal(PROJECT_VERSION),
  /** Grows by one with every saved change. */
  revision: z.number().int().nonnegative(),
  name: z.string().min(1).max(200),
  createdAt: z.iso.datetime(),
  notes: z.string(),
  pairs: z
    .array(PairDocument)
    .min(1)
    .max(MAX_PAIRS)
    .refine((pairs) => allDiffer(pairs.map(({ id }) => id)), 'two pairs have one id')
    .refine((pairs) => allDiffer(pairs.map(({ name }) => name)), 'two pairs have one name'),
  /** Number in the id of the next pair. */
  nextPair: z.number().int().positive()
})
export type ProjectDocument = z.infer<typeof ProjectDocument>

const allDiffer = (values: readonly string[]): boolean => new Set(values).size === values.length

/** A sweep in lists, without its scores. */
export const SweepSummary = z.object({
  id: z.string(),
  checkpoints: PairFingerprints,
  createdAt: z.iso.datetime(),
  seconds: z.number(),
  /** Number of rows of hidden states that the sweep computed; 0 if it reused most scores. */
  computedRows: z.number(),
  /** Rows that a full sweep would compute, to estimate its time from a preview. Null otherwise. */
  wholeRows: z.number().nullable(),
  scoredBy: ScoredByBrief,
  promptCount: z.number().int(),
  selected: RestorationRange.nullable(),
  source: RestoredTo.default(null),
  /** The best baseline of each kind, by the selection rule. */
  baselines: z.array(Baseline),
  layerCount: z.number().int(),
  post: CategoryScore,
  /** Score of the selected range; null if none is selected. */
  best: CategoryScore.nullable(),
  /** Full-answer score of the selected range. Null if it was not checked. */
  bestAnswers: CategoryScore.nullable(),
  /** The verdict at the sweep's own limit, without evaluations. Null if no range was scored. */
  verdict: Verdict.nullable(),
  /** How many ranges were scored on all prompts. */
  exactCount: z.number().int(),
  /** True if most ranges were scored on some prompts only. */
  isPreview: z.boolean(),
  /** Key that is equal for sweeps with the same settings and models, regardless of how much they have scored. */
  settingsKey: z.string(),
  computed: RunComputation
})
export type SweepSummary = z.infer<typeof SweepSummary>

/** Counts of saved documents since the project was opened. A window reads a document again if its count changes. */
export const SavedCounts = z.object({
  answerChecks: z.number().int(),
  conversation: z.number().int(),
  tasks: z.number().int()
})
export type SavedCounts = z.infer<typeof SavedCounts>

/** A pair in the list of the project's pairs. The list reads none of the pair's files. */
export const PairBrief = PairDocument.pick({ id: true, name: true, location: true }).extend({
  model: z.object({ family: z.string(), layerCount: z.number().int(), parameterCount: z.number().int() }).nullable(),
  /** Reason in words why the pair's prompts cannot be computed. Null if they can, and until the pair is inspected. */
  unusable: z.string().nullable(),
  sweepCount: z.number().int(),
  /** The pair's default sweep. Null before the first sweep. */
  defaultSweep: SweepSummary.nullable(),
  running: z.array(JobKind)
})
export type PairBrief = z.infer<typeof PairBrief>

/** Failure of a pair's last job of a kind. It is removed when another job of the kind starts. */
export const FailedJob = z.object({ kind: JobKind, id: z.string(), problem: Problem })
export type FailedJob = z.infer<typeof FailedJob>

/** State of another program that writes the project. After its end (`gone`), this program can change it. */
export const ProjectWriter = z.enum(['writes', 'gone'])
export type ProjectWriter = z.infer<typeof ProjectWriter>

/** State of one pair of an open project for the window. Sweeps are loaded one at a time. */
export const ProjectState = z.object({
  path: z.string(),
  ...ProjectDocument.pick({ name: true, notes: true, revision: true }).shape,
  /** Revision that the call wrote which returned this state, to undo it. Null if the call changed nothing. */
  change: z.number().int().nullable(),
  pairs: z.array(PairBrief),
  document: PairDocument,
  prompts: CrcPrompts,
  /** True if the prompts belong only to this pair, in place of those that the project's pairs share. */
  separatePrompts: z.boolean(),
  samplePrompts: SamplePrompts,
  sweeps: z.array(SweepSummary),
  sampleRuns: z.array(SampleRunSummary),
  evaluations: z.array(EvaluationSummary),
  history: PairHistory,
  pair: PairReport.nullable(),
  /** Reason why the pair cannot be read at present. The project remains usable. */
  pairProblem: Problem.nullable(),
  otherCheckpoints: z.array(OtherCheckpointState),
  /** Omissions and changes when the project was opened, such as a sweep file that cannot be read. */
  warnings: z.array(z.string()),
  /** Reason why changes cannot be saved. Null if they can. */
  readOnly: z.string().nullable(),
  /** State of another program whose changes this program shows. Null if there is none. */
  writer: ProjectWriter.nullable(),
  running: z.array(JobKind),
  /** Name of the other project that the engine computes for. Null if this project's job can run. */
  busyProject: z.string().nullable(),
  /** Latest failures of this pair's jobs, for windows that did not follow them. */
  failed: z.array(FailedJob),
  saved: SavedCounts
})
export type ProjectState = z.infer<typeof ProjectState>

export type PairState = Pick<ProjectState, 'pair' | 'pairProblem'>

/** New complete values for a pair. No field may have a default here, because `partial` would fill it in. */
export const PairChanges = z
  .object({ notes: z.string(), rendering: RenderingChanges, settings: PairSettings.partial().strict() })
  .partial()
  .strict()
export type PairChanges = z.infer<typeof PairChanges>

/** New values for the fields that all pairs share. The rules of {@link PairChanges} apply. */
export const ProjectChanges = ProjectDocument.pick({ name: true, notes: true }).partial().strict()
export type ProjectChanges = z.infer<typeof ProjectChanges>

export const RecentProject = z.object({
  path: z.string(),
  name: z.string(),
  openedAt: z.iso.datetime(),
  /** Result of the project in a sentence; null without one. */
  result: z.string().max(1000).nullable(),
  exists: z.boolean()
})
export type RecentProject = z.infer<typeof RecentProject>

export const ListedProject = RecentProject.extend({
  /** Kinds of jobs that this program runs for any of the project's pairs. */
  running: z.array(JobKind)
})
export type ListedProject = z.infer<typeof ListedProject>
