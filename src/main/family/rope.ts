import { elementAt } from '../../contract/model/look-up'
import type { ConfigReader } from './config-reader'
import {
  type DynamicRope,
  type LongRope,
  readDynamicRope,
  readLongRope,
  refuseTooManyPositions,
  type RopeContext
} from './long-rope'
import { readYarn, scaleByYarn, type Yarn } from './yarn'

/** Rotary position embedding: its base frequency and scaling. With `none`, queries and keys are not rotated. */
export type Rope =
  | { readonly kind: 'none' }
  | Yarn
  | LongRope
  | DynamicRope
  | { readonly kind: 'default'; readonly theta: number }
  /** Rotates only the first `share` of the dimensions, at the frequencies that they have without a share. */
  | { readonly kind: 'proportional'; readonly theta: number; readonly share: number }
  | { readonly kind: 'linear'; readonly theta: number; readonly factor: number }
  | {
      readonly kind: 'llama3'
      readonly theta: number
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalContext: number
    }

/** Reads RoPE from its section of the config. A null section means no scaling. @param theta base frequency */
export function readRope(section: ConfigReader | null, theta: number, context: RopeContext): Rope {
  if (section === null) return { kind: 'default', theta }
  const older = section.value('type')
  const key = section.value('rope_type') === undefined ? 'type' : 'rope_type'
  if (older !== undefined && older !== section.value(key) && !(context.image && older === 'mrope'))
    throw section.unsupported('type', 'the same as rope_type')
  const type = section.value(key)
  if (context.image) {
    section.ignore('mrope_interleaved', 'mrope_section')
    // Newer configs also have the key rope_type, in which this type is "default".
    if (type === 'mrope') return { kind: 'default', theta }
  }
  switch (type) {
    case undefined:
    case 'default':
      return { kind: 'default', theta }
    case 'proportional':
      return { kind: 'proportional', theta, share: section.positive('partial_rotary_factor') }
    case 'linear':
      return { kind: 'linear', theta, factor: section.positive('factor') }
    case 'llama3':
      return {
        kind: 'llama3',
        theta,
        factor: section.positive('factor'),
        lowFrequencyFactor: section.positive('low_freq_factor'),
        highFrequencyFactor: section.positive('high_freq_factor'),
        originalContext: section.count('original_max_position_embeddings')
      }
    case 'yarn':
      return readYarn(section, theta, context.contextLength)
    case 'longrope':
    case 'su':
      return readLongRope(section, theta, context)
    case 'dynamic':
      return readDynamicRope(section, theta, context)
    default:
      throw section.unsupported(key, 'default, linear, llama3, yarn, longrope, dynamic, proportional')
  }
}

/** Computes the angle per position of each pair of dimensions, [rotarySize / 2], in float32 as the reference. */
export function inverseFrequencies(rope: Rope, rotarySize: number): Float32Array {
  const frequencies = new Float32Array(rotarySize / 2)
  if (rope.kind === 'none') return frequencies
  for (let i = 0; i < frequencies.length; i++) {
    const frequency = rope.theta ** ((-2 * i) / rotarySize)
    frequencies[i] = scaleFrequency(rope, frequency, i, rotarySize)
  }
  return frequencies
}

function scaleFrequency(
  rope: Exclude<Rope, { kind: 'none' }>,
  frequency: number,
  i: number,
  rotarySize: number
): number {
  switch (rope.kind) {
    case 'default':
    case 'dynamic':
      return frequency
    case 'proportional':
      return i < Math.trunc((rope.share * rotarySize) / 2) ? frequency : 0
    case 'linear':
      return frequency / rope.factor
    case 'longrope':
      return frequency / elementAt(rope.divisors, i, 'divisor')
    case 'yarn':
      return scaleByYarn(rope, frequency, i, rotarySize)
    case 'llama3':
      return scaleByLlama3(rope, frequency)
  }
}

/** Divides frequencies of long waves by the factor, keeps those of short waves, and interpolates between. */
function scaleByLlama3(rope: Extract<Rope, { kind: 'llama3' }>, frequency: number): number {
  const wavelength = (2 * Math.PI) / frequency
  if (wavelength < rope.originalContext / rope.highFrequencyFactor) return frequency
  if (wavelength > rope.originalContext / rope.lowFrequencyFactor) return frequency / rope.factor
  const smooth =
    (rope.originalContext / wavelength - rope.lowFrequencyFactor) / (rope.highFrequencyFactor - rope.lowFrequencyFactor)
  return ((1 - smooth) * frequency) / rope.factor + smooth * frequency
}

/** Computes cos and sin of all angles, [positionCount, rotarySize / 2], times the factor of YaRN or LongRoPE. */
export function rotaryTables(
  rope: Rope,
  rotarySize: number,
  positionCount: number
): { cos: Float32Array; sin: Float32Array } {
  if (rope.kind === 'longrope' || rope.kind === 'dynamic') refuseTooManyPositions(rope, positionCount)
  const frequencies = inverseFrequencies(rope, rotarySize)
  const half = frequencies.length
  const length = rope.kind === 'yarn' || rope.kind === 'longrope' ? rope.attentionFactor : 1
  const cos = new Float32Array(positionCount * half)
  const sin = new Float32Array(positionCount * half)
  for (let position = 0; position < positionCount; position++) {
    frequencies.forEach((frequency, i) => {
      const angle = Math.fround(position * frequency)
      cos[position * half + i] = Math.cos(angle) * length
      sin[position * half + i] = Math.sin(angle) * length
    })
  }
  return { cos, sin }
}
