import { z } from 'zod'
import { PairFingerprints } from './pair'
import { RunComputation } from './run-computation'

/** What a pair has runs of. */
export const RunKind = z.enum(['sweep', 'search', 'samples', 'evaluation'])
export type RunKind = z.infer<typeof RunKind>

/** Names a run among those of its pair. */
export const RunKey = z.object({ kind: RunKind, id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/) })
export type RunKey = z.infer<typeof RunKey>

/** What the user has said of a run. */
export const RunMarks = z.object({
  /** Empty: it is called after what it is. */
  name: z.string().max(200),
  /** Markdown. */
  note: z.string().max(100_000),
  /** Comes first, and nothing but the user deletes it. */
  pinned: z.boolean()
})
export type RunMarks = z.infer<typeof RunMarks>

export const UNMARKED: RunMarks = { name: '', note: '', pinned: false }

/** What is left out stays as it is. */
export const RunMarkChanges = RunMarks.partial().strict()
export type RunMarkChanges = z.infer<typeof RunMarkChanges>

/** A run as the history of its pair shows it. */
export const HistoryRun = RunKey.extend({
  createdAt: z.iso.datetime(),
  /** What it is and came to, in words. */
  title: z.string(),
  /** Of a search the sweep that it started from; null for other kinds. */
  sweepId: z.string().nullable(),
  checkpoints: PairFingerprints,
  computed: RunComputation,
  ...RunMarks.shape
})
export type HistoryRun = z.infer<typeof HistoryRun>

/** A run that was deleted and can be brought back. */
export const DeletedRun = z.object({
  /** Names the deletion, not the run. */
  deletion: z.uuid(),
  deletedAt: z.iso.datetime(),
  run: HistoryRun,
  /** The searches that were deleted with their sweep. */
  searches: z.array(HistoryRun)
})
export type DeletedRun = z.infer<typeof DeletedRun>

/** How many days a deleted run is kept at least. */
export const TRASH_DAYS = 30

export const PairHistory = z.object({
  /** Pinned ones first, then newest first. */
  runs: z.array(HistoryRun),
  /** What was deleted last first. */
  deleted: z.array(DeletedRun)
})
export type PairHistory = z.infer<typeof PairHistory>

export const RUN_MARKS_VERSION = 1

/** What the user has said of a pair's runs, history.json; runs of which nothing was said are left out. */
export const RunMarksDocument = z.object({
  schemaVersion: z.literal(RUN_MARKS_VERSION),
  runs: z.array(RunKey.extend(RunMarks.shape))
})
export type RunMarksDocument = z.infer<typeof RunMarksDocument>

/** Where a pair's results lie. */
const ResultFolder = z.enum(['sweeps', 'searches', 'checks', 'samples', 'evaluations'])

/** A file of a result. */
export const ResultFile = z.object({
  folder: ResultFolder,
  name: z.string().regex(/^[A-Za-z0-9-]{1,64}(\.[a-z]{1,20}){1,2}$/)
})
export type ResultFile = z.infer<typeof ResultFile>

export const DELETION_VERSION = 1

/** trash/<deletion>/deleted.json; beside it lie the files. */
export const DeletionDocument = DeletedRun.extend({
  schemaVersion: z.literal(DELETION_VERSION),
  /** The document of the run first. */
  files: z.array(ResultFile).min(1).max(100_000)
})
export type DeletionDocument = z.infer<typeof DeletionDocument>
