import { basename, dirname, join } from 'node:path'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { fileError, unsupportedError, type WorkbenchError } from '../../contract/model/problem'
import { plural } from '../../contract/words/format'
import { isJsonObject, quoteName } from '../base/json-object'
import { DTYPE_BYTES, elementCount, isWeightDtype } from './dtype'
import { type Scaled, type StoredTensor, type TensorEntry, badTensor } from './safetensors'
import { type Scheme, schemeOf } from './scaled-schemes'
import { factorBytes } from './adapter-tensors'
import { CODE_BITS, wordsFor } from './scaled-values'
import { openWeightFile, readNow } from './weight-file'

/*
 * Finds the quantised weights of a checkpoint: codes with a scale for each block, which are read as F16 or BF16.
 * Activations are not rounded.
 */

type Tensors = ReadonlyMap<string, TensorEntry>
type Shape = readonly [rows: number, columns: number]

/** Replaces the codes and scales of a checkpoint by entries of the weights that they encode. */
export async function joinScales(
  tensors: Tensors,
  config: Readonly<Record<string, unknown>>
): Promise<Map<string, TensorEntry>> {
  const scheme = schemeOf(config)
  const joined = new Map(tensors)
  if (scheme === null) {
    if (!isJsonObject(config.quantization_config)) refuseUnexplained(tensors)
    return joined
  }
  const quantised = [...tensors].flatMap(([name, codes]) => partsOf(tensors, name, codes, scheme) ?? [])
  const shapes = await readShapes(quantised.flatMap(({ shape }) => shape ?? []))
  for (const { module, shape, parts } of quantised) {
    const [rows, columns] = shape === null ? shapeOf(parts) : mapGet(shapes, shape, 'shape')
    const scaled = { ...parts, block: scheme.blockOf(rows, columns) }
    requireFit(scaled, [rows, columns])
    for (const suffix of Object.values(scheme.suffixes)) if (suffix !== null) joined.delete(module + suffix)
    const dtype = parts.scales.dtype === 'F16' ? 'F16' : 'BF16'
    const byteLength = rows * columns * DTYPE_BYTES[dtype]
    joined.set(`${module}.weight`, { ...parts.codes, dtype, shape: [rows, columns], byteLength, scaled })
  }
  if (scheme.layout === 'awq') refuseScaledActivations(joined, scheme)
  return joined
}

/**
 * Refuses scales without codes. AutoAWQ divides activations such as GELU by them.
 * @throws WorkbenchError `unsupported`
 */
function refuseScaledActivations(joined: Tensors, { suffixes }: Scheme): void {
  const scales = [...joined.values()].find(({ name }) => name.endsWith(suffixes.scales))
  if (scales === undefined) return
  throw unsupportedError(
    `${scales.file}: tensor ${quoteName(scales.name)} scales an activation, which is not computed.`,
    'Use the unquantised checkpoint.'
  )
}

/** Matches names that only tensors of quantised weights have. */
const CODES = /\.(qweight|weight_packed|weight_scale_inv)$/

/** Refuses quantised weights without settings in the config. @throws WorkbenchError `bad-file` */
function refuseUnexplained(tensors: Tensors): void {
  const scaled = [...tensors.values()].filter(({ name }) => CODES.test(name))
  const [first] = scaled
  if (first === undefined) return
  throw fileError(
    `${join(dirname(first.file), 'config.json')} has no "quantization_config", but ` +
      `${plural(scaled.length, 'tensor')} of the checkpoint are stored ` +
      `as quantised weights, such as ${quoteName(first.name)}.`,
    'Fetch config.json again, or write the settings that the weights were quantised with into it (AutoGPTQ keeps ' +
      'them in quantize_config.json).'
  )
}

interface QuantisedWeight {
  /** The common start of the tensors' names, such as `model.layers.0.mlp.up_proj`. */
  readonly module: string
  /** The tensor that stores the weight's rows and columns; null if the shape of the codes shows them. */
  readonly shape: StoredTensor | null
  readonly parts: Omit<Scaled, 'block'>
}

/** Collects the tensors of a quantised weight, by the tensor of its codes; null for other tensors. */
function partsOf(tensors: Tensors, name: string, codes: TensorEntry, scheme: Scheme): QuantisedWeight | null {
  const { kinds, layout, suffixes } = scheme
  if (!name.endsWith(suffixes.codes)) return null
  const module = name.slice(0, -suffixes.codes.length)
  const isBytes = layout === 'bytes'
  const kind = isBytes ? kinds.find((each) => each === codes.dtype) : kinds[0]
  if (kind === undefined || (isBytes && !tensors.has(module + suffixes.scales))) return null
  const part = (suffix: string): StoredTensor => {
    const tensor = tensors.get(module + suffix)
    if (tensor === undefined) throw misfit(codes, `needs ${quoteName(module + suffix)}, which is missing`)
    return tensor
  }
  const plain = isBytes ? undefined : tensors.get(`${module}.weight`)
  if (plain !== undefined)
    throw misfit(
      codes,
      `is there beside ${quoteName(plain.name)} of ${basename(plain.file)}: the weight is stored twice`
    )
  const surplus = scheme.absent.find((suffix) => tensors.has(module + suffix))
  if (surplus !== undefined) throw misfit(part(surplus), 'is there, but by its config.json such weights have none')
  const { zeros, groups, shape } = suffixes
  const hasGroups = groups !== null && (!scheme.groupsOptional || tensors.has(module + groups))
  return {
    module,
    shape: shape === null ? null : part(shape),
    parts: {
      codes,
      kind,
      layout,
      scales: part(suffixes.scales),
      zeros: zeros === null ? null : { tensor: part(zeros), added: scheme.zerosAdded },
      groups: hasGroups ? { tensor: part(groups), order: scheme.groupOrder } : null
    }
  }
}

function misfit(tensor: StoredTensor, what: string): WorkbenchError {
  return badTensor(tensor, what, 'The checkpoint is not complete, or not what its config.json says: fetch it again.')
}

/** Derives the shape of a weight from the shape of its codes: 0 by 0 for codes that are no matrix. */
function shapeOf({ codes, kind, layout }: QuantisedWeight['parts']): Shape {
  const [height = 0, width = 0] = codes.shape
  if (layout === 'awq') return [(width * 32) / CODE_BITS[kind], height]
  return layout === 'columns' ? [width, (height * 32) / CODE_BITS[kind]] : [height, width]
}

/** Checks dtypes and shapes of the tensors of a quantised weight. @throws WorkbenchError `bad-file` */
function requireFit(scaled: Scaled, [rows, columns]: Shape): void {
  const { codes, scales, zeros, groups, kind, layout, block } = scaled
  const [blockRows, blockColumns] = [Math.ceil(rows / block[0]), Math.ceil(columns / block[1])]
  if (codes.shape.length !== 2 || rows === 0 || columns === 0)
    throw misfit(codes, `has the shape [${codes.shape.join(', ')}], expected rows and columns`)
  if (layout === 'bytes') {
    requireScales(scales, blockRows * blockColumns, block, codes.shape)
    return
  }
  // Only GPTQ permits a shorter last group.
  if (layout !== 'columns' && columns % block[1] !== 0)
    throw misfit(codes, `has ${columns} columns by its shape, which groups of ${block[1]} do not divide`)
  const isTransposed = layout !== 'rows'
  const bits = CODE_BITS[kind]
  const require = (tensor: StoredTensor, dtype: string, shape: Shape): void => {
    const expected = isTransposed ? shape.toReversed() : shape
    if (tensor.dtype === dtype && String(tensor.shape) === String(expected)) return
    throw misfit(
      tensor,
      `is ${tensor.dtype} of the shape [${tensor.shape.join(', ')}], expected ${dtype} of [${expected.join(', ')}] ` +
        `for a weight of [${rows}, ${columns}] in groups of ${block[1]}`
    )
  }
  const swapped = layout === 'columns' ? swappedShape(scaled) : null
  if (swapped !== null)
    throw misfit(
      codes,
      `is of the shape [${codes.shape.join(', ')}], expected [${swapped.join(', ')}] by the tensors beside it: ` +
        'its rows and columns are exchanged'
    )
  require(codes, 'I32', layout === 'awq' ? [wordsFor(rows, bits), columns] : [rows, wordsFor(columns, bits)])
  require(scales, isWeightDtype(scales.dtype) ? scales.dtype : 'F32, F16 or BF16', [rows, blockColumns])
  if (zeros !== null) require(zeros.tensor, 'I32', [wordsFor(rows, bits), blockColumns])
  if (groups !== null && (groups.tensor.dtype !== 'I32' || String(groups.tensor.shape) !== String(columns)))
    throw misfit(groups.tensor, `is not I32 with a group for each of ${columns} columns`)
}

/** Returns the expected shape of codes along columns, if the stored one has rows and columns exchanged; else null. */
function swappedShape({ codes, scales, groups, kind, block }: Scaled): Shape | null {
  const [groupCount = 0, rows = 0] = scales.shape
  const columns = groups?.tensor.shape[0] ?? groupCount * block[1]
  const expected = [wordsFor(columns, CODE_BITS[kind]), rows] as const
  const isTransposed = expected[0] !== rows && String(codes.shape) === String(expected.toReversed())
  return isTransposed ? expected : null
}

function requireScales(
  scales: StoredTensor,
  expected: number,
  [blockRows, blockColumns]: Scaled['block'],
  shape: readonly number[]
): void {
  const count = elementCount(scales.shape)
  if (isWeightDtype(scales.dtype) && count === expected) return
  throw misfit(
    scales,
    `has ${count} scales in ${scales.dtype}, expected ${expected} in F32, F16 or BF16 ` +
      `for blocks of ${blockRows} x ${blockColumns} of [${shape.join(', ')}]`
  )
}

/** Returns the dtype in which a weight is stored, which differs from the decoded one for quantised weights. */
export function storedDtype({ dtype, scaled }: Pick<TensorEntry, 'dtype' | 'scaled'>): string {
  return scaled === undefined ? dtype : scaled.kind
}

/** Counts the bytes of a tensor in files, with its scales or the factors of its adapter. */
export function storedTensorBytes({
  byteLength,
  scaled,
  adapted
}: Pick<TensorEntry, 'byteLength' | 'scaled' | 'adapted'>): number {
  if (adapted !== undefined) return storedTensorBytes(adapted.weight) + adapted.a.byteLength + adapted.b.byteLength
  if (scaled === undefined) return byteLength
  const { codes, scales, zeros, groups } = scaled
  return codes.byteLength + scales.byteLength + (zeros?.tensor.byteLength ?? 0) + (groups?.tensor.byteLength ?? 0)
}

/** Counts the bytes that a reader keeps for a tensor: scales, zero points, groups, transposed codes and factors. */
export function readerBytes({ scaled, adapted, shape }: TensorEntry): number {
  if (adapted !== undefined) return readerBytes(adapted.weight) + factorBytes(adapted)
  if (scaled === undefined) return 0
  const { codes, zeros, groups, layout, block } = scaled
  const [rows, columns] = [elementAt(shape, 0, 'size'), elementAt(shape, 1, 'size')]
  const blocks = Math.ceil(rows / block[0]) * Math.ceil(columns / block[1])
  return (
    Float32Array.BYTES_PER_ELEMENT * blocks * (zeros === null ? 1 : 2) +
    (groups?.tensor.byteLength ?? 0) +
    (layout === 'columns' || layout === 'awq' ? codes.byteLength : 0)
  )
}

/** Bytes per element of the dtypes in which shapes are stored. */
const WIDTHS = new Map<string, number>([
  ['I32', 4],
  ['I64', 8]
])

/** Reads stored shapes, by tensor. @throws WorkbenchError `bad-file` naming the file and tensor */
async function readShapes(tensors: readonly StoredTensor[]): Promise<Map<StoredTensor, Shape>> {
  const shapes = new Map<StoredTensor, Shape>()
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
  const actual = sizes === undefined ? `is ${dtype} of the shape [${shape.join(', ')}]` : `holds ${sizes.join(', ')}`
  return fileError(
    `${file}: tensor ${quoteName(name)} ${actual}, expected the number of rows and columns of a weight in I64 or I32.`
  )
}
