import type { DecoderSpec } from './decoder-spec'
import type { Experts } from './experts'

/** Reports whether a layer has experts. */
export function hasExperts(spec: DecoderSpec): boolean {
  return anyExperts(spec) !== null
}

/** Gives the experts of the first layer with experts; all layers with experts have the same. */
export function anyExperts({ layers }: DecoderSpec): Experts | null {
  const [first = null] = layers.flatMap(({ experts }) => (experts === null ? [] : [experts]))
  return first
}

/** Lists one layer of each kind in the model: with one MLP, and with experts. */
export function layerKinds({ layers }: DecoderSpec): number[] {
  const kinds = [false, true].map((routed) =>
    layers.findIndex(({ experts }) => (experts !== null) === routed)
  )
  return kinds.filter((layer) => layer !== -1)
}

/** Gives the inner size of the widest MLP, or of the experts that replace it. */
export function widestMlp({ layers, intermediateSize }: DecoderSpec): number {
  return Math.max(...layers.map(({ experts }) => (experts === null ? intermediateSize : experts.size)))
}
