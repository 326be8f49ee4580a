import type { HeldWeights } from '../../../contract/model/sampling'
import { layoutBytes, type HeldTensor } from '../../graphs/held-weights'
import { QUANTISED_BLOCK, quantisedBits } from '../../graphs/layer-builder'
import { got } from '../../../contract/model/look-up'

/**
 * Rounds a weight matrix to 8 or 4 bits in blocks of 32 along its input dimension: w is (q - zero) * scale, with zero in
 * the middle (128 or 8) and the scale such that the block's largest weight is 127 or 7 steps from it.
 *
 * @param weights [rows, columns]
 * @param quantised [rows, ceil(columns / 32), 32 or 16]; of 4 bits two share a byte, the first its low half; a last block
 *   that is not full ends in zeros
 * @param scales [rows x ceil(columns / 32)]
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
    // Unchecked, here and below: all weights of a model come through, and a row ends within them.
    let largest = 0
    for (let i = first; i < end; i++) largest = Math.max(largest, Math.abs(weights[i] ?? 0))
    const scale = largest / (zero - 1)
    scales[block] = scale
    const target = block * blockBytes
    quantised.fill(zeroByte, target, target + blockBytes)
    if (scale === 0) continue
    for (let i = first; i < end; i += perByte) {
      let byte = 0
      for (let part = perByte - 1; part >= 0; part--) {
        const weight = i + part < end ? (weights[i + part] ?? 0) : 0
        byte = (byte << bits) | (Math.round(weight / scale) + zero)
      }
      quantised[target + (i - first) / perByte] = byte
    }
  }
}

/** Values of tensors' parts, by name, as the bytes of a layout. */
export function packHeld(
  layout: readonly HeldTensor[],
  tensors: ReadonlyMap<string, Float32Array>,
  weights: HeldWeights
): Uint8Array {
  const packed = new Uint8Array(layoutBytes(layout))
  for (const tensor of layout) {
    const [, columns = 1] = tensor.shape
    let first = 0
    for (const part of tensor.parts) {
      const data = got(tensors, part, 'tensor')
      packRows(packed, tensor, data, first, weights)
      first += data.length / columns
    }
  }
  return packed
}

/**
 * Puts some rows of a tensor (or elements of a vector) into the bytes of its layout.
 *
 * @param data values of the rows from `first` on
 */
export function packRows(
  packed: Uint8Array,
  { shape, offset, byteLength, scaleBytes }: HeldTensor,
  data: Float32Array,
  first: number,
  weights: HeldWeights
): void {
  const [rows = 1, columns = 1] = shape
  const start = offset + (first * byteLength) / rows
  const bits = quantisedBits(weights)
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
