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
 * What a sweep of all its prompts would do, take and last, without doing it; of a preview also what that takes of it.
 *
 * @throws WorkbenchError as the sweep would before it reads weights; `out-of-memory` names the smallest budget that works
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
 * The same of a sweep that does not compute again what is known; null when nothing is left.
 *
 * @param like finds the sweep by whose speed the time is told, where there is one: machines are busy, and one block is timed in a moment
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
  const isKnown = (model: number, prompt: number): boolean =>
    earlier?.scores.get(elementAt(prompts, prompt, 'prompt').key)?.has(model) ?? false
  const wanted = [...identity.modelKeys.keys()]
  const missing = [...prompts.keys()].filter((prompt) => !wanted.every((model) => isKnown(model, prompt)))
  if (missing.length === 0) return null
  const { request } = engineRequest(prepared, wanted, missing, isKnown, earlier?.split ?? null)
  const plan = await engine.plan(request, { signal })
  const paced = async (isPreview: boolean): Promise<SweepPace | null> => {
    const sweep = await like({ ...plan, isPreview })
    return sweep === null ? null : paceOf(sweep)
  }
  const preview =
    prepared.request.preview === true
      ? await planPreview(engine, prepared, plan, await paced(true), signal)
      : null
  const pace = await paced(false)
  return {
    ...plan,
    ...(pace === null
      ? { seconds: plan.estimate.seconds, timedBy: 'block' }
      : { seconds: plannedRows(plan) / pace.rowsPerSecond, timedBy: 'sweep' }),
    preview
  }
}
