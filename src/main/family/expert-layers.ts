import type { DecoderSpec } from './decoder-spec'
import type { Experts } from './experts'

/** Whether some layer has experts. */
export function hasExperts(spec: DecoderSpec): boolean {
  return anyExperts(spec) !== null
}

/** Those of the first layer that has some, as all others that have some have them. */
export function anyExperts({ layers }: DecoderSpec): Experts | null {
  const [first = null] = layers.flatMap(({ experts }) => (experts === null ? [] : [experts]))
  return first
}

/** One layer of each kind that the model has: with one MLP, and with experts. */
export function layerKinds({ layers }: DecoderSpec): number[] {
  const kinds = [false, true].map((routed) =>
    layers.findIndex(({ experts }) => (experts !== null) === routed)
  )
  return kinds.filter((layer) => layer !== -1)
}

/** Inner size of the widest MLP of a layer, or of the experts in its place. */
export function widestMlp({ layers, intermediateSize }: DecoderSpec): number {
  return Math.max(...layers.map(({ experts }) => (experts === null ? intermediateSize : experts.size)))
}
