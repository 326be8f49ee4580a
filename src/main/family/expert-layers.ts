import type { DecoderSpec } from './decoder-spec'
import type { Experts } from './experts'
import { type Recurrence, stateSize } from './recurrent'
import type { Rope } from './rope'
import { elementAt } from '../../contract/model/look-up'

export function hasExperts(spec: DecoderSpec): boolean {
  return anyExperts(spec) !== null
}

/** Returns the experts of the first layer with experts; null without one. All layers have the same kind of experts. */
export function anyExperts({ layers }: DecoderSpec): Experts | null {
  return layers.find(({ experts }) => experts !== null)?.experts ?? null
}

/** Lists the first layer of each kind. Layers of one kind have the same graph and differ only in their weights. */
export function layerKinds(spec: DecoderSpec): number[] {
  const kinds = spec.layers.map((_, layer) => layerKind(spec, layer))
  return [...new Set(kinds)].map((kind) => kinds.indexOf(kind))
}

/** Returns a key for a layer's kind, equal for layers with the same graph. */
export function layerKind({ layers, normEpsilon }: DecoderSpec, layer: number): string {
  const { experts, attends, recurrent, hasMlp, shape, carriedPair } = elementAt(layers, layer, 'layer')
  return JSON.stringify([experts !== null, attends, recurrent?.kind, hasMlp, normEpsilon, shape, carriedPair])
}

/** Returns the recurrence of the first recurrent layer; null without one. All layers have the same recurrence. */
export function anyRecurrence({ layers }: DecoderSpec): Recurrence | null {
  return layers.find(({ recurrent }) => recurrent !== null)?.recurrent ?? null
}

/** Gives the inner size of the widest MLP, or of the experts that replace it. */
export function widestMlp({ layers, intermediateSize }: DecoderSpec): number {
  return Math.max(
    ...layers.map(({ experts }) =>
      experts === null ? intermediateSize : Math.max(experts.size, experts.sharedSize ?? experts.size)
    )
  )
}

/** One part of a layer that caches two tensors for the next token: attention, or a recurrent state. */
export interface CachedPart {
  /** Numbers of a token's key, or of the input of a state's convolution. */
  readonly key: number
  /** Numbers of a token's value, or of a state. */
  readonly value: number
  /** Null for attention. */
  readonly recurrent: Recurrence | null
}

/** Lists the parts of a layer that cache tensors, attention first: one part, both or none. */
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
  const layer = spec.layers.findIndex((other) => other.rope === rope)
  return specOfLayer(spec, Math.max(0, layer)).rotarySize
}

export function specOfLayer(spec: DecoderSpec, layer: number): DecoderSpec {
  const { shape } = elementAt(spec.layers, layer, 'layer')
  return shape === null ? spec : { ...spec, ...shape }
}
