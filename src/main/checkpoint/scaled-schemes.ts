import { z } from 'zod'
import { describeIssue, fileError, unsupportedError } from '../../contract/model/problem'
import { describeValue } from '../family/config-reader'
import { isJsonObject } from '../base/json-object'
import type { Scaled } from './safetensors'

/* Formats of quantised weights, which are stored as codes with scales. Formats that `METHODS` lacks are refused. */

/** Layout of a checkpoint's codes and scales, and the suffixes of their tensors' names. */
export interface Scheme {
  /** Possible kinds of codes. In layout `bytes`, the dtype of a tensor shows its kind. */
  readonly kinds: readonly Scaled['kind'][]
  readonly layout: Scaled['layout']
  readonly suffixes: {
    readonly codes: string
    readonly scales: string
    /** Null, like the two below, if the format has no such tensor. */
    readonly zeros: string | null
    readonly groups: string | null
    readonly shape: string | null
  }
  /** Suffixes of tensors that must not exist according to the config. */
  readonly absent: readonly string[]
  /** Number to add to stored zero points. */
  readonly zerosAdded: 0 | 1
  /** True if a weight may lack the tensor of groups, which are then consecutive. */
  readonly groupsOptional: boolean
  readonly groupOrder: NonNullable<Scaled['groups']>['order']
  /** Returns the rows and columns that share a scale, for a weight of this shape. */
  readonly blockOf: (rows: number, columns: number) => [rows: number, columns: number]
}

/** The common part of schemes with one code in each byte. */
const BYTES = {
  kinds: ['F8_E4M3', 'I8'],
  layout: 'bytes',
  absent: [],
  zerosAdded: 0,
  groupsOptional: true,
  groupOrder: 'any'
} as const satisfies Partial<Scheme>

const count = z.number().int().positive()

const Float8Config = z.strictObject({
  quant_method: z.literal('fp8'),
  fmt: z.literal('e4m3').nullish(),
  weight_block_size: z.tuple([count, count]).nullish(),
  activation_scheme: z.string().nullish(),
  modules_to_not_convert: z.array(z.string()).nullish(),
  dequantize: z.boolean().nullish(),
  scale_fmt: z.string().nullish()
})

function float8Scheme(config: z.infer<typeof Float8Config>): Scheme {
  // Without the setting, a block has 128 × 128 weights. Null means one block for the whole tensor.
  const block: [number, number] | null = config.weight_block_size === undefined ? [128, 128] : config.weight_block_size
  return {
    ...BYTES,
    suffixes: { codes: '.weight', scales: '.weight_scale_inv', zeros: null, groups: null, shape: null },
    blockOf: (rows, columns) => block ?? [rows, columns]
  }
}

/* Strategies of compressed-tensors: a scale for each row, group of a row, block of rows and columns, or tensor. */
const Channel = z.object({ strategy: z.literal('channel') })
const Group = z.object({ strategy: z.literal('group'), group_size: count })
const PackedStrategy = z.discriminatedUnion('strategy', [Channel, Group])
const Block = z.object({ strategy: z.literal('block'), block_structure: z.tuple([count, count]) })
const Strategy = z.discriminatedUnion('strategy', [
  z.object({ strategy: z.literal('tensor') }),
  ...[Channel, Group, Block]
])

/** A setting that must not be in use. */
const Unused = z.union([z.null(), z.strictObject({})]).optional()

/** Excludes weights that are also pruned or rotated. */
const COMPRESSED = {
  quant_method: z.literal('compressed-tensors'),
  sparsity_config: z.union([Unused, z.object({ format: z.literal('dense') })]),
  transform_config: Unused
}

const BytesFormat = z.enum(['float-quantized', 'int-quantized', 'naive-quantized'])
const WordsFormat = z.literal('pack-quantized')

const CompressedBytes = z.object({
  ...COMPRESSED,
  format: BytesFormat,
  config_groups: z.strictObject({
    group_0: z.object({
      format: BytesFormat.nullish(),
      weights: Strategy.and(
        z.object({
          num_bits: z.literal(8),
          type: z.enum(['float', 'int']),
          symmetric: z.literal(true),
          actorder: z.null().optional()
        })
      )
    })
  })
})

const CompressedWords = z.object({
  ...COMPRESSED,
  format: WordsFormat,
  config_groups: z.strictObject({
    group_0: z.object({
      format: WordsFormat.nullish(),
      weights: PackedStrategy.and(
        z.object({
          num_bits: z.literal([4, 8]),
          type: z.literal('int'),
          symmetric: z.boolean(),
          actorder: z.literal(['group', 'dynamic', 'weight', 'static', true, false]).nullish()
        })
      )
    })
  })
})

/** Values of `actorder` with which groups of columns are stored. The others affect only the calibration. */
const ORDERED: readonly unknown[] = ['group', 'dynamic', true]

const SCALE = '.weight_scale'
const ZERO_POINT = '.weight_zero_point'
const GROUP_INDEX = '.weight_g_idx'

function blocksBy(strategy: z.infer<typeof Strategy>): Scheme['blockOf'] {
  return (rows, columns) => {
    if (strategy.strategy === 'tensor') return [rows, columns]
    if (strategy.strategy === 'block') return strategy.block_structure
    return [1, strategy.strategy === 'channel' ? columns : strategy.group_size]
  }
}

function compressedBytes({ config_groups: groups }: z.infer<typeof CompressedBytes>): Scheme {
  return {
    ...BYTES,
    suffixes: { codes: '.weight', scales: SCALE, zeros: null, groups: null, shape: null },
    blockOf: blocksBy(groups.group_0.weights)
  }
}

function compressedWords({ config_groups: groups }: z.infer<typeof CompressedWords>): Scheme {
  const { weights } = groups.group_0
  const ordered = ORDERED.includes(weights.actorder)
  return {
    kinds: [weights.num_bits === 4 ? 'I4' : 'I8'],
    layout: 'rows',
    suffixes: {
      codes: '.weight_packed',
      scales: SCALE,
      zeros: weights.symmetric ? null : ZERO_POINT,
      groups: ordered ? GROUP_INDEX : null,
      shape: '.weight_shape'
    },
    absent: [...(weights.symmetric ? [ZERO_POINT] : []), ...(ordered ? [] : [GROUP_INDEX])],
    zerosAdded: 0,
    groupsOptional: false,
    // The reference sorts columns by their group and cuts them into groups of one size.
    groupOrder: 'even',
    blockOf: blocksBy(weights)
  }
}

const GptqFormat = z.enum(['gptq', 'gptq_v2']).nullish()

/** Config of GPTQ. Other keys of AutoGPTQ, GPTQModel and transformers concern calibration or kernels. */
const GptqConfig = z
  .object({
    quant_method: z.literal('gptq'),
    bits: z.literal([4, 8]),
    group_size: z.union([z.literal(-1), count]),
    desc_act: z.boolean().nullish(),
    // GPTQModel writes the format under both names, and prefers `format`. AutoGPTQ knows the longer name.
    format: GptqFormat,
    checkpoint_format: GptqFormat,
    is_marlin_format: z.literal(false).nullish(),
    pack_dtype: z.literal('int32').nullish(),
    // Other bits for some modules, and rotated weights.
    dynamic: Unused,
    rotation: z.null().optional()
  })
  .refine(({ format, checkpoint_format: other }) => (format ?? other) === (other ?? format), {
    path: ['format'],
    error: 'differs from "checkpoint_format"'
  })

function gptqScheme(config: z.infer<typeof GptqConfig>): Scheme {
  const { bits, group_size: size, desc_act: ordered } = config
  const format = config.format ?? config.checkpoint_format
  return {
    kinds: [bits === 4 ? 'I4' : 'I8'],
    layout: 'columns',
    suffixes: { codes: '.qweight', scales: '.scales', zeros: '.qzeros', groups: '.g_idx', shape: null },
    absent: [],
    // The first format stores zero points minus one.
    zerosAdded: format === 'gptq_v2' ? 0 : 1,
    groupsOptional: ordered === false,
    // With desc_act false, some kernels ignore the stored groups, which must therefore be consecutive.
    groupOrder: ordered === false ? 'consecutive' : 'any',
    blockOf: (_rows, columns) => [1, size === -1 ? columns : size]
  }
}

/** Config of AWQ in the format of its GEMM kernels. */
const AwqConfig = z.object({
  quant_method: z.literal('awq'),
  bits: z.literal(4),
  group_size: z.union([z.literal(-1), count]),
  zero_point: z.literal(true),
  version: z.enum(['gemm', 'GEMM'])
})

function awqScheme({ group_size: size }: z.infer<typeof AwqConfig>): Scheme {
  return {
    kinds: ['I4'],
    layout: 'awq',
    suffixes: { codes: '.qweight', scales: '.scales', zeros: '.qzeros', groups: null, shape: null },
    absent: ['.g_idx'],
    zerosAdded: 0,
    groupsOptional: true,
    groupOrder: 'any',
    blockOf: (_rows, columns) => [1, size === -1 ? columns : size]
  }
}

/** Quantisation methods with the schemes of their configs. */
const METHODS = new Map<unknown, z.ZodType<Scheme>>([
  ['fp8', Float8Config.transform(float8Scheme)],
  [
    'compressed-tensors',
    z
      .discriminatedUnion('format', [CompressedBytes, CompressedWords])
      .transform((config) => (config.format === 'pack-quantized' ? compressedWords(config) : compressedBytes(config)))
  ],
  ['gptq', GptqConfig.transform(gptqScheme)],
  ['awq', AwqConfig.transform(awqScheme)]
])

const SUPPORTED =
  'float8 with scales ("fp8"), 8-bit and packed 4-bit or 8-bit integers of "compressed-tensors", "gptq" of ' +
  '4 or 8 bits, and "awq" of 4 bits (gemm)'

const UNQUANTISED = 'Use the unquantised checkpoint.'

type Config = Readonly<Record<string, unknown>>

/** Reads the quantisation scheme of a config; null for unquantised weights and for an unsupported scheme. */
export function schemeOf({ quantization_config: config }: Config): Scheme | null {
  if (!isJsonObject(config)) return null
  return METHODS.get(config.quant_method)?.safeParse(config).data ?? null
}

/** Refuses quantisation settings that are no object. @throws WorkbenchError `bad-file` */
export function requireQuantisationObject({ quantization_config: config }: Config, configPath: string): void {
  if (config === undefined || config === null || isJsonObject(config)) return
  throw fileError(
    `${configPath}: "quantization_config" is ${describeValue(config)}, expected an object with "quant_method".`,
    'Correct it, or remove it if the weights are not quantised.'
  )
}

/** Removes the quantisation settings from a config. @throws WorkbenchError `unsupported` if weights cannot be read */
export function configWithoutScales(config: Record<string, unknown>, configPath: string): Record<string, unknown> {
  const { quantization_config: quantised, ...others } = config
  if (isJsonObject(config.quantization))
    throw unsupportedError(`${configPath}: "quantization" is MLX's, whose weights are not read.`, UNQUANTISED)
  if (!isJsonObject(quantised)) return config
  const parsed = METHODS.get(quantised.quant_method)?.safeParse(quantised)
  if (parsed?.success === true) return others
  const { quant_method: method } = quantised
  const reason =
    method === undefined
      ? 'names no method ("quant_method")'
      : `is of the method ${describeValue(method)}` +
        (parsed === undefined
          ? ', which is not supported'
          : ` with an unsupported setting: ${describeIssue(parsed.error)}`)
  throw unsupportedError(`${configPath}: "quantization_config" ${reason}. Supported are ${SUPPORTED}.`, UNQUANTISED)
}
