import type * as ort from 'onnxruntime-node'
import type { EnginePartitionEvent, PartitionRequest } from '../../../contract/procedures/engine'
import { elementAt } from '../../../contract/model/look-up'
import { fileError, type WorkbenchError } from '../../../contract/model/problem'
import { throwIfCancelled } from '../../base/files/cancelling'
import { floatsOf, runTensors } from '../device/device'
import { openWatchedModelFile } from './open-model-file'
import { requireTextInputs, withRuntimeErrors, textBatches, textFeeds } from './text-session'

/** The minimum score at which the classifier considers two texts the same, as in NoveltyBench. */
const SAME_FROM = 0.102

/**
 * Partitions the texts of each group as NoveltyBench does (Zhang et al. 2025, arXiv 2504.05228). A text without a
 * class begins one and takes all later texts that the classifier considers the same. A cross-encoder gives the
 * softmax of two logits, or the logistic of one.
 */
export async function* partitionTexts(
  { file, groups, ...frame }: PartitionRequest,
  signal?: AbortSignal
): AsyncGenerator<EnginePartitionEvent> {
  const refused = (why: string): WorkbenchError =>
    fileError(
      `${file} does not work as a classifier of pairs of texts: ${why}.`,
      'Take a folder that optimum exported for text classification, with one or two labels.'
    )
  const { session, release } = await withRuntimeErrors(refused, () => openWatchedModelFile(file))
  try {
    requireTextInputs(session, refused)
    for (const [group, { texts, decided }] of groups.entries()) {
      /** Index of the text that began the class of each text; null without a class. */
      const classes: (number | null)[] = texts.map(() => null)
      const begins: number[] = []
      for (const first of texts.keys()) {
        if (classes[first] !== null) continue
        throwIfCancelled(signal, 'Classifying')
        const others = [...texts.keys()].slice(first + 1).filter((other) => classes[other] === null)
        const open = others.filter((other) => decisionOf(decided, first, other) === null)
        const scores = await scoresOf(
          session,
          open.map((other) => pairOf(frame, elementAt(texts, first, 'text'), elementAt(texts, other, 'text'))),
          refused
        )
        const same = (other: number): boolean =>
          decisionOf(decided, first, other) ?? elementAt(scores, open.indexOf(other), 'score') > SAME_FROM
        for (const member of [first, ...others.filter(same)]) classes[member] = first
        begins.push(first)
      }
      yield { group, begins }
    }
  } finally {
    await release()
  }
}

/** Returns whether two texts are known to be the same; null if the classifier must decide. */
const decisionOf = (
  decided: PartitionRequest['groups'][number]['decided'],
  first: number,
  other: number
): boolean | null => elementAt(elementAt(decided, first, 'text'), other, 'text')

interface Pair {
  readonly tokens: readonly number[]
  /** 0 up to the end of the first text, 1 after it. */
  readonly types: readonly number[]
}

/** Joins two texts to [begin, first, end, other, end]. */
function pairOf(
  { begin, end }: Pick<PartitionRequest, 'begin' | 'end'>,
  first: readonly number[],
  other: readonly number[]
): Pair {
  const before = [begin, ...first, end]
  const behind = [...other, end]
  return { tokens: [...before, ...behind], types: [...before.map(() => 0), ...behind.map(() => 1)] }
}

/** Computes the probability that the texts of each pair are the same. */
async function scoresOf(
  session: ort.InferenceSession,
  pairs: readonly Pair[],
  refused: (why: string) => WorkbenchError
): Promise<number[]> {
  const scores: number[] = pairs.map(() => NaN)
  for (const batch of textBatches(pairs.map(({ tokens }) => tokens))) {
    const batchPairs = batch.map((index) => elementAt(pairs, index, 'pair'))
    const feeds = textFeeds(
      session,
      batchPairs.map(({ tokens }) => tokens),
      batchPairs.map(({ types }) => types)
    )
    const [name = ''] = session.outputNames
    const tensor = await withRuntimeErrors(refused, async () => (await runTensors(session, feeds))[name])
    for (const [row, score] of pairScores(tensor, name, batch.length, refused).entries()) {
      scores[elementAt(batch, row, 'pair')] = score
    }
  }
  return scores
}

function pairScores(
  tensor: ort.Tensor | undefined,
  name: string,
  count: number,
  refused: (why: string) => WorkbenchError
): number[] {
  const outputWords = `for ${count} pairs its output ${name} is`
  const wanted = `expected float32 [${count}, 2] or [${count}, 1]`
  if (tensor === undefined) throw refused(`${outputWords} missing; ${wanted}`)
  const { type, dims } = tensor
  const width = dims.length === 2 && dims[0] === count ? dims[1] : undefined
  if (type !== 'float32' || (width !== 1 && width !== 2)) {
    throw refused(`${outputWords} ${type} [${dims.join(', ')}]; ${wanted}`)
  }
  const values = floatsOf(tensor)
  return Array.from({ length: count }, (_, row) => {
    // The margin of the second logit over the first. A single logit counts against 0.
    const margin =
      width === 2
        ? elementAt(values, 2 * row + 1, 'logit') - elementAt(values, 2 * row, 'logit')
        : elementAt(values, row, 'logit')
    if (!Number.isFinite(margin)) throw refused(`its output ${name} holds values that are no numbers`)
    return 1 / (1 + Math.exp(-margin))
  })
}
