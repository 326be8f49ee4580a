import { WorkbenchError } from '../../../contract/model/problem'
import { mapGet } from '../../../contract/model/look-up'
import { wholeModelTensors } from '../../family'
import { rowAt } from '../rows/rows'
import type { ModelWeights } from '../weights/pair-weights'
import { gatherFloatRows } from '../weights/stored-rows'

/** Reads the scaled embeddings of tokens, [tokens, hidden]. */
export async function embedTokens(model: ModelWeights, tokens: ArrayLike<number>): Promise<Float32Array> {
  const { spec } = model
  const { hiddenSize, vocabularySize } = spec
  const { name } = wholeModelTensors(spec).embedding
  const scale = Math.fround(spec.embeddingScale)
  const distinct = [...new Set(Array.from(tokens))]
  const unknown = distinct.find((token) => token >= vocabularySize)
  if (unknown !== undefined) {
    throw new WorkbenchError(
      'bad-input',
      `Token ${unknown} is outside the model's vocabulary of ${vocabularySize} tokens.`
    )
  }
  const rows = await gatherFloatRows(model, name, distinct, hiddenSize)
  const rowOf = new Map(distinct.map((token, i) => [token, rowAt(rows, i, hiddenSize)]))
  const hidden = new Float32Array(tokens.length * hiddenSize)
  Array.from(tokens).forEach((token, i) => {
    hidden.set(mapGet(rowOf, token, 'embedding of token'), i * hiddenSize)
  })
  return scale === 1 ? hidden : hidden.map((value) => value * scale)
}
