import type * as ort from 'onnxruntime-node'
import type { EmbedRequest, EngineEmbedEvent } from '../../../contract/procedures/engine'
import { WorkbenchError } from '../../../contract/model/problem'
import { errorMessage } from '../../base/files/bounded-file'
import { floatsOf, integerTensor, openModelFile, runTensors } from '../device/device'
import { floatsToText } from '../../base/float-text'
import { at } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/cancelling'

/** Of a batch, padding included: bounds the memory of its hidden states. */
const BATCH_TOKENS = 8_192

const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids']
/** Those that may hold embeddings, the best first: of a whole text, or of each token, to be averaged. */
const OUTPUTS = ['sentence_embedding', 'last_hidden_state', 'token_embeddings']

/**
 * Embeds texts with a sentence-embedding model as sentence-transformers publishes them: int64 inputs input_ids and
 * attention_mask, perhaps token_type_ids, all [batch, sequence]; a float32 output with one vector a token,
 * [batch, sequence, hidden], of which the mean over the text's own tokens is taken, or one a text, [batch, hidden].
 * Embeddings have length 1, or 0 when all their values are 0.
 *
 * @throws WorkbenchError `bad-file` when the file is no such model or does not compute; `cancelled` when `signal` fires
 */
export async function* embedTexts(
  { file, texts }: EmbedRequest,
  signal?: AbortSignal
): AsyncGenerator<EngineEmbedEvent> {
  const session = await computing(file, () => openModelFile(file))
  try {
    const output = outputOf(file, session)
    for (const batch of batches(texts)) {
      throwIfCancelled(signal, 'Embedding')
      const tokens = batch.map((index) => at(texts, index, 'text'))
      const tensor = await computing(
        file,
        async () => (await runTensors(session, feedsOf(session, tokens)))[output]
      )
      const embeddings = textVectors(file, output, tensor, tokens)
      for (const [row, text] of batch.entries()) {
        yield { text, embedding: floatsToText(at(embeddings, row, 'embedding')) }
      }
    }
  } finally {
    await session.release()
  }
}

/** Which output holds the embeddings. @throws WorkbenchError `bad-file` when inputs or outputs are not as they should be */
function outputOf(file: string, session: ort.InferenceSession): string {
  const { inputNames, outputNames, inputMetadata } = session
  const missing = INPUTS.slice(0, 2).filter((name) => !inputNames.includes(name))
  const unknown = inputNames.filter((name) => !INPUTS.includes(name))
  const otherTypes = inputMetadata.filter((input) => !input.isTensor || input.type !== 'int64')
  if (missing.length > 0 || unknown.length > 0 || otherTypes.length > 0) {
    throw noEmbeddingModel(
      file,
      `its inputs are ${inputMetadata.map((input) => `${input.name} (${input.isTensor ? input.type : 'no tensor'})`).join(', ') || 'none'}; ` +
        'expected input_ids and attention_mask, and at most token_type_ids besides, all int64'
    )
  }
  const output = OUTPUTS.find((name) => outputNames.includes(name)) ?? outputNames[0]
  if (output !== undefined && (outputNames.length === 1 || OUTPUTS.includes(output))) return output
  throw noEmbeddingModel(
    file,
    `its outputs are ${outputNames.join(', ') || 'none'}; expected one of ${OUTPUTS.join(', ')}, or a single one`
  )
}

/** Texts in batches of about equal lengths, so that little is padded: lists of their indices. */
function batches(texts: readonly (readonly number[])[]): number[][] {
  const byLength = texts.map((_, index) => index).sort((a, b) => lengthOf(texts, a) - lengthOf(texts, b))
  const result: number[][] = []
  let batch: number[] = []
  for (const index of byLength) {
    // The longest comes last, and all are padded to its length.
    if (batch.length > 0 && (batch.length + 1) * lengthOf(texts, index) > BATCH_TOKENS) {
      result.push(batch)
      batch = []
    }
    batch.push(index)
  }
  if (batch.length > 0) result.push(batch)
  return result
}

const lengthOf = (texts: readonly (readonly number[])[], index: number): number =>
  at(texts, index, 'text').length

function feedsOf(
  { inputNames }: ort.InferenceSession,
  texts: readonly (readonly number[])[]
): Record<string, ort.Tensor> {
  const length = Math.max(...texts.map((tokens) => tokens.length))
  const ids = new BigInt64Array(texts.length * length)
  const mask = new BigInt64Array(texts.length * length)
  for (const [row, tokens] of texts.entries()) {
    ids.set(tokens.map(BigInt), row * length)
    mask.fill(1n, row * length, row * length + tokens.length)
  }
  const dims = [texts.length, length]
  return {
    input_ids: integerTensor(ids, dims),
    attention_mask: integerTensor(mask, dims),
    ...(inputNames.includes('token_type_ids')
      ? { token_type_ids: integerTensor(new BigInt64Array(ids.length), dims) }
      : {})
  }
}

/** One vector a text, of length 1. @throws WorkbenchError `bad-file` when the output has another type or shape */
function textVectors(
  file: string,
  output: string,
  tensor: ort.Tensor | undefined,
  texts: readonly (readonly number[])[]
): Float32Array[] {
  const length = Math.max(...texts.map((tokens) => tokens.length))
  const dims = tensor?.dims ?? []
  const hidden = dims.at(-1) ?? 0
  const perText = dims.length === 2 && dims[0] === texts.length
  const perToken = dims.length === 3 && dims[0] === texts.length && dims[1] === length
  if (tensor === undefined || tensor.type !== 'float32' || hidden === 0 || !(perText || perToken)) {
    throw noEmbeddingModel(
      file,
      `for ${texts.length} texts of up to ${length} tokens its output ${output} is ${tensor?.type ?? 'missing'} [${dims.join(', ')}]; ` +
        `expected float32 [${texts.length}, hidden] or [${texts.length}, ${length}, hidden]`
    )
  }
  const values = floatsOf(tensor)
  return texts.map((tokens, row) => {
    const vector = new Float32Array(hidden)
    const rows = perText ? 1 : tokens.length
    const start = row * (perText ? 1 : length)
    for (let position = start; position < start + rows; position++) {
      for (let i = 0; i < hidden; i++)
        // Unchecked: every number of every token comes through.
        vector[i] = (vector[i] ?? 0) + (values[position * hidden + i] ?? NaN) / rows
    }
    const norm = Math.hypot(...vector)
    if (!Number.isFinite(norm))
      throw noEmbeddingModel(file, `its output ${output} holds values that are no numbers`)
    return norm === 0 ? vector : vector.map((value) => value / norm)
  })
}

async function computing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw noEmbeddingModel(file, `onnxruntime says: ${errorMessage(error)}`)
  }
}

const noEmbeddingModel = (file: string, why: string): WorkbenchError =>
  new WorkbenchError(
    'bad-file',
    `${file} does not work as a sentence-embedding model: ${why}.`,
    'Take a folder that sentence-transformers or optimum exported for feature extraction.'
  )
