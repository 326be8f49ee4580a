import { inputError } from '../../../contract/model/problem'
import { plural } from '../../../contract/words/format'
import { mapGet } from '../../../contract/model/look-up'
import { wholeModelTensors } from '../../family'
import { rowAt } from '../rows/rows'
import type { Device } from '../device/device'
import { carriedRows } from './carried-rows'
import type { ModelWeights } from '../weights/pair-weights'
import { gatherFloatRows } from '../weights/stored-rows'

/**
 * Reads the rows of tokens before the first layer, [tokens, rowSize]: scaled embeddings, and values for later layers.
 */
export async function embedTokens(
  device: Device,
  model: ModelWeights,
  tokens: ArrayLike<number>
): Promise<Float32Array> {
  const { spec } = model
  const { hiddenSize, rowSize, carried } = spec
  const { name } = wholeModelTensors(spec).embedding
  const scale = Math.fround(spec.embeddingScale)
  const distinct = [...new Set(Array.from(tokens))]
  // Tokens of images and audio have no layer inputs.
  const vocabularySize =
    carried.inputSize === 0 ? spec.vocabularySize : Math.min(spec.vocabularySize, carried.inputVocabulary)
  const unknown = distinct.find((token) => token >= vocabularySize)
  if (unknown !== undefined) {
    throw inputError(`Token ${unknown} is outside the model's vocabulary of ${plural(vocabularySize, 'token')}.`)
  }
  const stored = await gatherFloatRows(model, name, distinct, hiddenSize)
  const embedded = scale === 1 ? stored : stored.map((value) => value * scale)
  const rows = rowSize === hiddenSize ? embedded : await carriedRows(device, model, distinct, embedded)
  const rowOf = new Map(distinct.map((token, i) => [token, rowAt(rows, i, rowSize)]))
  const states = new Float32Array(tokens.length * rowSize)
  for (const [i, token] of Array.from(tokens).entries())
    states.set(mapGet(rowOf, token, 'embedding of token'), i * rowSize)
  return states
}
