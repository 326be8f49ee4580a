import { modelOf } from '../../../contract/documents/swept-model'
import type { SessionRequest, SweepRequest } from '../../../contract/procedures/engine'
import { defaultMemoryBytes } from '../../base/engine-memory'
import { elementAt } from '../../../contract/model/look-up'
import { type KeyedSplit, restOfSplit } from './earlier-results'
import { type PreparedSweep, samplingOf } from './prepare-sweep'

/** Bound on the engine's process that a sweep has. */
export function budgetOf({ request }: Pick<PreparedSweep, 'request'>): number {
  return request.memoryBytes ?? defaultMemoryBytes()
}

/** What stages of a sweep compute with: all weights of the pair where base is scored and ranges are restored to it. */
export function sessionRequest(
  request: PreparedSweep['request']
): Omit<SessionRequest, 'id' | 'device'> & Partial<SessionRequest> {
  const { base, post, device, ranges, wholeBase = true, source = null } = request
  const memoryBytes = ranges && wholeBase && source === null ? budgetOf({ request }) : undefined
  return { base, post, device: device?.device, memoryBytes }
}

/** What the engine is asked for, and which models, and rivals behind them, that are: what it says is of places among those. */
export interface EngineRequest {
  request: Omit<SweepRequest, 'device'> & { device?: SweepRequest['device'] }
  asked: readonly number[]
}

/**
 * What the engine is asked for. Where groups of an interrupted sweep are left as it had them, all that was asked for then, so that
 * parts are the same; otherwise what is missing.
 *
 * @param wanted models, and rivals behind them, ascending
 * @param missing indices of the prompts of which some of those are missing
 * @param isKnown whether a model's score on a prompt is
 */
export function engineRequest(
  prepared: PreparedSweep,
  wanted: readonly number[],
  missing: readonly number[],
  isKnown: (model: number, prompt: number) => boolean,
  split: KeyedSplit | null
): EngineRequest {
  const { base, post, models, prompts, groups, rivals, whatIf, request } = prepared
  const rest = restOfSplit(
    split,
    missing.map((prompt) => elementAt(prompts, prompt, 'prompt').key)
  )
  const asked =
    rest === undefined
      ? withSources(
          prepared,
          wanted.filter((model) => missing.some((prompt) => !isKnown(model, prompt)))
        )
      : wanted
  return {
    asked,
    request: {
      base: base.checkpoint.path,
      post: post.checkpoint.path,
      models: asked
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
      rivals: asked
        .filter((model) => model >= models.length)
        .map((model) => elementAt(rivals, model - models.length, 'rival')),
      split: rest,
      known: missing.map((prompt) =>
        [...asked.keys()].filter((place) => isKnown(elementAt(asked, place, 'model'), prompt))
      )
    }
  }
}

/** Rivals are made of post and base, so those are asked for with them. */
function withSources({ models }: PreparedSweep, asked: readonly number[]): number[] {
  if (!asked.some((model) => model >= models.length)) return [...asked]
  const sources = [...models.keys()].filter((model) =>
    ['post', 'base'].includes(elementAt(models, model, 'model').kind)
  )
  return [...new Set([...sources, ...asked])].sort((a, b) => a - b)
}
