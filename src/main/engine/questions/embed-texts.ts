import type * as ort from 'onnxruntime-node'
import type { EmbedRequest, EngineEmbedEvent } from '../../../contract/procedures/engine'
import { fileError, type WorkbenchError } from '../../../contract/model/problem'
import { floatsOf, runTensors } from '../device/device'
import { openWatchedModelFile } from './open-model-file'
import { requireTextInputs, withRuntimeErrors, textBatches, textFeeds } from './text-session'
import { lengthOf } from '../../base/sums'
import { floatsToText } from '../../base/float-text'
import { elementAt } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'

/** The maximum values of an embedding, more than any published model has. */
const MAX_VALUES = 65_536

/** Outputs with embeddings of a whole text, or of each token, which are averaged. In order of preference. */
const OUTPUTS = ['sentence_embedding', 'last_hidden_state', 'token_embeddings']

/**
 * Embeds texts with a model of sentence-transformers: int64 input_ids, attention_mask and optional token_type_ids
 * [batch, sequence], float32 output [batch, sequence, hidden] or [batch, hidden]. Vectors of tokens are averaged.
 * Embeddings have length 1, or 0 if all values are 0.
 */
export async function* embedTexts(
  { file, texts }: EmbedRequest,
  signal?: AbortSignal
): AsyncGenerator<EngineEmbedEvent> {
  const failed = (why: string): WorkbenchError => noEmbeddingModel(file, why)
  const { session, release } = await withRuntimeErrors(failed, () => openWatchedModelFile(file))
  try {
    const output = outputOf(file, session)
    for (const batch of textBatches(texts)) {
      throwIfCancelled(signal, 'Embedding')
      const tokens = batch.map((index) => elementAt(texts, index, 'text'))
      const tensor = await withRuntimeErrors(
        failed,
        async () => (await runTensors(session, textFeeds(session, tokens)))[output]
      )
      const embeddings = textVectors(file, output, tensor, tokens)
      for (const [row, text] of batch.entries()) {
        yield { text, embedding: floatsToText(elementAt(embeddings, row, 'embedding')) }
      }
    }
  } finally {
    await release()
  }
}

/** Finds the output that contains the embeddings. @throws WorkbenchError `bad-file` for other inputs or outputs */
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

/** Returns one vector of length 1 for each text. @throws WorkbenchError `bad-file` for another type or shape */
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
      `for ${texts.length} texts of up to ${length} tokens ` +
        `its output ${output} is ${tensor?.type ?? 'missing'} [${dims.join(', ')}]; ` +
        `expected float32 [${texts.length}, hidden] or [${texts.length}, ${length}, hidden]`
    )
  }
  if (hidden > MAX_VALUES) {
    throw noEmbeddingModel(
      file,
      `its output ${output} has ${hidden} values for each ${perText ? 'text' : 'token'}; expected at most ${MAX_VALUES}`
    )
  }
  const values = floatsOf(tensor)
  return texts.map((tokens, row) => {
    const vector = new Float32Array(hidden)
    const rows = perText ? 1 : tokens.length
    const start = row * (perText ? 1 : length)
    for (let position = start; position < start + rows; position++) {
      for (let i = 0; i < hidden; i++)
        // Indices are not checked, because every number of every token passes here.
        vector[i] = (vector[i] ?? 0) + (values[position * hidden + i] ?? NaN) / rows
    }
    const norm = lengthOf(vector)
    if (!Number.isFinite(norm)) throw noEmbeddingModel(file, `its output ${output} holds values that are no numbers`)
    return norm === 0 ? vector : vector.map((value) => value / norm)
  })
}

const noEmbeddingModel = (file: string, why: string): WorkbenchError =>
  fileError(
    `${file} does not work as a sentence-embedding model: ${why}.`,
    'Take a folder that sentence-transformers or optimum exported for feature extraction.'
  )
