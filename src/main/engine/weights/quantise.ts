import type { WeightStorage } from '../../../contract/model/sampling'
import type { ResidentTensor } from '../../graphs/resident-weights'
import { QUANTISED_BLOCK, quantisedBits } from '../../graphs/layer-builder'

/**
 * Rounds a weight matrix, [rows, columns], to 8 or 4 bits in blocks of 32 inputs. A quantised value q represents the
 * weight (q - zero) * scale, where zero is 128 for 8 bits and 8 for 4 bits.
 * @param quantised receives [rows, ceil(columns / 32), 32 or 16 bytes]. Of two 4-bit values the first is in the low
 *   half of a byte. Incomplete blocks are padded with zero.
 * @param scales receives [rows x ceil(columns / 32)]
 */
export function quantiseBlocks(
  weights: Float32Array,
  columns: number,
  bits: 4 | 8,
  quantised: Uint8Array,
  scales: Float32Array
): void {
  const zero = 2 ** (bits - 1)
  const perByte = 8 / bits
  const zeroByte = bits === 8 ? zero : zero | (zero << bits)
  const blockBytes = QUANTISED_BLOCK / perByte
  const blocksPerRow = Math.ceil(columns / QUANTISED_BLOCK)
  for (let block = 0; block < scales.length; block++) {
    const row = Math.floor(block / blocksPerRow)
    const first = row * columns + (block % blocksPerRow) * QUANTISED_BLOCK
    const end = Math.min(first + QUANTISED_BLOCK, (row + 1) * columns)
    const scale = largestOf(weights, first, end) / (zero - 1)
    scales[block] = scale
    const target = block * blockBytes
    if (scale === 0 || end < first + QUANTISED_BLOCK) quantised.fill(zeroByte, target, target + blockBytes)
    if (scale === 0) continue
    // Indices are not checked here and below, because all weights of a model pass through and a row ends within them.
    // Adding a half and truncating rounds.
    if (bits === 8) {
      for (let i = first; i < end; i++) quantised[target + i - first] = ((weights[i] ?? 0) / scale + 128.5) | 0
      continue
    }
    for (let i = first; i < end; i += 2) {
      const low = ((weights[i] ?? 0) / scale + 8.5) | 0
      const high = i + 1 < end ? ((weights[i + 1] ?? 0) / scale + 8.5) | 0 : 8
      quantised[target + (i - first) / 2] = low | (high << 4)
    }
  }
}

/** Returns the largest magnitude, or NaN if any weight is NaN, so that broken weights show in computed results. */
function largestOf(weights: Float32Array, first: number, end: number): number {
  let largest = 0
  let sum = 0
  for (let i = first; i < end; i++) {
    const size = Math.abs(weights[i] ?? 0)
    sum += size
    if (size > largest) largest = size
  }
  return Number.isNaN(sum) ? sum : largest
}

/**
 * Writes consecutive rows of a tensor, beginning with row `first`, as bytes of a resident layout. The tensor is
 * quantised if the layout has scales for it.
 */
export function packRows(
  packed: Uint8Array,
  { shape, offset, byteLength, scaleBytes }: ResidentTensor,
  data: Float32Array,
  first: number,
  storage: WeightStorage
): void {
  const [rows = 1, columns = 1] = shape
  const start = offset + (first * byteLength) / rows
  const bits = quantisedBits(storage)
  if (bits === null || scaleBytes === 0) {
    packed.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start)
    return
  }
  const rowCount = data.length / columns
  const end = start + (rowCount * byteLength) / rows
  const rowScaleBytes = scaleBytes / rows
  const scales = new Float32Array((rowCount * rowScaleBytes) / Float32Array.BYTES_PER_ELEMENT)
  quantiseBlocks(data, columns, bits, packed.subarray(start, end), scales)
  packed.set(new Uint8Array(scales.buffer), offset + byteLength + first * rowScaleBytes)
}
