import { unsupportedError } from '../../contract/model/problem'
import { quoteName } from '../base/json-object'
import { decodeFloat32, DTYPE_BYTES, elementCount, isWeightDtype } from './dtype'
import type { TensorEntry } from './safetensors'
import { openWeightFile, readExactly } from './weight-file'

/** Constants of xIELU, which transformers stores as buffers and reads back. The graph has the published values. */
const XIELU_CONSTANTS = [
  [/\.act_fn\.beta$/, 0.5],
  [/\.act_fn\.eps$/, -1e-6]
] as const
/** Reports whether a tensor is a constant of the activation, which is checked when its checkpoint is opened. */
export const isActivationConstant = (name: string): boolean => XIELU_CONSTANTS.some(([pattern]) => pattern.test(name))

/** The relative change of -1e-6 by float16, whose numbers of this size are 6e-8 apart. */
const ROUNDING = 0.05

/**
 * Checks that constants of the activation, if they are stored, are those of the graph.
 * @throws WorkbenchError `unsupported` naming the tensor and its value
 */
export async function requireActivationConstants(tensors: ReadonlyMap<string, TensorEntry>): Promise<void> {
  for (const [name, entry] of tensors) {
    const checked = XIELU_CONSTANTS.find(([pattern]) => pattern.test(name))
    if (checked === undefined) continue
    const [, constant] = checked
    const values = elementCount(entry.shape) === 1 ? await readFloats(entry, 0, 1) : null
    const value = values?.[0]
    if (value !== undefined && Math.abs(value / constant - 1) < ROUNDING) continue
    throw unsupportedError(
      `${entry.file}: tensor ${quoteName(entry.name)} is ${value ?? `of the shape [${entry.shape.join(', ')}]`}, ` +
        `expected the single value ${constant}: xIELU is computed with the published constants.`,
      'Choose a checkpoint that was trained with them.'
    )
  }
}

/** Reads stored values as float32; null for scaled weights. */
export async function readFloats(entry: TensorEntry, first: number, count: number): Promise<Float32Array | null> {
  const { dtype, file, offset, scaled } = entry
  if (scaled !== undefined || !isWeightDtype(dtype)) return null
  const bytes = new Uint8Array(count * DTYPE_BYTES[dtype])
  const handle = await openWeightFile(file)
  try {
    await readExactly(handle, file, bytes, offset + first * DTYPE_BYTES[dtype])
  } finally {
    await handle.close()
  }
  const values = new Float32Array(count)
  decodeFloat32(bytes, dtype, values)
  return values
}
