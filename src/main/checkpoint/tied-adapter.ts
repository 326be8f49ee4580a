import { unsupportedError } from '../../contract/model/problem'
import { isJsonObject, quoteName } from '../base/json-object'
import { adaptedName, replacedName } from './adapter-tensors'
import { decodeFloat32, DTYPE_BYTES, elementCount, isWeightDtype } from './dtype'
import type { TensorEntry } from './safetensors'
import { openWeightFile, readExactly } from './weight-file'

const EMBEDDING = 'model.embed_tokens.weight'
const HEAD = 'lm_head.weight'

/** Elements of two tensors that are compared at a time. */
const PIECE_ELEMENTS = 2 ** 20

/** Returns the tensors of a base without a head that is stored but not used, because the config ties it. */
export function withoutUnusedHead(
  tensors: ReadonlyMap<string, TensorEntry>,
  config: Readonly<Record<string, unknown>>
): ReadonlyMap<string, TensorEntry> {
  const ofText = isJsonObject(config.text_config) ? config.text_config.tie_word_embeddings : undefined
  if ((ofText ?? config.tie_word_embeddings) !== true) return tensors
  return new Map([...tensors].filter(([name]) => name !== HEAD))
}

/**
 * Checks that embeddings and head stay equal if the base ties them, which means that one tensor serves as both. If an
 * adapter saves either, PEFT uses separate tensors for the two: the saved one, or else the base's. PEFT adds factors of
 * the embeddings to the embeddings only, and factors of the head to the head only.
 *
 * @param base tensors of the base, with a head only if that is not tied.
 * @param tiesHead true if PEFT ties the head to embeddings that the adapter saves or changes (`ensure_weight_tying`).
 * @returns the tensors of the adapter without a head that equals its embeddings, and that head.
 * @throws WorkbenchError `unsupported` naming the tensor that differs, or a factor
 */
export async function splitTiedHead(
  base: ReadonlyMap<string, TensorEntry>,
  adapter: readonly TensorEntry[],
  tiesHead: boolean
): Promise<{ tensors: readonly TensorEntry[]; tiedHead: TensorEntry | null }> {
  const embedding = base.get(EMBEDDING)
  if (embedding === undefined || base.has(HEAD)) return { tensors: adapter, tiedHead: null }
  for (const { file, name } of adapter) {
    const weight = adaptedName(name)
    if (weight === HEAD || (weight === EMBEDDING && !tiesHead)) {
      const [changed, module] = weight === HEAD ? ['head', 'lm_head'] : ['embeddings', 'embed_tokens']
      throw unsupportedError(
        `${file}: tensor ${quoteName(name)} changes only the ${changed}, ` +
          'but the base ties its head to its embeddings.',
        `Train the adapter without "${module}" in "target_modules"` +
          (weight === HEAD ? '.' : ', or with "ensure_weight_tying".')
      )
    }
  }
  const savedAs = (name: string): TensorEntry | undefined =>
    adapter.find((tensor) => replacedName(tensor.name) === name)
  const [savedEmbedding, savedHead] = [savedAs(EMBEDDING), savedAs(HEAD)]
  // PEFT would use these two tensors, one as embeddings and one as head.
  const saved = savedHead ?? savedEmbedding
  if (saved === undefined) return { tensors: adapter, tiedHead: null }
  const other = savedHead === undefined ? embedding : (savedEmbedding ?? embedding)
  const staysTied = savedHead === undefined && tiesHead
  if (!staysTied && !(await haveEqualValues(saved, other))) {
    throw unsupportedError(
      `${saved.file}: tensor ${quoteName(saved.name)} differs from ${quoteName(other.name)} of ${other.file}, ` +
        'but the base ties its head to its embeddings.',
      'Merge the adapter with PEFT, set "tie_word_embeddings" to false, save, and choose that folder.'
    )
  }
  return { tensors: adapter.filter((tensor) => tensor !== savedHead), tiedHead: savedHead ?? null }
}

async function haveEqualValues(first: TensorEntry, second: TensorEntry): Promise<boolean> {
  if (String(first.shape) !== String(second.shape)) return false
  const size = elementCount(first.shape)
  for (let start = 0; start < size; start += PIECE_ELEMENTS) {
    const count = Math.min(PIECE_ELEMENTS, size - start)
    const [values, others] = [await floatsOf(first, start, count), await floatsOf(second, start, count)]
    if (values === null || others === null || Buffer.compare(values, others) !== 0) return false
  }
  return true
}

/** Reads stored values as bytes of float32; null for scaled weights. */
async function floatsOf(entry: TensorEntry, first: number, count: number): Promise<Uint8Array | null> {
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
  return new Uint8Array(values.buffer)
}
