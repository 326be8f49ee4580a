import type { PreviewPlan, SweepPlan } from '../../../contract/documents/sweep-plan'
import type { EngineClient } from '../../engine/host'
import { plannedPreview } from '../preview/preview-stages'
import { engineRequest } from './engine-request'
import type { PreparedSweep } from './prepare-sweep'
import type { SweepPace } from './sweep-pace'
import { previewSetting } from './sweep-stages'

/**
 * Seconds that a preview needs besides reading and computing, measured on two cores. They go into graphs of its
 * stages, choices between stages, and computing in small pieces.
 */
const STAGES_SECONDS = 0.25

/**
 * Plans a preview of a sweep: its rows, an upper bound of its memory, and its time. Without the speed of a finished
 * sweep, the time has three parts. They are its share of the full sweep's computation, one reading of the weights, and
 * a constant for the stages.
 *
 * @param whole plan of the full sweep.
 * @param pace speed of a similar sweep; null if none was finished on this machine.
 * @returns null if there are so few prompts that everything is scored.
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
