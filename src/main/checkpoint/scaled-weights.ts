import { z } from 'zod'
import { WorkbenchError } from '../../contract/model/problem'
import { at } from '../../contract/model/look-up'
import { quoteName } from '../base/json-object'
import { DTYPE_BYTES, encodeFloat32, roundFloat32 } from './dtype'
import type { Scaled, TensorEntry } from './safetensors'

/**
 * Checkpoints whose weights are a byte each, float8 (E4M3) or int8, times the scale of their block: float8 as DeepSeek, Qwen
 * and Mistral publish it, and both as compressed-tensors stores them. They are read as BF16, as DeepSeek's own conversion
 * stores them. Activations, which the reference may round as well, are not rounded.
 */

/** Scales of blocks, or one of the whole tensor where `weight_block_size` is null. */
const Float8Config = z.strictObject({
  quant_method: z.literal('fp8'),
  fmt: z.literal('e4m3').nullish(),
  weight_block_size: z.tuple([z.number().int().positive(), z.number().int().positive()]).nullish(),
  activation_scheme: z.string().nullish(),
  modules_to_not_convert: z.array(z.string()).nullish(),
  dequantize: z.boolean().nullish(),
  scale_fmt: z.string().nullish()
})

/** Of compressed-tensors: one group of weights, with a scale for each tensor, row, or group of a row. */
const CompressedConfig = z.object({
  quant_method: z.literal('compressed-tensors'),
  format: z.enum(['float-quantized', 'int-quantized', 'naive-quantized']),
  config_groups: z.strictObject({
    group_0: z.object({
      weights: z.object({
        num_bits: z.literal(8),
        type: z.enum(['float', 'int']),
        symmetric: z.literal(true),
        strategy: z.enum(['tensor', 'channel', 'group']),
        group_size: z.number().int().nullish(),
        actorder: z.null().optional()
      })
    })
  }),
  // Weights that are pruned or turned as well.
  sparsity_config: z
    .union([z.null(), z.strictObject({}), z.object({ format: z.literal('dense') })])
    .optional(),
  transform_config: z.union([z.null(), z.strictObject({})]).optional()
})

/** How a checkpoint's scales are named and laid out. */
interface Scheme {
  readonly suffix: string
  readonly blockOf: (rows: number, columns: number) => [rows: number, columns: number]
}

/** Null where a config says nothing of scaled weights, or something else than is read. */
function schemeOf({ quantization_config: config }: Readonly<Record<string, unknown>>): Scheme | null {
  const float8 = Float8Config.safeParse(config).data
  if (float8 !== undefined) {
    // A config that leaves the blocks out means the usual ones.
    const { weight_block_size: block = [128, 128] } = float8
    return { suffix: '_scale_inv', blockOf: (rows, columns) => block ?? [rows, columns] }
  }
  const compressed = CompressedConfig.safeParse(config).data
  if (compressed === undefined) return null
  const { strategy, group_size: groupSize } = compressed.config_groups.group_0.weights
  if (strategy === 'group' && (groupSize ?? 0) <= 0) return null
  return {
    suffix: '_scale',
    blockOf: (rows, columns) => {
      if (strategy === 'tensor') return [rows, columns]
      return [1, strategy === 'channel' ? columns : (groupSize ?? columns)]
    }
  }
}

/** A config without what it says of scaled weights, which are read as others are. */
export function configWithoutScales(config: Record<string, unknown>): Record<string, unknown> {
  if (schemeOf(config) === null) return config
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'quantization_config'))
}

/**
 * Tensors of a checkpoint with scaled weights as the BF16 they are read as; their scales are no tensors of their own.
 *
 * @throws WorkbenchError `bad-file` for scales that do not fit
 */
export function joinScales(
  tensors: ReadonlyMap<string, TensorEntry>,
  config: Readonly<Record<string, unknown>>
): Map<string, TensorEntry> {
  const scheme = schemeOf(config)
  const joined = new Map(tensors)
  if (scheme === null) return joined
  for (const [name, entry] of tensors) {
    const scales = tensors.get(name + scheme.suffix)
    const { dtype: stored } = entry
    if ((stored !== 'F8_E4M3' && stored !== 'I8') || scales === undefined) continue
    const [rows = 0, columns = 0] = entry.shape
    const block = scheme.blockOf(rows, columns)
    requireFit(entry, scales, block)
    const byteLength = entry.byteLength * DTYPE_BYTES.BF16
    joined.set(name, { ...entry, dtype: 'BF16', byteLength, scaled: { stored, scales, block } })
    joined.delete(name + scheme.suffix)
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
const FLOAT8 = Float32Array.from({ length: 256 }, (_, bits) => {
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

const INT8 = Float32Array.from({ length: 256 }, (_, bits) => (bits << 24) >> 24)

/**
 * Multiplies stored bytes by the scales of their blocks, in float32, and rounds to BF16.
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
  { stored: dtype, block: [blockRows, blockColumns] }: Pick<Scaled, 'stored' | 'block'>,
  columns: number,
  target: Uint8Array
): void {
  const numbers = dtype === 'I8' ? INT8 : FLOAT8
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
    for (; done < end; done++) values[done] = (numbers[stored[done] ?? 0] ?? 0) * scale
  }
  roundFloat32(values, 'BF16')
  encodeFloat32(values, 'BF16', target)
}

/** The dtype that a tensor is stored in, for people. */
export function storedDtype({ dtype, scaled }: Pick<TensorEntry, 'dtype' | 'scaled'>): string {
  return scaled === undefined ? dtype : scaled.stored
}
