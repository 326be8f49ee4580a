import { join } from 'node:path'
import type { SweepDocument } from '../../contract/documents/crc'
import { briefScoring, drawsOf } from '../../contract/documents/scored-by'
import { WorkbenchError } from '../../contract/model/problem'
import { SweepSummary } from '../../contract/documents/project'
import { readDocument } from '../base/files/migrate'
import { checkpointFolder } from '../crc/sweep/checkpoint-folder'
import type { CheckpointPlace } from '../crc/sweep/sweep-checkpoint'
import { insteadOfSweep } from './instead-of-sweep'
import { runSummaries } from './run-summaries'
import { settingsKeyOf } from './settings-key'
import { SWEEP_FORMAT, SWEEPS } from './stored-documents'

/** @throws WorkbenchError when it cannot be read, or holds something else, which is named */
export async function readSweep(file: string): Promise<SweepDocument> {
  try {
    return (await readDocument(file, SWEEP_FORMAT)).document
  } catch (error) {
    throw (await insteadOfSweep(file, error)) ?? error
  }
}

/** A file's sweep; null when it holds something else. */
export async function readSweepIfAny(file: string): Promise<SweepDocument | null> {
  try {
    return await readSweep(file)
  } catch (error) {
    if (error instanceof WorkbenchError) return null
    throw error
  }
}

/** How many interrupted sweeps a project keeps the checkpoints of; a new one takes the place of the oldest. */
const MAX_CHECKPOINTS = 3

/** Where the checkpoints of a project's unfinished sweeps lie: sweeps/partial/<name>.checkpoint. */
export function projectCheckpoints(folder: string): CheckpointPlace {
  const sweeps = join(folder, 'sweeps')
  return checkpointFolder([sweeps, join(sweeps, 'partial')], MAX_CHECKPOINTS)
}

/** What the window lists of a sweep. `best` is the score of its selected range. */
export function summarizeSweep(sweep: SweepDocument): SweepSummary {
  const { selected } = sweep
  const best = sweep.ranges.find((range) => range.start === selected?.start && range.end === selected.end)
  return {
    id: sweep.id,
    checkpoints: { base: sweep.basePath.fingerprint, post: sweep.postPath.fingerprint },
    createdAt: sweep.createdAt,
    seconds: sweep.seconds,
    scoredBy: briefScoring(sweep.scoredBy),
    promptCount: sweep.prompts.length,
    selected,
    rivals: (sweep.selection?.rivals ?? []).flatMap(({ rival }) =>
      rival.kind === 'control' || rival.kind === 'tempered' || rival.kind === 'half' ? [] : [rival]
    ),
    source: sweep.source,
    layerCount: sweep.layerCount,
    post: { validity: sweep.post.validity, diversity: sweep.post.diversity },
    isPreview: sweep.preview !== null,
    settingsKey: settingsKeyOf(sweep),
    best: best === undefined ? null : { validity: best.validity, diversity: best.diversity },
    computed: {
      device: sweep.device,
      precision: sweep.precision,
      weights: null,
      promptCount: sweep.prompts.length,
      draws: drawsOf(sweep),
      programVersion: sweep.programVersion
    }
  }
}

export const SWEEP_SUMMARIES = runSummaries<SweepDocument, SweepSummary>({
  name: 'sweep',
  documents: SWEEPS,
  schema: SweepSummary,
  summarize: summarizeSweep,
  lines: null
})
