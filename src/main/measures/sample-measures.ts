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

/** Maximum number of answers of a cell that are compared in pairs. Of more answers, a fixed random subset is used. */
export const COMPARED_ANSWERS = 128

/** Computes how diverse the answers of one variant to one prompt are. Their order does not matter. */
export function sampleMeasures(texts: readonly string[]): SampleMeasures {
  // Sorted, so that the subset and rounding do not depend on the order of arrival.
  const words = texts.toSorted().map(wordsOf)
  const counts = countAnswers(texts)
    .map((answer) => answer.count)
    .toSorted((a, b) => a - b)
  const measures: Record<TextMeasureId, number | null> = {
    distinctAnswers: counts.length,
    answerEntropy: answerEntropy(counts),
    ...measuresOfWords(words)
  }
  return { sampleCount: texts.length, values: valuesOf((id) => measures[id]) }
}

/** Computes measures of the words of answers to one prompt, two of them on at most {@link COMPARED_ANSWERS} answers. */
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

/** Averages each measure over the cells with a value, so that every prompt weighs the same. */
export function averageMeasures(cells: readonly SampleMeasures[]): SampleMeasures {
  return {
    sampleCount: meanIfAny(cells.map(({ sampleCount }) => sampleCount)) ?? 0,
    values: valuesOf((id) => meanIfAny(cells.flatMap(({ values }) => values[id] ?? [])))
  }
}

/** Collects the values of all measures of texts. A measure with the value null is omitted. */
function valuesOf(value: (id: TextMeasureId) => number | null): SampleMeasures['values'] {
  return Object.fromEntries(
    TextMeasureId.options.flatMap((id) => {
      const measured = value(id)
      return measured === null ? [] : [[id, measured]]
    })
  )
}

/** Computes a mean; null without values. */
export function meanIfAny(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values)
}
