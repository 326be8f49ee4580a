import type { LayerStrength } from '../../contract/model/recipe'
import { layerTensors, requireComponents, tensorStrength } from '../family'
import { roundFloat32, type WeightDtype } from './dtype'
import type { PairMember } from './pair-member'

/** Origin of the bytes of a tensor in a restored model. */
export type TensorOrigin =
  | 'post' // post's bytes
  | 'merged' // a weight of base with post's adapter
  | 'base' // base's bytes
  | 'checkpoint' // bytes of another checkpoint, the source of the layer
  | 'converted' // the source's values, rounded to post's dtype
  | 'scaled' // a factor of post's adapter, multiplied by the share of post
  | 'factor' // a factor of a low-rank adapter
  | 'blended' // a blend of post's and the source's values, rounded to post's dtype

/**
 * Determines where a tensor's bytes come from.
 *
 * @param strength share of the layer's source in the blend: 0 is post, 1 is the source
 * @param from the kind of the layer's source
 */
export function tensorOrigin(
  strength: number,
  dtypes: { source: WeightDtype; post: WeightDtype },
  from: 'base' | 'checkpoint'
): TensorOrigin {
  if (strength === 0) return 'post'
  if (strength !== 1) return 'blended'
  return dtypes.source === dtypes.post ? from : 'converted'
}

/**
 * Blends values in place: (1 - a) post + a source in float32, rounded to post's stored dtype.
 *
 * @param values the values of the source, which the blend replaces.
 * @param post unused for strength 1.
 * @param strength a, not 0. Below 0 or above 1 it extrapolates.
 */
export function restoreValues(
  values: Float32Array,
  post: Float32Array | null,
  strength: number,
  dtypes: { source: WeightDtype; post: WeightDtype }
): void {
  if (strength !== 1 && post !== null) {
    for (let i = 0; i < values.length; i++) {
      // Rounded after every step, as float32 arithmetic does.
      values[i] =
        Math.fround(Math.fround(1 - strength) * (post[i] ?? 0)) + Math.fround(Math.fround(strength) * (values[i] ?? 0))
    }
  }
  if (strength !== 1 || dtypes.source !== dtypes.post) roundFloat32(values, dtypes.post)
}

/** Returns the restored tensors of the decoder layers by canonical name, each with the share of the layer's source. */
export function restoredTensors(
  { spec }: PairMember,
  strengths: readonly LayerStrength[]
): Map<string, { strength: number; layer: LayerStrength }> {
  requireComponents(spec, strengths)
  const entries = strengths.flatMap((layer, index) =>
    layerTensors(spec, index).map(
      (tensor) => [tensor.name, { strength: tensorStrength(tensor, layer), layer }] as const
    )
  )
  return new Map(entries.filter(([, { strength }]) => strength !== 0))
}

/** Multiplies values by a factor in float32 and rounds them to a dtype, in place. */
export function scaleValues(values: Float32Array, factor: number, dtype: WeightDtype): void {
  for (const [i, value] of values.entries()) values[i] = value * Math.fround(factor)
  roundFloat32(values, dtype)
}
