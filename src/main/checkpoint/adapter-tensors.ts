import { fileError, unsupportedError } from '../../contract/model/problem'
import { quoteName } from '../base/json-object'
import { canonicalTensorName } from '../family'
import type { AdapterScaling } from './adapter-config'
import { DTYPE_BYTES, elementCount, isWeightDtype } from './dtype'
import { type StoredTensor, type TensorEntry, badTensor } from './safetensors'

/*
 * Names in an adapter's file, as PEFT writes them: `base_model.model.`, the module's path, and the part:
 *
 * - `lora_A.weight` [rank, in], `lora_B.weight` [out, rank]: factors of a linear layer.
 * - `lora_embedding_A` [rank, vocabulary], `lora_embedding_B` [hidden, rank]: factors of the embeddings.
 * - `weight`, `bias`: a tensor that takes the place of the base's (modules_to_save, bias).
 * - `base_layer.weight`: the base's weight, saved beside its factors.
 */

const PREFIX = /^(?:base_model\.model\.)+/
/** Matches a factor. `default` is the adapter's name, which PEFT removes from the file and other programs may leave. */
const FACTOR = /^(.+)\.lora_(embedding_)?([AB])(?:\.default)?(?:\.weight)?$/
const REPLACEMENT = /^(.+?)(?:\.modules_to_save(?:\.default)?|\.base_layer)?\.(weight|bias)$/

/** Returns the module of a stored tensor, as PEFT names it: `model.layers.0.self_attn.q_proj`. */
export function moduleOfTensor(stored: string): string {
  const path = stored.replace(PREFIX, '')
  return FACTOR.exec(path)?.[1] ?? REPLACEMENT.exec(path)?.[1] ?? path
}

/** Returns the canonical name of the base's tensor that a saved tensor replaces; null for a factor or another part. */
export function replacedName(stored: string): string | null {
  const path = stored.replace(PREFIX, '')
  if (FACTOR.test(path)) return null
  const [, module, part] = REPLACEMENT.exec(path) ?? []
  return module === undefined || part === undefined ? null : canonicalTensorName(`${module}.${part}`)
}

/** Returns the canonical name of the base's weight that a factor is added to; null for a tensor that is no factor. */
export function adaptedName(stored: string): string | null {
  const module = FACTOR.exec(stored.replace(PREFIX, ''))?.[1]
  return module === undefined ? null : canonicalTensorName(`${module}.weight`)
}

/** The factors of one module, A and B, as far as they were read. */
interface Factors {
  readonly isEmbedding: boolean
  /** The factor that was read first, for messages. */
  readonly first: StoredTensor
  a?: StoredTensor
  b?: StoredTensor
}

/**
 * Puts an adapter over its base's tensors. Weights with factors get the field `adapted`, and tensors that the adapter
 * saves whole replace the base's.
 *
 * @param tensors of the base, by canonical name.
 * @param adapter the adapter's file and those of its tensors that are read.
 * @param scalingOf the scaling of a module's factors.
 * @throws WorkbenchError `bad-file` if a factor is missing or a tensor does not fit the base
 */
export function joinAdapter(
  tensors: ReadonlyMap<string, TensorEntry>,
  adapter: Readonly<{ file: string; tensors: readonly TensorEntry[] }>,
  scalingOf: (module: string) => AdapterScaling
): Map<string, TensorEntry> {
  const joined = new Map(tensors)
  const factors = new Map<string, Factors>()
  for (const tensor of adapter.tensors) {
    const path = tensor.name.replace(PREFIX, '')
    const [, module, embedding, letter] = FACTOR.exec(path) ?? []
    if (module === undefined) replaceTensor(joined, tensor)
    else
      addFactor(factors, module, {
        isEmbedding: embedding !== undefined,
        factor: letter === 'A' ? 'a' : 'b',
        tensor
      })
  }
  if (factors.size === 0) throw fileError(`${adapter.file} holds no factors of an adapter (lora_A and lora_B).`)
  for (const [module, { a, b, isEmbedding, first }] of factors) {
    if (a === undefined || b === undefined) {
      throw badTensor(first, `has no counterpart: lora_A and lora_B of ${quoteName(module)} belong together`)
    }
    const name = canonicalTensorName(`${module}.weight`)
    const weight = joined.get(name)
    if (weight === undefined)
      throw badTensor(a, `is for ${quoteName(`${module}.weight`)}, which the base does not have`)
    const { rank, scale } = scalingOf(module)
    requireShapes({ a, b, isEmbedding }, weight, rank)
    joined.set(name, { ...weight, adapted: { weight, a, b, scale, isEmbedding } })
  }
  return joined
}

function addFactor(
  factors: Map<string, Factors>,
  module: string,
  { isEmbedding, factor, tensor }: { isEmbedding: boolean; factor: 'a' | 'b'; tensor: TensorEntry }
): void {
  const present = factors.get(module) ?? { isEmbedding, first: tensor }
  if (present[factor] !== undefined || present.isEmbedding !== isEmbedding) {
    throw badTensor(tensor, `is a second factor of ${quoteName(module)}`)
  }
  factors.set(module, { ...present, [factor]: tensor })
}

/** Replaces a tensor of the base by one that the adapter stores whole. */
function replaceTensor(joined: Map<string, TensorEntry>, tensor: TensorEntry): void {
  const name = replacedName(tensor.name)
  if (name === null) {
    throw unsupportedError(`${tensor.file}: tensor ${quoteName(tensor.name)} is no part of a LoRA.`)
  }
  const replaced = joined.get(name)
  if (replaced === undefined) throw badTensor(tensor, `is for ${quoteName(name)}, which the base does not have`)
  // Saved embeddings and heads may have more tokens than the base's.
  const isFit =
    tensor.shape.length === replaced.shape.length && String(tensor.shape.slice(1)) === String(replaced.shape.slice(1))
  if (!isFit) {
    throw badTensor(tensor, `has the shape ${shapeText(tensor)}, expected ${shapeText(replaced)} as the base has`)
  }
  joined.set(name, tensor)
}

function requireShapes(
  { a, b, isEmbedding }: { a: StoredTensor; b: StoredTensor; isEmbedding: boolean },
  weight: TensorEntry,
  rank: number
): void {
  const [rows, columns, ...further] = weight.shape
  if (rows === undefined || columns === undefined || further.length > 0)
    throw badTensor(a, `is for ${quoteName(weight.name)}, which is not a matrix`)
  const [inputs, outputs] = isEmbedding ? [rows, columns] : [columns, rows]
  for (const [tensor, shape] of [
    [a, [rank, inputs]],
    [b, [outputs, rank]]
  ] as const) {
    if (String(tensor.shape) !== String(shape)) {
      throw badTensor(
        tensor,
        `has the shape ${shapeText(tensor)}, expected [${shape.join(', ')}] ` +
          `for rank ${rank} of the weight ${shapeText(weight)}`
      )
    }
    if (!isWeightDtype(tensor.dtype)) throw badTensor(tensor, `is stored as ${tensor.dtype}, expected F32, F16 or BF16`)
  }
}

const shapeText = ({ shape }: StoredTensor): string => `[${shape.join(', ')}]`

/** Counts the bytes that a reader keeps in memory for the factors of a tensor: two float32 copies of each value. */
export function factorBytes({ a, b }: NonNullable<TensorEntry['adapted']>): number {
  // One copy is in the reader, and one is in its `ProductAdder`.
  return 2 * DTYPE_BYTES.F32 * (elementCount(a.shape) + elementCount(b.shape))
}
