import { modelOf } from '../../../contract/documents/swept-model'
import type { SessionRequest, SweepRequest } from '../../../contract/procedures/engine'
import { defaultMemoryBytes } from '../../base/engine-memory'
import { elementAt } from '../../../contract/model/look-up'
import { type KeyedSplit, missingGroups } from './keyed-split'
import { type PreparedSweep, samplingOf } from './prepare-sweep'

/** Returns the memory limit of the engine in bytes. */
export function budgetOf({ request }: Pick<PreparedSweep, 'request'>): number {
  return request.memoryBytes ?? defaultMemoryBytes()
}

/**
 * Returns the request for the engine session of a sweep. A memory limit is given only if the sweep needs all weights of
 * base and post, because it scores base and restores ranges to base.
 */
export function sessionRequest(
  request: PreparedSweep['request']
): Omit<SessionRequest, 'id' | 'device'> & Partial<SessionRequest> {
  const { base, post, device, ranges, wholeBase = true, source = null } = request
  const memoryBytes = ranges && wholeBase && source === null ? budgetOf({ request }) : undefined
  return { base, post, device: device?.device, memoryBytes }
}

/** Request to the engine. Its answers number models by their position in `modelIndices`. */
interface EngineRequest {
  request: Omit<SweepRequest, 'device'> & { device?: SweepRequest['device'] }
  modelIndices: readonly number[]
}

/**
 * Builds the engine's request for missing scores. If whole groups of prompts are missing, the request has all wanted
 * models, so that a resumed run computes exactly as the interrupted one.
 * @param wanted indices of models and then baselines.
 * @param missing indices of prompts without a score of every wanted model
 */
export function engineRequest(
  prepared: PreparedSweep,
  wanted: readonly number[],
  missing: readonly number[],
  isScored: (model: number, prompt: number) => boolean,
  split: KeyedSplit | null
): EngineRequest {
  const { base, post, models, prompts, groups, baselines, whatIf, request } = prepared
  const remainingSplit = missingGroups(
    split,
    missing.map((prompt) => elementAt(prompts, prompt, 'prompt').key)
  )
  const modelIndices =
    remainingSplit === undefined
      ? withSources(
          prepared,
          wanted.filter((model) => missing.some((prompt) => !isScored(model, prompt)))
        )
      : wanted
  return {
    modelIndices,
    request: {
      base: base.checkpoint.path,
      post: post.checkpoint.path,
      models: modelIndices
        .filter((model) => model < models.length)
        .map((model) => modelOf(elementAt(models, model, 'model'), prepared)),
      prompts: missing.map((prompt) => ({
        tokens: elementAt(prompts, prompt, 'prompt').tokens,
        groups: elementAt(groups, prompt, 'prompt')
      })),
      memoryBytes: budgetOf(prepared),
      device: request.device?.device,
      precision: request.precision,
      sampling: samplingOf(prepared),
      whatIf: [...whatIf],
      baselines: modelIndices
        .filter((model) => model >= models.length)
        .map((model) => elementAt(baselines, model - models.length, 'baseline')),
      split: remainingSplit,
      known: missing.map((prompt) =>
        [...modelIndices.keys()].filter((position) => isScored(elementAt(modelIndices, position, 'model'), prompt))
      )
    }
  }
}

/** Adds post and base to requested baselines, which are computed from them. */
function withSources({ models }: PreparedSweep, requested: readonly number[]): number[] {
  if (!requested.some((model) => model >= models.length)) return [...requested]
  const sources = [...models.keys()].filter((model) =>
    ['post', 'base'].includes(elementAt(models, model, 'model').kind)
  )
  return [...new Set([...sources, ...requested])].sort((a, b) => a - b)
}
