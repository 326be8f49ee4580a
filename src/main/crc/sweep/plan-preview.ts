import type { PreviewPlan, SweepPlan } from '../../../contract/documents/sweep-plan'
import type { EngineClient } from '../../engine/host'
import { plannedPreview } from '../preview/preview-stages'
import { engineRequest } from './engine-request'
import type { PreparedSweep } from './prepare-sweep'
import type { SweepPace } from './sweep-pace'
import { previewSetting } from './sweep-stages'

/**
 * What a preview takes beside reading and computing, on two cores: making the graphs of five or more stages, choosing between them, and what they
 * compute in small pieces.
 */
const STAGES_SECONDS = 0.25

/**
 * What a preview of a sweep takes at most: the work that is its own; memory of the whole sweep, none of whose stages takes more, and what
 * stages leave for each other; and of the time that the whole sweep computes its share, one reading of the weights, which its first stages wait for,
 * and what stages cost.
 *
 * @param whole the plan of the whole sweep
 * @param pace of a sweep like it; null where none was finished here
 * @returns null where prompts are so few that everything would be scored
 */
export async function planPreview(
  engine: EngineClient,
  prepared: PreparedSweep,
  whole: Pick<SweepPlan, 'memoryBytes' | 'peakBytes' | 'estimate'>,
  pace: SweepPace | null,
  signal: AbortSignal | undefined
): Promise<PreviewPlan | null> {
  const planned = plannedPreview(previewSetting(prepared))
  if (planned === null) return null
  const { candidates, prompts, rows, statesRows, wholeRows } = planned
  const { request } = engineRequest(prepared, candidates, prompts, () => false, null)
  const sample = await engine.plan({ ...request, session: { id: 'planned', leaves: 'weights' } }, { signal })
  const weights = sample.peakBytes - Object.values(sample.memory).reduce((sum, bytes) => sum + bytes, 0)
  const states = Float32Array.BYTES_PER_ELEMENT * statesRows * prepared.post.spec.hiddenSize
  return {
    rows,
    wholeRows,
    promptCount: prompts.length,
    peakBytes: Math.min(whole.memoryBytes, whole.peakBytes + weights + states),
    ...(pace === null
      ? {
          seconds:
            (whole.estimate.computeSeconds * rows) / wholeRows + sample.estimate.readSeconds + STAGES_SECONDS,
          timedBy: 'block'
        }
      : { seconds: rows / pace.rowsPerSecond, timedBy: 'sweep' })
  }
}
