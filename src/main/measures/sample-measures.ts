import { TextMeasureId } from '../../contract/model/measures'
import type { SampleMeasures } from '../../contract/documents/samples'
import { answerEntropy } from './texts/answer-entropy'
import { countAnswers } from './texts/distinct-answers'
import { distinctN } from './texts/distinct-n'
import { fixedSubset } from './texts/fixed-subset'
import { meanPairwiseDistance } from './texts/pairwise-distance'
import { selfBleu } from './texts/self-bleu'
import { wordsOf } from './texts/words'
import { mean } from '../base/sums'

/**
 * Most answers of a cell that are compared with each other. The published evaluations of this method take 32 to 128 per
 * prompt, so those are compared whole; beyond, a fixed random subset keeps a run of 10,000 answers fast.
 */
export const COMPARED_ANSWERS = 128

/** How diverse the answers of one cell are. Their order does not matter. */
export function sampleMeasures(texts: readonly string[]): SampleMeasures {
  // Sorted, so that subset and rounding do not depend on the order in which the answers came.
  const words = texts.toSorted().map(wordsOf)
  const counts = countAnswers(texts)
    .map((answer) => answer.count)
    .toSorted((a, b) => a - b)
  const known: Record<TextMeasureId, number | null> = {
    distinctAnswers: counts.length,
    answerEntropy: answerEntropy(counts),
    ...measuresOfWords(words)
  }
  return { sampleCount: texts.length, values: valuesOf((id) => known[id]) }
}

/** What the words of the answers to one prompt tell; a fixed subset where they are more than {@link COMPARED_ANSWERS}. */
export function measuresOfWords(
  words: readonly (readonly string[])[]
): Record<'distinct2' | 'selfBleu' | 'wordDistance', number | null> {
  const compared = fixedSubset(words, COMPARED_ANSWERS)
  return {
    distinct2: distinctN(words, 2),
    selfBleu: selfBleu(compared),
    wordDistance: meanPairwiseDistance(compared)
  }
}

/** Each measure's mean over the cells that have it, so that every prompt weighs the same; null where none has. */
export function averageMeasures(cells: readonly SampleMeasures[]): SampleMeasures {
  return {
    sampleCount: meanIfAny(cells.map(({ sampleCount }) => sampleCount)) ?? 0,
    values: valuesOf((id) => meanIfAny(cells.flatMap(({ values }) => values[id] ?? [])))
  }
}

function valuesOf(value: (id: TextMeasureId) => number | null): SampleMeasures['values'] {
  return Object.fromEntries(
    TextMeasureId.options.flatMap((id) => {
      const measured = value(id)
      return measured === null ? [] : [[id, measured]]
    })
  )
}

/** Null of none. */
export function meanIfAny(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values)
}
