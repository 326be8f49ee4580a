import { roundFloat32, type WeightDtype } from './dtype'

/** Where the stored bytes of a restored model's tensor come from. */
export type TensorOrigin =
  | 'post' // post's bytes
  | 'base' // base's bytes
  | 'checkpoint' // those of another checkpoint, where it is the source of the layer
  | 'converted' // the source's values, rounded to post's dtype
  | 'blended' // between the two or beyond them, rounded to post's dtype

/**
 * @param strength how much of its source the tensor takes
 * @param from what that is
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
 * Turns values of base, or of another source, into those of the restored model, in place: (1 - a) post + a source in float32,
 * rounded to post's stored dtype. The engine computes with these values, and an export stores them.
 *
 * @param values of the source, any number of them
 * @param post the same elements of post; not looked at for strength 1
 * @param strength a, not 0; below 0 or above 1 it extrapolates
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
        Math.fround(Math.fround(1 - strength) * (post[i] ?? 0)) +
        Math.fround(Math.fround(strength) * (values[i] ?? 0))
    }
  }
  if (strength !== 1 || dtypes.source !== dtypes.post) roundFloat32(values, dtypes.post)
}
