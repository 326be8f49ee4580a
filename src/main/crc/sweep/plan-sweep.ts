import { modelOf } from '../../../contract/documents/swept-model'
import type { SweepPlan } from '../../../contract/documents/sweep-plan'
import { openPair } from '../../checkpoint/pair'
import { defaultMemoryBytes, engineLimitBytes, withinEngine } from '../../base/engine-memory'
import type { EngineClient } from '../../engine/host'
import { findEarlier, type SweepHistory } from './crc-sweep'
import { type CrcSweepRequest, type PreparedSweep, prepareSweep, samplingOf } from './prepare-sweep'
import { at } from '../../base/look-up'

/**
 * What a sweep of all its prompts would do, take and last, without doing it.
 *
 * @throws WorkbenchError as the sweep would before it reads weights; `out-of-memory` names the smallest budget that works
 */
export async function planCrcSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  signal?: AbortSignal
): Promise<SweepPlan> {
  const prepared = await prepareSweep(request, await openPair(request.base, request.post))
  return planOf(engine, prepared, [...prepared.prompts.keys()], signal)
}

/**
 * The same of a sweep that does not compute again what is known; null when nothing is left.
 *
 * @throws WorkbenchError as {@link planCrcSweep}
 */
export async function planRestOfSweep(
  engine: EngineClient,
  request: CrcSweepRequest,
  history: SweepHistory,
  signal?: AbortSignal
): Promise<SweepPlan | null> {
  const prepared = await prepareSweep(request, await openPair(request.base, request.post))
  const { earlier } = await findEarlier(prepared, history)
  const missing = prepared.prompts.flatMap(({ key }, index) => (earlier?.scores.has(key) ? [] : [index]))
  return missing.length === 0 ? null : planOf(engine, prepared, missing, signal)
}

async function planOf(
  engine: EngineClient,
  { request, base, post, models, ...prepared }: PreparedSweep,
  prompts: readonly number[],
  signal: AbortSignal | undefined
): Promise<SweepPlan> {
  const plan = await engine.plan(
    {
      base: base.checkpoint.path,
      post: post.checkpoint.path,
      models: models.map((model) => modelOf(model, prepared.layerCount)),
      prompts: prompts.map((prompt) => ({
        tokens: at(prepared.prompts, prompt, 'prompt').tokens,
        groups: at(prepared.groups, prompt, 'prompt')
      })),
      memoryBytes: withinEngine(request.memoryBytes ?? defaultMemoryBytes()),
      device: request.device?.device,
      precision: request.precision,
      sampling: samplingOf(prepared)
    },
    { signal }
  )
  return { ...plan, memoryLimitBytes: engineLimitBytes() }
}
