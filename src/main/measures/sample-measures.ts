import { TextMeasureId } from '../../contract/model/measures'
import type { SampleMeasures } from '../../contract/documents/samples'
import { countAnswers } from './texts/distinct-answers'
import { fixedSubset } from './texts/fixed-subset'
import { selfBleu } from './texts/self-bleu'
import { wordsOf } from './texts/words'
import { mean } from '../base/sums'
import { nGrams } from './texts/n-grams'

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

/**
 * Computes the Shannon entropy of n answers divided by log n: 0 if all are equal, 1 if all differ. It is comparable for
 * equally many answers.
 * @param counts number of times that each different answer was given
 * @returns null for fewer than two answers
 */
export function answerEntropy(counts: readonly number[]): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total < 2) return null
  let entropy = 0
  for (const count of counts) entropy -= (count / total) * Math.log(count / total)
  // Rounding can pass either bound by a last digit, and a single answer gives -0.
  return Math.min(1, Math.max(0, entropy / Math.log(total)))
}

/**
 * Computes distinct-n: the number of different n-grams divided by the number of all n-grams. Li et al. 2016 (arXiv
 * 1510.03055) divide by the number of words. It is comparable for equally many answers.
 * @param answers the words of each answer
 * @returns null if no answer has n words
 */
export function distinctN(answers: readonly (readonly string[])[], n: number): number | null {
  const seen = new Set<string>()
  let total = 0
  for (const words of answers) {
    for (const nGram of nGrams(words, n)) {
      seen.add(nGram)
      total++
    }
  }
  return total === 0 ? null : seen.size / total
}

/**
 * Computes the mean Jaccard distance (Jaccard 1901) over all pairs of answers. The distance of two answers is 1 minus
 * the number of words in both, divided by the number of words in either. Two answers without words are equal.
 * @param answers the words of each answer
 * @returns null for fewer than two answers
 */
export function meanPairwiseDistance(answers: readonly (readonly string[])[]): number | null {
  if (answers.length < 2) return null
  const sets = answers.map((words) => new Set(words))
  let total = 0
  let pairs = 0
  for (const [index, set] of sets.entries()) {
    for (const other of sets.slice(index + 1)) {
      total += jaccardDistance(set, other)
      pairs++
    }
  }
  return total / pairs
}

function jaccardDistance(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a]
  let shared = 0
  for (const word of small) if (large.has(word)) shared++
  const union = a.size + b.size - shared
  return union === 0 ? 0 : 1 - shared / union
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
