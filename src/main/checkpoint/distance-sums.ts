import type { Distance } from '../../contract/distances'
import { decodeFloat32, DTYPE_BYTES, type WeightDtype } from './dtype'

/** Weights at a time: both sides decoded take 16 kB, so that they stay in the processor's first cache. */
const BLOCK = 2048

/**
 * What distances are made of, summed over weights. Sums are float64: the square of a float32 is exact in it, and a
 * block's sum is added as a whole, so the relative error stays near 1e-13 for any model size.
 */
export class DistanceSums {
  elements = 0
  changed = 0
  nonFinite = 0
  private baseSquares = 0
  private postSquares = 0
  private differenceSquares = 0
  private products = 0

  /**
   * Adds stored weights, the same number on both sides.
   *
   * @param base little-endian, of `baseDtype`; fastest when aligned to 4 bytes
   */
  add(base: Uint8Array, baseDtype: WeightDtype, post: Uint8Array, postDtype: WeightDtype): void {
    const elements = base.byteLength / DTYPE_BYTES[baseDtype]
    for (let start = 0; start < elements; start += BLOCK) {
      const length = Math.min(BLOCK, elements - start)
      const baseBlock = block(base, baseDtype, start, length)
      const postBlock = block(post, postDtype, start, length)
      const [x, y] = [baseFloats.subarray(0, length), postFloats.subarray(0, length)]
      decodeFloat32(baseBlock, baseDtype, x)
      if (baseDtype === postDtype && Buffer.compare(baseBlock, postBlock) === 0) {
        this.addBlock(x, x)
      } else {
        decodeFloat32(postBlock, postDtype, y)
        this.addBlock(x, y)
      }
    }
    this.elements += elements
  }

  /** Adds what another one has summed. */
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
    return {
      elements: this.elements,
      changed: this.changed,
      nonFinite: this.nonFinite,
      baseNorm,
      postNorm,
      differenceNorm,
      relativeNorm: baseNorm > 0 ? differenceNorm / baseNorm : differenceNorm === 0 ? 0 : null,
      cosine: baseNorm > 0 && postNorm > 0 ? clampCosine(this.products / (baseNorm * postNorm)) : null
    }
  }

  private addBlock(x: Float32Array, y: Float32Array): void {
    const xBits = new Int32Array(x.buffer, x.byteOffset, x.length)
    const yBits = new Int32Array(y.buffer, y.byteOffset, y.length)
    let changed = 0
    let baseSquares = 0
    let postSquares = 0
    let differenceSquares = 0
    let products = 0
    for (let i = 0; i < x.length; i++) {
      const inBase = x[i] ?? 0
      const inPost = y[i] ?? 0
      const difference = inPost - inBase
      baseSquares += inBase * inBase
      postSquares += inPost * inPost
      differenceSquares += difference * difference
      products += inBase * inPost
      // 1 where any bit differs. A comparison would branch, mispredict on every few weights, and halve the speed.
      const bits = (xBits[i] ?? 0) ^ (yBits[i] ?? 0)
      changed = (changed + ((bits | -bits) >>> 31)) | 0
    }
    this.changed += changed
    // Squares of finite float32 values cannot overflow float64, so anything else has NaN or infinity in it.
    if (!Number.isFinite(baseSquares + postSquares)) {
      this.addFinite(x, y)
      return
    }
    this.baseSquares += baseSquares
    this.postSquares += postSquares
    this.differenceSquares += differenceSquares
    this.products += products
  }

  /** The rare block with NaN or infinity: those weights are counted, the others summed. */
  private addFinite(x: Float32Array, y: Float32Array): void {
    for (let i = 0; i < x.length; i++) {
      const inBase = x[i] ?? 0
      const inPost = y[i] ?? 0
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

const baseFloats = new Float32Array(BLOCK)
const postFloats = new Float32Array(BLOCK)

function block(bytes: Uint8Array, dtype: WeightDtype, start: number, length: number): Uint8Array {
  const size = DTYPE_BYTES[dtype]
  return bytes.subarray(start * size, (start + length) * size)
}

/** Rounding may leave the quotient of parallel weights a hair beyond 1. */
function clampCosine(value: number): number {
  return Math.min(1, Math.max(-1, value))
}
