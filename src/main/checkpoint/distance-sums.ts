import type { Distance } from '../../contract/documents/distances'
import { decodeFloat32, DTYPE_BYTES, type WeightDtype } from './dtype'

/** Weights in a block. Blocks of this size fit in the processor's level-2 cache, and work per block costs little. */
const BLOCK = 2 ** 15

/**
 * Sums in float64 from which the distance between weights of base and post is computed. Blocks are summed before they
 * are added, so the relative error stays near 1e-13.
 */
export class DistanceSums {
  elements = 0
  /** Weights that differ in any bit. */
  changed = 0
  /** Weights that are NaN or infinite in base or post. The other sums leave them out. */
  nonFinite = 0
  private baseSquares = 0
  private postSquares = 0
  private differenceSquares = 0
  private products = 0

  /** Adds stored little-endian weights, equally many on both sides. */
  add(base: Uint8Array, baseDtype: WeightDtype, post: Uint8Array, postDtype: WeightDtype): void {
    const elements = base.byteLength / DTYPE_BYTES[baseDtype]
    for (let start = 0; start < elements; start += BLOCK) {
      const length = Math.min(BLOCK, elements - start)
      this.addBlock(block(base, baseDtype, start, length), baseDtype, block(post, postDtype, start, length), postDtype)
    }
    this.elements += elements
  }

  /** Adds the sums of other weights, such as those of another tensor. */
  addSums(other: DistanceSums): void {
    this.elements += other.elements
    this.changed += other.changed
    this.nonFinite += other.nonFinite
    this.baseSquares += other.baseSquares
    this.postSquares += other.postSquares
    this.differenceSquares += other.differenceSquares
    this.products += other.products
  }

  distance(): Distance {
    const [baseNorm, postNorm] = [Math.sqrt(this.baseSquares), Math.sqrt(this.postSquares)]
    const differenceNorm = Math.sqrt(this.differenceSquares)
    // Weights that differ from zero weights have no relative distance.
    const distanceFromZero = differenceNorm === 0 ? 0 : null
    return {
      elements: this.elements,
      changed: this.changed,
      nonFinite: this.nonFinite,
      baseNorm,
      postNorm,
      differenceNorm,
      relativeNorm: baseNorm > 0 ? differenceNorm / baseNorm : distanceFromZero,
      cosine: baseNorm > 0 && postNorm > 0 ? Math.min(1, Math.max(-1, this.products / (baseNorm * postNorm))) : null
    }
  }

  private addBlock(base: Uint8Array, baseDtype: WeightDtype, post: Uint8Array, postDtype: WeightDtype): void {
    // If both blocks are equal, base's is read twice, because reading other memory takes time.
    const identical = baseDtype === postDtype && Buffer.compare(base, post) === 0
    const postBlock = identical ? base : post
    const sums =
      baseDtype === postDtype && baseDtype !== 'F32'
        ? sumPatterns(patternsOf(base), patternsOf(postBlock), valuesOf(baseDtype))
        : sumFloats(floatsOf(base, baseDtype), floatsOf(postBlock, postDtype))
    this.changed += sums.changed
    // Squares of finite float32 values cannot overflow float64. A sum that is not finite shows a non-finite weight.
    if (!Number.isFinite(sums.baseSquares + sums.postSquares)) {
      this.addFinite(floatsOf(base, baseDtype), floatsOf(post, postDtype))
      return
    }
    this.baseSquares += sums.baseSquares
    this.postSquares += sums.postSquares
    this.differenceSquares += sums.differenceSquares
    this.products += sums.products
  }

  /** Adds the finite weights of a block, and counts NaN and infinity. Few blocks need this slower loop. */
  private addFinite(base: Float32Array, post: Float32Array): void {
    for (let i = 0; i < base.length; i++) {
      const inBase = base[i] ?? 0
      const inPost = post[i] ?? 0
      if (!Number.isFinite(inBase) || !Number.isFinite(inPost)) {
        this.nonFinite++
        continue
      }
      this.baseSquares += inBase ** 2
      this.postSquares += inPost ** 2
      this.differenceSquares += (inPost - inBase) ** 2
      this.products += inBase * inPost
    }
  }
}

interface BlockSums {
  changed: number
  baseSquares: number
  postSquares: number
  differenceSquares: number
  products: number
}

// The two loops that determine the speed. `(bits | -bits) >>> 31` is 1 if any bit is set, without a comparison:
// mispredicted branches would halve the speed.

/** Sums two blocks of 16-bit floats, given as bit patterns. @param values the float32 of each of the 65,536 patterns */
function sumPatterns(base: Uint16Array, post: Uint16Array, values: Float32Array): BlockSums {
  let changed = 0
  let baseSquares = 0
  let postSquares = 0
  let differenceSquares = 0
  let products = 0
  for (let i = 0; i < base.length; i++) {
    const baseBits = base[i] ?? 0
    const postBits = post[i] ?? 0
    const inBase = values[baseBits] ?? 0
    const inPost = values[postBits] ?? 0
    const difference = inPost - inBase
    baseSquares += inBase * inBase
    postSquares += inPost * inPost
    differenceSquares += difference * difference
    products += inBase * inPost
    const bits = baseBits ^ postBits
    changed = (changed + ((bits | -bits) >>> 31)) | 0
  }
  return { changed, baseSquares, postSquares, differenceSquares, products }
}

function sumFloats(base: Float32Array, post: Float32Array): BlockSums {
  const baseBits = new Int32Array(base.buffer, base.byteOffset, base.length)
  const postBits = new Int32Array(post.buffer, post.byteOffset, post.length)
  let changed = 0
  let baseSquares = 0
  let postSquares = 0
  let differenceSquares = 0
  let products = 0
  for (let i = 0; i < base.length; i++) {
    const inBase = base[i] ?? 0
    const inPost = post[i] ?? 0
    const difference = inPost - inBase
    baseSquares += inBase * inBase
    postSquares += inPost * inPost
    differenceSquares += difference * difference
    products += inBase * inPost
    const bits = (baseBits[i] ?? 0) ^ (postBits[i] ?? 0)
    changed = (changed + ((bits | -bits) >>> 31)) | 0
  }
  return { changed, baseSquares, postSquares, differenceSquares, products }
}

const tables = new Map<WeightDtype, Float32Array>()

/** Returns the float32 values of all bit patterns of a 16-bit dtype. */
function valuesOf(dtype: 'F16' | 'BF16'): Float32Array {
  const cached = tables.get(dtype)
  if (cached !== undefined) return cached
  const patterns = Uint16Array.from({ length: 65_536 }, (_, bits) => bits)
  const values = new Float32Array(patterns.length)
  decodeFloat32(new Uint8Array(patterns.buffer), dtype, values)
  tables.set(dtype, values)
  return values
}

function patternsOf(bytes: Uint8Array): Uint16Array {
  // Views need an aligned start, which a copy has.
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes)
  return new Uint16Array(buffer, byteOffset, byteLength / 2)
}

function floatsOf(bytes: Uint8Array, dtype: WeightDtype): Float32Array {
  if (dtype === 'F32' && bytes.byteOffset % 4 === 0) {
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  }
  const values = new Float32Array(bytes.byteLength / DTYPE_BYTES[dtype])
  decodeFloat32(bytes, dtype, values)
  return values
}

function block(bytes: Uint8Array, dtype: WeightDtype, start: number, length: number): Uint8Array {
  const size = DTYPE_BYTES[dtype]
  return bytes.subarray(start * size, (start + length) * size)
}
