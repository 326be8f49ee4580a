import { z } from 'zod'
import { CategoryScore, CrcPrompts, OtherCheckpoint, Rendering } from './crc'
import { DeviceChoice } from './device'
import { CheckpointIdentity, OtherCheckpointReport, PairFingerprints, PairReport } from './pair'
import { Problem } from './problem'
import { DEFAULT_SOUP_SIZE, Recipe, RestorationRange, SoupSize } from './recipe'
import { SamplePrompts, SampleRunSummary, SampleSetup } from './samples'

export const PROJECT_VERSION = 1

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

/** A recipe the user kept, with where it came from. */
export const KeptRecipe = z.object({
  recipe: Recipe,
  keptAt: z.iso.datetime(),
  /** The sweep that scored it and the scores seen then. */
  sweepId: z.string().nullable(),
  validity: z.number().nullable(),
  diversity: z.number().nullable()
})
export type KeptRecipe = z.infer<typeof KeptRecipe>

/** Checkpoints to compare with, as they were when they were added; no more than a person compares, for each is opened with the project. */
const OtherCheckpoints = z.array(OtherCheckpoint).max(50)

/** What now lies in the folder of one of a project's other checkpoints: a report, or the problem of making one. */
export const OtherCheckpointState = z.object({
  report: OtherCheckpointReport.nullable(),
  problem: Problem.nullable()
})
export type OtherCheckpointState = z.infer<typeof OtherCheckpointState>

/** What a project's runs start with. */
const ProjectSettings = z.object({
  /** Share of post's validity that a selected range must keep. */
  rho: z.number().min(0).max(1),
  /** Blends that a sweep scores beside the ranges. */
  soupSize: SoupSize,
  /** Where sweeps are computed. */
  device: DeviceChoice,
  /** Bound on the engine process while it sweeps; null: half of the machine's memory. */
  memoryBytes: z.number().positive().nullable(),
  /** The next sample run; missing until somebody has changed it. */
  samples: SampleSetup.optional()
})

export const ProjectDocument = z.object({
  schemaVersion: z.literal(PROJECT_VERSION),
  name: z.string().min(1).max(200),
  createdAt: z.iso.datetime(),
  pair: PairLocation,
  /**
   * The checkpoints that the user last took for the project's own, to notice that they changed; null until both could be
   * read, and for the built-in pair.
   */
  checkpoints: PairCheckpoints.nullable().default(null),
  rendering: Rendering,
  /** A setting that an older file lacks has its default. */
  settings: ProjectSettings.extend({
    soupSize: SoupSize.default(DEFAULT_SOUP_SIZE),
    device: DeviceChoice.default('auto'),
    memoryBytes: ProjectSettings.shape.memoryBytes.default(null)
  }),
  recipes: z.array(KeptRecipe),
  /** Folders may have moved or changed since. */
  otherCheckpoints: OtherCheckpoints.default([]),
  notes: z.string()
})
export type ProjectDocument = z.infer<typeof ProjectDocument>

export const SweepSummary = z.object({
  id: z.string(),
  checkpoints: PairFingerprints,
  createdAt: z.iso.datetime(),
  seconds: z.number(),
  promptCount: z.number().int(),
  selected: RestorationRange.nullable(),
  post: CategoryScore,
  best: CategoryScore.nullable()
})
export type SweepSummary = z.infer<typeof SweepSummary>

/** Everything the window shows of an open project; sweeps are fetched one at a time. */
export const ProjectState = z.object({
  path: z.string(),
  document: ProjectDocument,
  prompts: CrcPrompts,
  samplePrompts: SamplePrompts,
  /** Newest first. */
  sweeps: z.array(SweepSummary),
  /** Newest first. */
  sampleRuns: z.array(SampleRunSummary),
  pair: PairReport.nullable(),
  /** Why the pair cannot be read now; the project itself stays usable. */
  pairProblem: Problem.nullable(),
  /** Parallel to the document's. */
  otherCheckpoints: z.array(OtherCheckpointState),
  /** What was left out or changed when the project was opened, such as a sweep file that cannot be read. */
  warnings: z.array(z.string()),
  /** Why changes cannot be saved; null when they can. */
  readOnly: z.string().nullable(),
  /** Whether a sweep of this project is running now. */
  running: z.boolean()
})
export type ProjectState = z.infer<typeof ProjectState>

/** What is known of the pair's two folders now. */
export type PairState = Pick<ProjectState, 'pair' | 'pairProblem'>

/** What is left out stays as it is. No field may have a default here: `partial` would fill it in, and so change what was left out. */
export const ProjectChanges = ProjectDocument.pick({
  name: true,
  rendering: true,
  recipes: true,
  notes: true
})
  .extend({ otherCheckpoints: OtherCheckpoints, settings: ProjectSettings.partial().strict() })
  .partial()
  .strict()
export type ProjectChanges = z.infer<typeof ProjectChanges>

export const RecentProject = z.object({
  path: z.string(),
  name: z.string(),
  openedAt: z.iso.datetime(),
  exists: z.boolean()
})
export type RecentProject = z.infer<typeof RecentProject>
