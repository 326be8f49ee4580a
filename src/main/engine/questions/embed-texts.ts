import type * as ort from 'onnxruntime-node'
import type { EmbedRequest, EngineEmbedEvent } from '../../../contract/procedures/engine'
import { WorkbenchError } from '../../../contract/model/problem'
import { floatsOf, openModelFile, runTensors } from '../device/device'
import { requireTextInputs, saidByRuntime, textBatches, textFeeds } from './text-session'
import { lengthOf } from '../../base/sums'
import { floatsToText } from '../../base/float-text'
import { at } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'

/** More than any published model has; main compares embeddings of all answers. */
const MOST_VALUES = 65_536

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
  const failed = (why: string): WorkbenchError => noEmbeddingModel(file, why)
  const session = await saidByRuntime(failed, () => openModelFile(file))
  try {
    const output = outputOf(file, session)
    for (const batch of textBatches(texts)) {
      throwIfCancelled(signal, 'Embedding')
      const tokens = batch.map((index) => at(texts, index, 'text'))
      const tensor = await saidByRuntime(
        failed,
        async () => (await runTensors(session, textFeeds(session, tokens)))[output]
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
  requireTextInputs(session, (why) => noEmbeddingModel(file, why))
  const { outputNames } = session
  const output = OUTPUTS.find((name) => outputNames.includes(name)) ?? outputNames[0]
  if (output !== undefined && (outputNames.length === 1 || OUTPUTS.includes(output))) return output
  throw noEmbeddingModel(
    file,
    `its outputs are ${outputNames.join(', ') || 'none'}; expected one of ${OUTPUTS.join(', ')}, or a single one`
  )
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
  if (hidden > MOST_VALUES) {
    throw noEmbeddingModel(
      file,
      `its output ${output} has ${hidden} values for each ${perText ? 'text' : 'token'}; expected at most ${MOST_VALUES}`
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
    const norm = lengthOf(vector)
    if (!Number.isFinite(norm))
      throw noEmbeddingModel(file, `its output ${output} holds values that are no numbers`)
    return norm === 0 ? vector : vector.map((value) => value / norm)
  })
}

const noEmbeddingModel = (file: string, why: string): WorkbenchError =>
  new WorkbenchError(
    'bad-file',
    `${file} does not work as a sentence-embedding model: ${why}.`,
    'Take a folder that sentence-transformers or optimum exported for feature extraction.'
  )
