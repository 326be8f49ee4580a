import { decodeFloat32 } from '../../checkpoint/dtype'
import { wholeModelTensors } from '../../family'
import { joinArrays } from '../rows/rows'
import type { ModelWeights } from './pair-weights'

/** Reads `count` rows of a stored matrix from `first` on as float32. A vector's rows are its elements. */
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

/** Reads single rows of a stored matrix as float32, in the order of `rows`, [rows.length, width]. */
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

/** Reads the final norm's weights as one array: weight, bias and projections before it; ones if nothing is stored. */
export async function readFinalNorm(model: ModelWeights): Promise<Float32Array> {
  const { finalNorm } = wholeModelTensors(model.spec)
  if (finalNorm.length === 0) return new Float32Array(model.spec.hiddenSize).fill(1)
  return joinArrays(
    await Promise.all(
      finalNorm.map(({ name, shape: [rows = 0, width = 1] }) => readFloatRows(model, name, 0, rows, width))
    )
  )
}
