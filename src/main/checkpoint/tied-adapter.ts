import { unsupportedError } from '../../contract/model/problem'
import { quoteName } from '../base/json-object'
import { adaptedName, replacedName } from './adapter-tensors'
import { elementCount } from './dtype'
import type { TensorEntry } from './safetensors'
import { readFloats } from './stored-values'

/** Elements of two tensors that are compared at a time. */
const PIECE_ELEMENTS = 2 ** 20

/** Canonical names of the embeddings and of the head that a base ties to them. */
export interface TiedNames {
  readonly embedding: string
  readonly head: string
}

/** Tensors of an adapter: those that are read, and those of a tied head, which repeat the embeddings'. */
interface SplitAdapter {
  readonly tensors: readonly TensorEntry[]
  readonly tiedHead: readonly TensorEntry[]
}

/**
 * Checks that embeddings and head stay equal where the base ties them, which means that one tensor serves as both. If
 * an adapter saves either, PEFT uses separate tensors for the two: the saved one, or else the base's. PEFT adds factors
 * of one to that one only, unless `ensure_weight_tying` gives the other the transposed factors.
 *
 * @param tiesHead true if PEFT ties the head to embeddings that the adapter saves or changes (`ensure_weight_tying`).
 * @throws WorkbenchError `unsupported` naming the tensor that differs, or a factor
 */
export async function splitTiedHead(
  base: ReadonlyMap<string, TensorEntry>,
  adapter: readonly TensorEntry[],
  names: TiedNames,
  tiesHead: boolean
): Promise<SplitAdapter> {
  const embedding = base.get(names.embedding)
  if (embedding === undefined) return { tensors: adapter, tiedHead: [] }
  const factorsOf = (name: string): TensorEntry[] => adapter.filter((tensor) => adaptedName(tensor.name) === name)
  const headFactors = factorsOf(names.head)
  await requireTiedFactors(headFactors, factorsOf(names.embedding), tiesHead)
  const savedAs = (name: string): TensorEntry | undefined =>
    adapter.find((tensor) => replacedName(tensor.name) === name)
  const [savedEmbedding, savedHead] = [savedAs(names.embedding), savedAs(names.head)]
  const tiedHead = adapter.filter((tensor) => tensor === savedHead || headFactors.includes(tensor))
  const split = { tensors: adapter.filter((tensor) => !tiedHead.includes(tensor)), tiedHead }
  // PEFT would use these two tensors, one as embeddings and one as head.
  const saved = savedHead ?? savedEmbedding
  if (saved === undefined || (savedHead === undefined && tiesHead)) return split
  const other = savedHead === undefined ? embedding : (savedEmbedding ?? embedding)
  if (!(await haveEqualValues(saved, other))) {
    throw unsupportedError(
      `${saved.file}: tensor ${quoteName(saved.name)} differs from ${quoteName(other.name)} of ${other.file}, ` +
        'but the base ties its head to its embeddings.',
      'Merge the adapter with PEFT, set "tie_word_embeddings" to false, save, and choose that folder.'
    )
  }
  return split
}

/** Checks that factors change embeddings and head alike. Those of the head are the transposed ones in reverse order. */
async function requireTiedFactors(
  head: readonly TensorEntry[],
  embedding: readonly TensorEntry[],
  tiesHead: boolean
): Promise<void> {
  const [factor] = head.length > 0 ? head : embedding
  if (factor === undefined || (tiesHead && head.length === 0)) return
  const [a, b] = factorPair(embedding)
  const [headA, headB] = factorPair(head)
  const areTied = tiesHead && (await isTransposed(headA, b)) && (await isTransposed(headB, a))
  if (areTied) return
  const changed = head.length === 0 ? 'the embeddings' : 'the head'
  throw unsupportedError(
    `${factor.file}: tensor ${quoteName(factor.name)} changes only ${changed}, ` +
      'but the base ties its head to its embeddings.',
    'Save the base with "tie_word_embeddings" false and a copy of its embeddings as head. Choose that folder as base.'
  )
}

type Factor = TensorEntry | undefined

const factorPair = (factors: readonly TensorEntry[]): [a: Factor, b: Factor] => [
  factors.find(({ name }) => /lora_(?:embedding_)?A/.test(name)),
  factors.find(({ name }) => /lora_(?:embedding_)?B/.test(name))
]

async function isTransposed(first: Factor, second: Factor): Promise<boolean> {
  if (first === undefined || second === undefined) return false
  const [rows, columns] = first.shape
  if (rows === undefined || columns === undefined || String(second.shape) !== String([columns, rows])) return false
  const [values, others] = [await readFloats(first, 0, rows * columns), await readFloats(second, 0, rows * columns)]
  if (values === null || others === null) return false
  return values.every((value, i) => value === others[(i % columns) * rows + Math.floor(i / columns)])
}

async function haveEqualValues(first: TensorEntry, second: TensorEntry): Promise<boolean> {
  if (String(first.shape) !== String(second.shape)) return false
  const size = elementCount(first.shape)
  for (let start = 0; start < size; start += PIECE_ELEMENTS) {
    const count = Math.min(PIECE_ELEMENTS, size - start)
    const [values, others] = [await readFloats(first, start, count), await readFloats(second, start, count)]
    if (values === null || others === null || !values.every((value, i) => Object.is(value, others[i]))) return false
  }
  return true
}
