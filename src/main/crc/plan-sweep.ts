import type { SweepPlan } from '../../contract/sweep-plan'
import { openPair } from '../checkpoint/pair'
import { defaultMemoryBytes } from '../default-memory'
import type { EngineClient } from '../engine/host'
import { type CrcSweepRequest, prepareSweep } from './prepare-sweep'

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
  return engine.plan(
    {
      base: prepared.base.checkpoint.path,
      post: prepared.post.checkpoint.path,
      models: prepared.models.map(({ engine: model }) => model),
      prompts: prepared.prompts.map(({ tokens }, index) => ({
        tokens,
        groups: prepared.groups[index] ?? []
      })),
      memoryBytes: request.memoryBytes ?? defaultMemoryBytes(),
      device: request.device?.device,
      precision: request.precision
    },
    { signal }
  )
}
