import { z } from 'zod'
import { WorkbenchError } from '../../contract/model/problem'
import { at } from '../../contract/model/look-up'
import { quoteName } from '../base/json-object'
import { DTYPE_BYTES, encodeFloat32, roundFloat32 } from './dtype'
import type { Float8, TensorEntry } from './safetensors'

/**
 * Checkpoints of float8 weights (E4M3) with scales by block, as DeepSeek, Qwen and Mistral publish them: a weight is its float8
 * times the scale of its block. They are read as BF16, as DeepSeek's own conversion stores them. Activations, which the
 * reference rounds to float8 as well, are not rounded.
 */

/** Scales of 128 x 128 blocks, or one of the whole tensor where `weight_block_size` is null. */
const Float8Config = z.strictObject({
  quant_method: z.literal('fp8'),
  fmt: z.literal('e4m3').nullish(),
  weight_block_size: z.tuple([z.number().int().positive(), z.number().int().positive()]).nullish(),
  activation_scheme: z.string().nullish(),
  modules_to_not_convert: z.array(z.string()).nullish(),
  dequantize: z.boolean().nullish(),
  scale_fmt: z.string().nullish()
})

/** What a config says of float8 weights; null where it says nothing, or something else than is read. */
function float8Of(config: Readonly<Record<string, unknown>>): z.infer<typeof Float8Config> | null {
  return Float8Config.safeParse(config.quantization_config).data ?? null
}

/** A config without what it says of float8 weights, which are read as others are. */
export function configWithoutFloat8(config: Record<string, unknown>): Record<string, unknown> {
  if (float8Of(config) === null) return config
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'quantization_config'))
}

/**
 * Tensors of a checkpoint with float8 weights as the BF16 they are read as; their scales are no tensors of their own.
 *
 * @throws WorkbenchError `bad-file` for scales that do not fit
 */
export function joinFloat8(
  tensors: ReadonlyMap<string, TensorEntry>,
  config: Readonly<Record<string, unknown>>
): Map<string, TensorEntry> {
  const float8 = float8Of(config)
  const joined = new Map(tensors)
  if (float8 === null) return joined
  for (const [name, entry] of tensors) {
    const scales = tensors.get(`${name}_scale_inv`)
    if (entry.dtype !== 'F8_E4M3' || scales === undefined) continue
    const [rows = 0, columns = 0] = entry.shape
    // A config that leaves the blocks out means the usual ones.
    const block: [number, number] =
      float8.weight_block_size === undefined ? [128, 128] : (float8.weight_block_size ?? [rows, columns])
    requireFit(entry, scales, block)
    joined.set(name, {
      ...entry,
      dtype: 'BF16',
      byteLength: entry.byteLength * DTYPE_BYTES.BF16,
      float8: { scales, block }
    })
    joined.delete(`${name}_scale_inv`)
  }
  return joined
}

function requireFit(
  entry: TensorEntry,
  scales: TensorEntry,
  [blockRows, blockColumns]: [number, number]
): void {
  const [rows = 0, columns = 0, ...more] = entry.shape
  const expected = Math.ceil(rows / blockRows) * Math.ceil(columns / blockColumns)
  const count = scales.shape.reduce((product, size) => product * size, 1)
  const isFloat = scales.dtype === 'F32' || scales.dtype === 'BF16' || scales.dtype === 'F16'
  if (more.length === 0 && columns > 0 && isFloat && count === expected) return
  throw new WorkbenchError(
    'bad-file',
    `${scales.file}: tensor ${quoteName(scales.name)} has ${count} scales in ${scales.dtype}, expected ${expected} in F32, F16 or BF16 ` +
      `for blocks of ${blockRows} x ${blockColumns} of [${entry.shape.join(', ')}].`
  )
}

/** Values of the 256 E4M3 numbers: no infinities, and one NaN of each sign. */
const VALUES = Float32Array.from({ length: 256 }, (_, bits) => {
  const exponent = (bits >> 3) & 0xf
  const mantissa = bits & 0x7
  const size =
    exponent === 0xf && mantissa === 0x7
      ? NaN
      : exponent === 0
        ? mantissa * 2 ** -9
        : (8 + mantissa) * 2 ** (exponent - 10)
  return bits >= 128 ? -size : size
})

/**
 * Multiplies stored float8 by the scales of their blocks, in float32, and rounds to BF16.
 *
 * @param stored elements from `first` on, row by row
 * @param scales of all blocks, row by row
 * @param columns of the tensor
 * @param target BF16, as many elements
 */
export function multiplyOut(
  stored: Uint8Array,
  first: number,
  scales: Float32Array,
  { block: [blockRows, blockColumns] }: Pick<Float8, 'block'>,
  columns: number,
  target: Uint8Array
): void {
  const perRow = Math.ceil(columns / blockColumns)
  const values = new Float32Array(stored.length)
  let done = 0
  while (done < stored.length) {
    const row = Math.floor((first + done) / columns)
    const column = (first + done) % columns
    const blockColumn = Math.floor(column / blockColumns)
    const scale = at(scales, Math.floor(row / blockRows) * perRow + blockColumn, 'scale')
    const blockEnd = Math.min((blockColumn + 1) * blockColumns, columns)
    const end = Math.min(done + blockEnd - column, stored.length)
    for (; done < end; done++) values[done] = (VALUES[stored[done] ?? 0] ?? 0) * scale
  }
  roundFloat32(values, 'BF16')
  encodeFloat32(values, 'BF16', target)
}

/** The dtype that a tensor is stored in, for people. */
export function storedDtype({ dtype, float8 }: Pick<TensorEntry, 'dtype' | 'float8'>): string {
  return float8 === undefined ? dtype : 'F8_E4M3'
}
