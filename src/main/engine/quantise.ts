import { QUANTISED_BLOCK } from '../family/layer-builder'

/** Unsigned zero of symmetric int8 blocks. */
const ZERO_POINT = 128

/**
 * Rounds a weight matrix to int8 in blocks of 32 along its input dimension: w is (q - 128) * scale, with the scale such
 * that the block's largest weight is 127 steps from zero.
 *
 * @param weights [rows, columns]
 * @param quantised [rows, ceil(columns / 32), 32]; a last block that is not full ends in zeros
 * @param scales [rows x ceil(columns / 32)]
 */
export function quantiseBlocks(
  weights: Float32Array,
  columns: number,
  quantised: Uint8Array,
  scales: Float32Array
): void {
  const blocksPerRow = Math.ceil(columns / QUANTISED_BLOCK)
  for (let block = 0; block < scales.length; block++) {
    const row = Math.floor(block / blocksPerRow)
    const first = row * columns + (block % blocksPerRow) * QUANTISED_BLOCK
    const end = Math.min(first + QUANTISED_BLOCK, (row + 1) * columns)
    let largest = 0
    for (let i = first; i < end; i++) largest = Math.max(largest, Math.abs(weights[i] ?? 0))
    const scale = largest / 127
    scales[block] = scale
    const target = block * QUANTISED_BLOCK
    quantised.fill(ZERO_POINT, target, target + QUANTISED_BLOCK)
    if (scale === 0) continue
    for (let i = first; i < end; i++) {
      quantised[target + i - first] = Math.round((weights[i] ?? 0) / scale) + ZERO_POINT
    }
  }
}
