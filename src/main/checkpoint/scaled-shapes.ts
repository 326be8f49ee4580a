import { WorkbenchError } from '../../contract/model/problem'
import { quoteName } from '../base/json-object'
import type { StoredTensor } from './safetensors'
import { openWeightFile, readNow } from './weight-file'

/** Bytes per element of the dtypes in which shapes are stored. */
const WIDTHS = new Map<string, number>([
  ['I32', 4],
  ['I64', 8]
])

/**
 * Reads stored shapes, by tensor.
 *
 * @throws WorkbenchError `bad-file` naming the file and tensor
 */
export async function readShapes(
  tensors: readonly StoredTensor[]
): Promise<Map<StoredTensor | null, [rows: number, columns: number]>> {
  const shapes = new Map<StoredTensor | null, [number, number]>()
  for (const file of new Set(tensors.map((tensor) => tensor.file))) {
    const handle = await openWeightFile(file)
    try {
      for (const tensor of tensors.filter((each) => each.file === file)) {
        const width = WIDTHS.get(tensor.dtype)
        if (width === undefined || String(tensor.shape) !== '2') throw noShape(tensor)
        const bytes = Buffer.alloc(2 * width)
        readNow(handle, file, bytes, tensor.offset)
        const sizes = [0, width].map((offset) =>
          width === 8 ? Number(bytes.readBigInt64LE(offset)) : bytes.readInt32LE(offset)
        )
        const [rows = 0, columns = 0] = sizes
        if (rows <= 0 || columns <= 0 || !Number.isSafeInteger(rows * columns)) throw noShape(tensor, sizes)
        shapes.set(tensor, [rows, columns])
      }
    } finally {
      await handle.close()
    }
  }
  return shapes
}

function noShape({ file, name, dtype, shape }: StoredTensor, sizes?: readonly number[]): WorkbenchError {
  const actual =
    sizes === undefined ? `is ${dtype} of the shape [${shape.join(', ')}]` : `holds ${sizes.join(', ')}`
  return new WorkbenchError(
    'bad-file',
    `${file}: tensor ${quoteName(name)} ${actual}, expected the number of rows and columns of a weight in I64 or I32.`
  )
}
