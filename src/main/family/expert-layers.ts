import type { DecoderSpec } from './decoder-spec'
import type { Experts } from './experts'
import { type Recurrence, stateSize } from './recurrent'
import type { Rope } from './rope'
import { elementAt } from '../../contract/model/look-up'

/** Reports whether a layer has experts. */
export function hasExperts(spec: DecoderSpec): boolean {
  return anyExperts(spec) !== null
}

/** Returns the experts of the first layer with experts; null without one. All layers have the same kind of experts. */
export function anyExperts({ layers }: DecoderSpec): Experts | null {
  const [first = null] = layers.flatMap(({ experts }) => (experts === null ? [] : [experts]))
  return first
}

/** Lists one layer of each kind in the model: with one MLP or experts, and with attention or a state. */
export function layerKinds(spec: DecoderSpec): number[] {
  const kinds = spec.layers.map((_, layer) => layerKind(spec, layer))
  return [...new Set(kinds)].map((kind) => kinds.indexOf(kind))
}

/** Returns a key that is equal for layers with the same graph. */
export function layerKind({ layers, normEpsilon }: DecoderSpec, layer: number): string {
  const { experts, attends, recurrent, hasMlp, shape, carriedPair } = elementAt(layers, layer, 'layer')
  return JSON.stringify([experts !== null, attends, recurrent?.kind, hasMlp, normEpsilon, shape, carriedPair])
}

/** Returns the recurrence of the first recurrent layer; null without one. All layers have the same recurrence. */
export function anyRecurrence({ layers }: DecoderSpec): Recurrence | null {
  const [first = null] = layers.flatMap(({ recurrent }) => (recurrent === null ? [] : [recurrent]))
  return first
}

/** Gives the inner size of the widest MLP, or of the experts that replace it. */
export function widestMlp({ layers, intermediateSize }: DecoderSpec): number {
  return Math.max(
    ...layers.map(({ experts }) =>
      experts === null ? intermediateSize : Math.max(experts.size, experts.sharedSize ?? experts.size)
    )
  )
}

/** Numbers that a layer caches for a token: key and value of attention, or input of a convolution and state. */
export interface CachedPart {
  readonly key: number
  readonly value: number
  /** Null for attention. */
  readonly recurrent: Recurrence | null
}

/**
 * Lists the tensors that a layer caches for the next token: of attention, of a recurrent state, of both or of neither.
 */
export function cachedParts(spec: DecoderSpec, layer: number): CachedPart[] {
  const { attends, recurrent } = elementAt(spec.layers, layer, 'layer')
  const { kvHeadCount, headSize, valueSize } = specOfLayer(spec, layer)
  return [
    ...(attends ? [{ key: kvHeadCount * headSize, value: kvHeadCount * valueSize, recurrent: null }] : []),
    ...(recurrent === null ? [] : [{ key: recurrent.channels, value: stateSize(recurrent), recurrent }])
  ]
}

/** Returns the number of dimensions that a rotary embedding rotates. @param rope embedding of one of the layers */
export function rotarySizeOf(spec: DecoderSpec, rope: Rope): number {
  return specOfLayer(
    spec,
    Math.max(
      0,
      spec.layers.findIndex((layer) => layer.rope === rope)
    )
  ).rotarySize
}

/** Gives the spec with the sizes of one layer. */
export function specOfLayer(spec: DecoderSpec, layer: number): DecoderSpec {
  const { shape } = elementAt(spec.layers, layer, 'layer')
  return shape === null ? spec : { ...spec, ...shape }
}
