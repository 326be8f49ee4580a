import { unsupportedError } from '../../contract/model/problem'
import { formatCount, plural } from '../../contract/words/format'
import type { ConfigReader } from './config-reader'

/** Values of a config that its section of RoPE depends on. */
export interface RopeContext {
  /** `max_position_embeddings` */
  readonly contextLength: number | null
  /** `original_max_position_embeddings` of the config itself, as in Phi-3. */
  readonly originalContext: number | null
  readonly rotarySize: number
  /** True if dynamic RoPE may have an `alpha`. */
  readonly alpha: boolean
  /** True if dimensions may be divided among the axes of images. */
  readonly image: boolean
}

/**
 * LongRoPE (Ding et al., arXiv 2402.13753) within the original context. Beyond it, all positions of a text
 * are rotated by other angles, so states of shorter prefixes cannot be reused.
 */
export interface LongRope {
  readonly kind: 'longrope'
  readonly theta: number
  /** Divisor of each frequency, [rotarySize / 2]. */
  readonly divisors: readonly number[]
  /** Factor of cos and sin. */
  readonly attentionFactor: number
  /** Largest number of positions. */
  readonly limit: number
}

/** RoPE whose frequencies shrink for texts beyond the context; within the context they are unchanged. */
export interface DynamicRope {
  readonly kind: 'dynamic'
  readonly theta: number
  readonly limit: number
}

/**
 * Reads LongRoPE as transformers 5 does. The original context of the config itself precedes that of its RoPE section.
 * A given factor precedes the ratio of both contexts.
 */
export function readLongRope(section: ConfigReader, theta: number, context: RopeContext): LongRope {
  const inner = section.optionalCount('original_max_position_embeddings')
  const limit = context.originalContext ?? inner ?? context.contextLength
  if (limit === null) throw section.bad('original_max_position_embeddings', 'a whole number')
  const factor = section.optionalPositive('factor') ?? (context.contextLength ?? limit) / limit
  const byDefault = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(limit))
  const divisors = section.positives('short_factor', context.rotarySize / 2)
  section.positives('long_factor', context.rotarySize / 2)
  const attentionFactor = section.optionalPositive('attention_factor') ?? byDefault
  return { kind: 'longrope', theta, divisors, attentionFactor, limit }
}

/** Reads dynamic RoPE. With an `alpha`, the base frequency is raised for all lengths. */
export function readDynamicRope(section: ConfigReader, theta: number, context: RopeContext): DynamicRope {
  const { contextLength, rotarySize } = context
  if (contextLength === null) throw section.unsupported('factor', 'a factor beside max_position_embeddings')
  const alpha = context.alpha ? section.optionalPositive('alpha') : null
  if (alpha === null) {
    section.positive('factor')
    return { kind: 'dynamic', theta, limit: contextLength }
  }
  // Hunyuan's configs contain these keys, which have no effect beside alpha.
  section.ignore('factor', 'beta_fast', 'beta_slow', 'mscale', 'mscale_all_dim')
  return { kind: 'dynamic', theta: theta * alpha ** (rotarySize / (rotarySize - 2)), limit: contextLength }
}

/** Refuses texts that are too long. @throws WorkbenchError `unsupported` beyond the rotation's limit */
export function refuseTooManyPositions({ kind, limit }: LongRope | DynamicRope, positionCount: number): void {
  if (positionCount <= limit) return
  throw unsupportedError(
    `A text of ${plural(positionCount, 'token')} is longer than the ${formatCount(limit)} for which ` +
      `this model's ${kind} positions are computed. ` +
      'Longer texts would need other values at all positions.',
    'Shorten the text.'
  )
}
