import { decodeFloat32 } from '../../checkpoint/dtype'
import { wholeModelTensors } from '../../family'
import type { ModelWeights } from './pair-weights'

/**
 * Rows first .. first + count - 1 of a stored matrix in float32, end to end; of a vector, its elements.
 *
 * @param width of a row; 1 for a vector
 */
export async function readFloatRows(
  model: ModelWeights,
  name: string,
  first: number,
  count: number,
  width: number
): Promise<Float32Array> {
  const data = new Float32Array(count * width)
  decodeFloat32(await model.reader.readRows(name, first, count), model.dtype(name), data)
  return data
}

/** Single rows of a stored matrix in float32, end to end in the order asked for, [rows.length, width]. */
export async function gatherFloatRows(
  model: ModelWeights,
  name: string,
  rows: readonly number[],
  width: number
): Promise<Float32Array> {
  const data = new Float32Array(rows.length * width)
  decodeFloat32(await model.reader.gatherRows(name, rows), model.dtype(name), data)
  return data
}

/** The final norm's weight and then its bias, as head graphs are fed them; ones for a norm that has neither. */
export async function readFinalNorm(model: ModelWeights): Promise<Float32Array> {
  const { hiddenSize } = model.spec
  const { finalNorm } = wholeModelTensors(model.spec)
  if (finalNorm.length === 0) return new Float32Array(hiddenSize).fill(1)
  const norm = new Float32Array(finalNorm.length * hiddenSize)
  for (const [i, { name }] of finalNorm.entries())
    norm.set(await readFloatRows(model, name, 0, hiddenSize, 1), i * hiddenSize)
  return norm
}
