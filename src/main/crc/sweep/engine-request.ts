import { modelOf } from '../../../contract/documents/swept-model'
import type { SweepRequest } from '../../../contract/procedures/engine'
import { defaultMemoryBytes, withinEngine } from '../../base/engine-memory'
import { at } from '../../../contract/model/look-up'
import { type KeyedSplit, restOfSplit } from './earlier-results'
import { type PreparedSweep, samplingOf } from './prepare-sweep'

/** Bound on the engine's process that a sweep has. */
export function budgetOf({ request }: Pick<PreparedSweep, 'request'>): number {
  return withinEngine(request.memoryBytes ?? defaultMemoryBytes())
}

/**
 * What the engine is asked for.
 *
 * @param missing indices of the prompts of which models are missing
 * @param known of a prompt the models, and rivals behind them, that are not
 */
export function engineRequest(
  prepared: PreparedSweep,
  missing: readonly number[],
  known: (prompt: number) => number[],
  split: KeyedSplit | null
): Omit<SweepRequest, 'device'> & { device?: SweepRequest['device'] } {
  const { base, post, models, layerCount, prompts, groups, rivals, whatIf, request } = prepared
  const keys = missing.map((prompt) => at(prompts, prompt, 'prompt').key)
  return {
    base: base.checkpoint.path,
    post: post.checkpoint.path,
    models: models.map((model) => modelOf(model, layerCount)),
    prompts: missing.map((prompt) => ({
      tokens: at(prompts, prompt, 'prompt').tokens,
      groups: at(groups, prompt, 'prompt')
    })),
    memoryBytes: budgetOf(prepared),
    device: request.device?.device,
    precision: request.precision,
    sampling: samplingOf(prepared),
    whatIf: [...whatIf],
    rivals,
    split: restOfSplit(split, keys),
    known: missing.map(known)
  }
}
