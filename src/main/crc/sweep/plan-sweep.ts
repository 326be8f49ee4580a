import { inputError } from '../../../contract/model/problem'
import type { PreviewPlan, SweepPlan } from '../../../contract/documents/sweep-plan'
import { elementAt } from '../../../contract/model/look-up'
import { openPair } from '../../checkpoint/pair'
import type { EngineClient } from '../../engine/host'
import { plannedPreview } from '../preview/preview-stages'
import { findEarlier, type SweepHistory } from './crc-sweep'
import type { EarlierResults } from './earlier-results'
import { engineRequest } from './engine-request'
import { type CrcSweepRequest, type PreparedSweep, prepareSweep } from './prepare-sweep'
import { type FindComparableSweep, paceOf, plannedRows, type SweepPace } from './sweep-pace'
import { previewSetting } from './sweep-stages'

/**
 * Plans a sweep of all prompts, and a requested preview.
 * @throws WorkbenchError `out-of-memory` with the needed memory
 */
export async function planCrcSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  signal?: AbortSignal
): Promise<SweepPlan> {
  const prepared = await prepareSweep(request, await openPair(request.base, request.post))
  const plan = await planOf(engine, prepared, null, () => Promise.resolve(null), signal)
  if (plan === null) throw inputError('There is no prompt to score.')
  return plan
}

/**
 * Plans the missing part of a sweep; null if nothing is missing.
 * @param findComparable finds a sweep to predict the time
 */
export async function planRestOfSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  history: SweepHistory,
  findComparable: FindComparableSweep,
  signal?: AbortSignal
): Promise<SweepPlan | null> {
  const prepared = await prepareSweep(request, await openPair(request.base, request.post))
  const { earlier } = await findEarlier(prepared, history)
  return planOf(engine, prepared, earlier, findComparable, signal)
}

async function planOf(
  engine: EngineClient,
  prepared: PreparedSweep,
  earlier: EarlierResults | null,
  findComparable: FindComparableSweep,
  signal: AbortSignal | undefined
): Promise<SweepPlan | null> {
  const { prompts, identity } = prepared
  const isScored = (model: number, prompt: number): boolean =>
    earlier?.scores.get(elementAt(prompts, prompt, 'prompt').key)?.has(model) ?? false
  const wanted = [...identity.modelKeys.keys()]
  const missing = [...prompts.keys()].filter((prompt) => !wanted.every((model) => isScored(model, prompt)))
  if (missing.length === 0) return null
  const { request } = engineRequest(prepared, wanted, missing, isScored, earlier?.split ?? null)
  const plan = await engine.plan(request, { signal })
  const findPace = async (isPreview: boolean): Promise<SweepPace | null> => {
    const sweep = await findComparable({ ...plan, isPreview })
    return sweep === null ? null : paceOf(sweep)
  }
  const preview =
    prepared.request.preview === true ? await planPreview(engine, prepared, plan, await findPace(true), signal) : null
  const pace = await findPace(false)
  const notice = prepared.request.device?.notice ?? null
  const sweepPlan: SweepPlan = {
    ...plan,
    seconds: pace === null ? plan.estimate.seconds : plannedRows(plan) / pace.rowsPerSecond,
    timedBy: pace === null ? 'block' : 'sweep',
    preview
  }
  return notice === null ? sweepPlan : { ...sweepPlan, deviceNotice: notice }
}

/** Seconds that a preview takes to build the graphs of its stages and to choose models, measured on two cores. */
const STAGES_SECONDS = 0.25

/**
 * Plans the rows, memory and time of a preview; null if a preview saves too little.
 * @param whole plan of the full sweep
 */
async function planPreview(
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
  const sample = await engine.plan({ ...request, session: { id: 'planned', keeps: 'weights' } }, { signal })
  const weights = sample.peakBytes - Object.values(sample.memory).reduce((sum, bytes) => sum + bytes, 0)
  const computeSeconds = (whole.estimate.computeSeconds * rows) / wholeRows
  const states = Float32Array.BYTES_PER_ELEMENT * statesRows * prepared.post.spec.rowSize
  return {
    rows,
    wholeRows,
    promptCount: prompts.length,
    peakBytes: Math.min(whole.memoryBytes, whole.peakBytes + weights + states),
    seconds: pace === null ? computeSeconds + sample.estimate.readSeconds + STAGES_SECONDS : rows / pace.rowsPerSecond,
    timedBy: pace === null ? 'block' : 'sweep'
  }
}
