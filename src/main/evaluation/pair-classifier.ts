import type { CheckpointReference } from '../../contract/model/checkpoint'
import { elementAt } from '../../contract/model/look-up'
import { fileError } from '../../contract/model/problem'
import type { PartitionRequest } from '../../contract/procedures/engine'
import type { EngineClient } from '../engine/host'
import { openEmbeddingModel } from './embedding-model'

/** Number of tokens of each text that the classifier reads. */
const READ_TOKENS = 128
/** Maximum number of words of texts that are compared by their words, without the classifier. */
const SHORT_WORDS = 5

/** A model that decides whether two answers say the same. Answers that say the same form a class. */
export interface PairClassifier {
  readonly reference: CheckpointReference
  /** Divides each group of texts into classes. @returns for each group, the position of each class's first text */
  partition(
    engine: EngineClient,
    groups: readonly (readonly string[])[],
    signal: AbortSignal
  ): Promise<(readonly number[])[]>
}

/** Opens a classifier in the folder layout of optimum: model.onnx and tokenizer.json. Using it loads the model. */
export async function openPairClassifier(folder: string): Promise<PairClassifier> {
  const model = await openEmbeddingModel(folder, 'classifier of pairs of texts')
  const [empty = []] = await model.encodeAll([''])
  const [begin, end] = empty
  if (empty.length !== 2 || begin === undefined || end === undefined) {
    throw fileError(
      `The tokenizer of ${model.reference.path} makes ${empty.length} tokens of an empty text; expected one before ` +
        'and one behind it, such as [CLS] and [SEP].',
      'Take the tokenizer.json of the classifier itself.'
    )
  }
  return {
    reference: model.reference,
    async partition(engine, groups, signal) {
      const tokens = await model.encodeAll(groups.flat())
      let textIndex = 0
      const request: PartitionRequest = {
        file: model.file,
        begin,
        end,
        groups: groups.map((texts) => ({
          // The special tokens around each text are removed.
          texts: texts.map(() => elementAt(tokens, textIndex++, 'text').slice(1, -1).slice(0, READ_TOKENS)),
          decided: texts.map((text) => texts.map((other) => sameByWords(text, other)))
        }))
      }
      const partitions: (readonly number[])[] = groups.map(() => [])
      for await (const { group, begins } of await engine.partition(request, { signal })) {
        partitions[group] = begins
      }
      return partitions
    }
  }
}

/**
 * Compares short texts as NoveltyBench does (`maybe_test_equality`): the same if half of the words of the longer one
 * are in both, ignoring case. @returns null for longer texts, which need the classifier
 */
export function sameByWords(text: string, other: string): boolean | null {
  const [words, others] = [text, other].map((each) => each.trim().toLowerCase().split(/\s+/).filter(Boolean))
  if (words === undefined || others === undefined) return null
  const longer = Math.max(words.length, others.length)
  if (longer > SHORT_WORDS) return null
  const common = new Set(words.filter((word) => others.includes(word)))
  return common.size * 2 >= longer
}
