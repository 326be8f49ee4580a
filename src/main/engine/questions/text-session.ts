import type * as ort from 'onnxruntime-node'
import type { WorkbenchError } from '../../../contract/model/problem'
import { elementAt } from '../../../contract/model/look-up'
import { errorMessage } from '../../base/files/bounded-file'
import { integerTensor } from '../device/device'

/* Runs a user's ONNX models: int64 input_ids, attention_mask and optional token_type_ids, [batch, sequence]. */

/** The maximum tokens of a batch, padding included. It limits the memory of its hidden states. */
const BATCH_TOKENS = 8_192

const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids']

export function requireTextInputs(
  { inputNames, inputMetadata }: ort.InferenceSession,
  refused: (why: string) => WorkbenchError
): void {
  const missing = INPUTS.slice(0, 2).filter((name) => !inputNames.includes(name))
  const unknown = inputNames.filter((name) => !INPUTS.includes(name))
  const otherTypes = inputMetadata.filter((input) => !input.isTensor || input.type !== 'int64')
  if (missing.length + unknown.length + otherTypes.length === 0) return
  const inputWords = inputMetadata.map((input) => `${input.name} (${input.isTensor ? input.type : 'no tensor'})`)
  throw refused(
    `its inputs are ${inputWords.join(', ') || 'none'}; ` +
      'expected input_ids and attention_mask, and optionally token_type_ids, all int64'
  )
}

/** Divides texts into batches of about equal lengths, so that padding is small. Returns lists of their indices. */
export function textBatches(texts: readonly (readonly number[])[]): number[][] {
  const byLength = texts.map((_, index) => index).sort((a, b) => lengthOf(texts, a) - lengthOf(texts, b))
  const result: number[][] = []
  let batch: number[] = []
  for (const index of byLength) {
    // The longest text is last, and all are padded to its length.
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
  elementAt(texts, index, 'text').length

/** Creates the inputs of a batch of texts. @param types types of each text's tokens, if not all 0 */
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
  const typeIds = new BigInt64Array(texts.length * length)
  for (const [row, textTypes] of types.entries()) typeIds.set(textTypes.map(BigInt), row * length)
  const dims = [texts.length, length]
  return {
    input_ids: integerTensor(ids, dims),
    attention_mask: integerTensor(mask, dims),
    ...(inputNames.includes('token_type_ids') ? { token_type_ids: integerTensor(typeIds, dims) } : {})
  }
}

/** Runs work, and converts errors of onnxruntime. @param refused builds the error from a reason */
export async function withRuntimeErrors<T>(
  refused: (why: string) => WorkbenchError,
  work: () => Promise<T>
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw refused(`onnxruntime says: ${errorMessage(error)}`)
  }
}
