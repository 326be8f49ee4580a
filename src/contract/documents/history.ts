import { z } from 'zod'
import { RunKind } from '../model/run-kinds'
import { PairFingerprints } from './pair'
import { RunComputation } from './run-computation'

export const RunKey = z.object({ kind: RunKind, id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/) })
export type RunKey = z.infer<typeof RunKey>

export const RunAnnotations = z.object({
  /** Empty means that the run has a default name from its contents. */
  name: z.string().max(200),
  /** Note in Markdown. */
  note: z.string().max(100_000),
  /** A pinned run is listed first, and only the user deletes it. */
  pinned: z.boolean()
})
export type RunAnnotations = z.infer<typeof RunAnnotations>

export const NO_ANNOTATIONS: RunAnnotations = { name: '', note: '', pinned: false }

export const RunAnnotationChanges = RunAnnotations.partial().strict()
export type RunAnnotationChanges = z.infer<typeof RunAnnotationChanges>

export const HistoryRun = RunKey.extend({
  createdAt: z.iso.datetime(),
  /** Kind and outcome of the run, in words. */
  title: z.string(),
  sweepId: z.string().nullable(),
  checkpoints: PairFingerprints,
  computed: RunComputation,
  ...RunAnnotations.shape
})
export type HistoryRun = z.infer<typeof HistoryRun>

export const DeletedRun = z.object({
  deletion: z.uuid(),
  deletedAt: z.iso.datetime(),
  run: HistoryRun,
  /** Searches that were deleted together with their sweep. */
  searches: z.array(HistoryRun)
})
export type DeletedRun = z.infer<typeof DeletedRun>

/** Minimum number of days that a deleted run stays in the trash. */
export const TRASH_DAYS = 30

export const PairHistory = z.object({
  /** Pinned runs first, then newest first. */
  runs: z.array(HistoryRun),
  deleted: z.array(DeletedRun)
})
export type PairHistory = z.infer<typeof PairHistory>

export const RUN_ANNOTATIONS_VERSION = 1

/** Names, notes and pins of a pair's runs, stored in history.json. Runs without any are omitted. */
export const RunAnnotationsDocument = z.object({
  schemaVersion: z.literal(RUN_ANNOTATIONS_VERSION),
  runs: z.array(RunKey.extend(RunAnnotations.shape))
})
export type RunAnnotationsDocument = z.infer<typeof RunAnnotationsDocument>

const ResultFolder = z.enum(['sweeps', 'searches', 'checks', 'samples', 'evaluations'])

export const ResultFile = z.object({
  folder: ResultFolder,
  name: z.string().regex(/^[A-Za-z0-9-]{1,64}(\.[a-z]{1,20}){1,2}$/)
})
export type ResultFile = z.infer<typeof ResultFile>

export const DELETION_VERSION = 1

/** Manifest of a deletion, stored in trash/<deletion>/deleted.json beside the deleted files. */
export const DeletionDocument = DeletedRun.extend({
  schemaVersion: z.literal(DELETION_VERSION),
  files: z.array(ResultFile).min(1).max(100_000)
})
export type DeletionDocument = z.infer<typeof DeletionDocument>
