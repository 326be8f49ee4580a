import type * as ort from 'onnxruntime-node'
import type { WorkbenchError } from '../../../contract/model/problem'
import { at } from '../../../contract/model/look-up'
import { errorMessage } from '../../base/files/bounded-file'
import { integerTensor } from '../device/device'

/*
 * ONNX models of the user's that read texts, as they are exported from transformers: int64 inputs input_ids and attention_mask,
 * perhaps token_type_ids, all [batch, sequence].
 */

/** Of a batch, padding included: bounds the memory of its hidden states. */
const BATCH_TOKENS = 8_192

const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids']

/** @param refused what is thrown when the inputs are others */
export function requireTextInputs(
  { inputNames, inputMetadata }: ort.InferenceSession,
  refused: (why: string) => WorkbenchError
): void {
  const missing = INPUTS.slice(0, 2).filter((name) => !inputNames.includes(name))
  const unknown = inputNames.filter((name) => !INPUTS.includes(name))
  const otherTypes = inputMetadata.filter((input) => !input.isTensor || input.type !== 'int64')
  if (missing.length + unknown.length + otherTypes.length === 0) return
  throw refused(
    `its inputs are ${inputMetadata.map((input) => `${input.name} (${input.isTensor ? input.type : 'no tensor'})`).join(', ') || 'none'}; ` +
      'expected input_ids and attention_mask, and at most token_type_ids besides, all int64'
  )
}

/** Texts in batches of about equal lengths, so that little is padded: lists of their indices. */
export function textBatches(texts: readonly (readonly number[])[]): number[][] {
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

/** @param types of each text's tokens, where they are not all 0; a model without such an input is not told of them */
export function textFeeds(
  { inputNames }: Pick<ort.InferenceSession, 'inputNames'>,
  texts: readonly (readonly number[])[],
  types: readonly (readonly number[])[] = []
): Record<string, ort.Tensor> {
  const length = Math.max(...texts.map((tokens) => tokens.length))
  const ids = new BigInt64Array(texts.length * length)
  const mask = new BigInt64Array(texts.length * length)
  for (const [row, tokens] of texts.entries()) {
    ids.set(tokens.map(BigInt), row * length)
    mask.fill(1n, row * length, row * length + tokens.length)
  }
  const kinds = new BigInt64Array(texts.length * length)
  for (const [row, own] of types.entries()) kinds.set(own.map(BigInt), row * length)
  const dims = [texts.length, length]
  return {
    input_ids: integerTensor(ids, dims),
    attention_mask: integerTensor(mask, dims),
    ...(inputNames.includes('token_type_ids') ? { token_type_ids: integerTensor(kinds, dims) } : {})
  }
}

/** Does work of the runtime; what it complains of is the model's fault. */
export async function saidByRuntime<T>(
  refused: (why: string) => WorkbenchError,
  work: () => Promise<T>
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw refused(`onnxruntime says: ${errorMessage(error)}`)
  }
}
