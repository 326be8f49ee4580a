import { WorkbenchError } from '../../../contract/model/problem'
import type { SweepPlan } from '../../../contract/documents/sweep-plan'
import { openPair } from '../../checkpoint/pair'
import type { EngineClient } from '../../engine/host'
import { findEarlier, type SweepHistory } from './crc-sweep'
import type { EarlierResults } from './earlier-results'
import { engineRequest } from './engine-request'
import { type CrcSweepRequest, type PreparedSweep, prepareSweep } from './prepare-sweep'
import { planPreview } from './plan-preview'
import { type LikeSweep, paceOf, plannedRows, type SweepPace } from './sweep-pace'
import { elementAt } from '../../../contract/model/look-up'

/**
 * Plans a sweep of all its prompts without running it, and a preview if one is requested.
 *
 * @throws WorkbenchError as the sweep would before it reads weights; `out-of-memory` names the smallest
 * budget that works
 */
export async function planCrcSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  signal?: AbortSignal
): Promise<SweepPlan> {
  const prepared = await prepareSweep(request, await openPair(request.base, request.post))
  const plan = await planOf(engine, prepared, null, () => Promise.resolve(null), signal)
  if (plan === null) throw new WorkbenchError('bad-input', 'There is no prompt to score.')
  return plan
}

/**
 * Plans the missing part of a sweep; null if nothing is missing.
 *
 * @param like finds a similar finished sweep, whose speed predicts the time better than one timed block
 * @throws WorkbenchError as {@link planCrcSweep}
 */
export async function planRestOfSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  history: SweepHistory,
  like: LikeSweep,
  signal?: AbortSignal
): Promise<SweepPlan | null> {
  const prepared = await prepareSweep(request, await openPair(request.base, request.post))
  const { earlier } = await findEarlier(prepared, history)
  return planOf(engine, prepared, earlier, like, signal)
}

async function planOf(
  engine: EngineClient,
  prepared: PreparedSweep,
  earlier: EarlierResults | null,
  like: LikeSweep,
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
    const sweep = await like({ ...plan, isPreview })
    return sweep === null ? null : paceOf(sweep)
  }
  const preview =
    prepared.request.preview === true
      ? await planPreview(engine, prepared, plan, await findPace(true), signal)
      : null
  const pace = await findPace(false)
  return {
    ...plan,
    ...(pace === null
      ? { seconds: plan.estimate.seconds, timedBy: 'block' }
      : { seconds: plannedRows(plan) / pace.rowsPerSecond, timedBy: 'sweep' }),
    preview
  }
}
