import { WorkbenchError } from '../../contract/model/problem'
import type { ConfigReader } from './config-reader'

/** What a config says of positions around its section of RoPE. */
export interface RopeContext {
  /** `max_position_embeddings` */
  readonly contextLength: number | null
  /** `original_max_position_embeddings` of the config itself, where Phi-3 has it. */
  readonly originalContext: number | null
  readonly rotarySize: number
  /** Whether dynamic RoPE may have an `alpha`. */
  readonly alpha: boolean
}

/**
 * LongRoPE (Ding et al., arXiv 2402.13753) within the context before it was stretched: each frequency has a divisor of its
 * own. Longer texts have other divisors, at all of their positions, so that they share no states with shorter ones: they are
 * refused.
 */
export interface LongRope {
  readonly kind: 'longrope'
  readonly theta: number
  /** [rotarySize / 2] */
  readonly divisors: readonly number[]
  /** What cos and sin are multiplied by. */
  readonly attentionFactor: number
  /** Positions that it holds for. */
  readonly limit: number
}

/** Frequencies that shrink with the length of a text beyond the context, and are the plain ones within it. */
export interface DynamicRope {
  readonly kind: 'dynamic'
  readonly theta: number
  readonly limit: number
}

/**
 * As transformers 5 reads it: what Phi-3 says of the original context around the section counts before what the section says,
 * and a factor that is written before the ratio of the contexts.
 */
export function readLongRope(section: ConfigReader, theta: number, context: RopeContext): LongRope {
  const inner = section.optionalCount('original_max_position_embeddings')
  const limit = context.originalContext ?? inner ?? context.contextLength
  if (limit === null) throw section.bad('original_max_position_embeddings', 'a whole number')
  const factor = section.optionalPositive('factor') ?? (context.contextLength ?? limit) / limit
  const byDefault = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(limit))
  const divisors = readDivisors(section, 'short_factor', context.rotarySize / 2)
  readDivisors(section, 'long_factor', context.rotarySize / 2)
  const attentionFactor = section.optionalPositive('attention_factor') ?? byDefault
  return { kind: 'longrope', theta, divisors, attentionFactor, limit }
}

export function readDynamicRope(section: ConfigReader, theta: number, context: RopeContext): DynamicRope {
  const { contextLength, rotarySize } = context
  if (contextLength === null) throw section.unsupported('factor', 'a factor beside max_position_embeddings')
  const alpha = context.alpha ? section.optionalPositive('alpha') : null
  if (alpha === null) {
    section.positive('factor')
    return { kind: 'dynamic', theta, limit: contextLength }
  }
  // Hunyuan's configs carry these, and nothing reads them where there is an alpha.
  section.passOver('factor', 'beta_fast', 'beta_slow', 'mscale', 'mscale_all_dim')
  return { kind: 'dynamic', theta: theta * alpha ** (rotarySize / (rotarySize - 2)), limit: contextLength }
}

/** @throws WorkbenchError `unsupported` for more positions than the rotation holds for */
export function refuseBeyond({ kind, limit }: LongRope | DynamicRope, positionCount: number): void {
  if (positionCount <= limit) return
  throw new WorkbenchError(
    'unsupported',
    `A text of ${positionCount} tokens is longer than the ${limit} for which this model's ${kind} positions are computed: beyond, all ` +
      'of its positions would be others.',
    'Shorten the text.'
  )
}

function readDivisors(section: ConfigReader, key: string, count: number): readonly number[] {
  const value = section.value(key)
  const divisors: unknown[] = Array.isArray(value) ? value : []
  const numbers = divisors.filter((divisor) => typeof divisor === 'number' && divisor > 0)
  if (divisors.length !== count || numbers.length !== count)
    throw section.bad(key, `a list of ${count} positive numbers`)
  return numbers.map(Number)
}
