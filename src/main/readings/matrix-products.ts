import type * as ort from 'onnxruntime-node'
import { mapGet } from '../../contract/model/look-up'
import { type Device, doubleTensor, floatsOf, floatTensor, openDevice, runTensors } from '../engine/device/device'
import { OnnxGraph } from '../graphs/onnx-model'

/** A matrix of stored rows. */
export interface StoredMatrix<Values extends Float32Array | Float64Array = Float32Array> {
  readonly rows: number
  readonly columns: number
  readonly values: Values
}

/** The factor that is transposed before a product. */
type Transposed = 'left' | 'right' | 'none'

/** Multiplies matrices by onnxruntime on the CPU. */
export class MatrixProducts {
  /** Sessions by type and transposed factor. */
  private readonly sessions = new Map<string, Promise<ort.InferenceSession>>()

  private constructor(private readonly device: Device) {}

  static async open(): Promise<MatrixProducts> {
    return new MatrixProducts(await openDevice('cpu'))
  }

  /** Returns left · right. */
  async multiply(left: StoredMatrix, right: StoredMatrix, transposed: Transposed): Promise<StoredMatrix> {
    const session = await this.sessionOf('float32', transposed)
    const tensor = ({ values, rows, columns }: StoredMatrix) => floatTensor(values, [rows, columns])
    const { product } = await runTensors(session, { left: tensor(left), right: tensor(right) })
    if (product === undefined) throw new Error('a product without a result')
    return { ...sizeOf(left, right, transposed), values: floatsOf(product) }
  }

  /** Returns M · Mᵀ [rows, rows] over the rows of a matrix M, or Mᵀ · M [columns, columns], in float64. */
  async gram({ values, rows, columns }: StoredMatrix, over: 'rows' | 'columns'): Promise<StoredMatrix<Float64Array>> {
    const session = await this.sessionOf('float64', over === 'rows' ? 'right' : 'left')
    const matrix = doubleTensor(Float64Array.from(values), [rows, columns])
    const { product } = await runTensors(session, { left: matrix, right: matrix })
    if (!(product?.data instanceof Float64Array)) throw new Error('a product without a result')
    const size = over === 'rows' ? rows : columns
    return { rows: size, columns: size, values: product.data }
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) await (await session).release()
    await this.device.close()
  }

  private sessionOf(type: 'float32' | 'float64', transposed: Transposed): Promise<ort.InferenceSession> {
    const key = `${type} ${transposed}`
    if (!this.sessions.has(key)) this.sessions.set(key, this.device.createSession(productGraph(type, transposed)))
    return mapGet(this.sessions, key, 'session')
  }
}

function sizeOf(left: StoredMatrix, right: StoredMatrix, transposed: Transposed): { rows: number; columns: number } {
  return {
    rows: transposed === 'left' ? left.columns : left.rows,
    columns: transposed === 'right' ? right.rows : right.columns
  }
}

function productGraph(type: 'float32' | 'float64', transposed: Transposed): Uint8Array {
  const graph = new OnnxGraph('product')
  const left = graph.input('left', type, ['a', 'b'])
  const right = graph.input('right', type, ['c', 'd'])
  const product = graph.node('product', 'Gemm', [left, right], {
    transA: { int: transposed === 'left' ? 1 : 0 },
    transB: { int: transposed === 'right' ? 1 : 0 }
  })
  graph.output(product, 'product', ['e', 'f'], type)
  return graph.encode()
}
