import type { SampleMeasures } from '../../contract/samples'
import { answerEntropy } from './texts/answer-entropy'
import { countAnswers } from './texts/distinct-answers'
import { distinctN } from './texts/distinct-n'
import { fixedSubset } from './texts/fixed-subset'
import { meanPairwiseDistance } from './texts/pairwise-distance'
import { selfBleu } from './texts/self-bleu'
import { wordsOf } from './texts/words'

/**
 * Most answers of a cell that are compared with each other. The published evaluations of this method take 32 to 128 per
 * prompt, so those are compared whole; beyond, a fixed random subset keeps a run of 10,000 answers fast.
 */
export const COMPARED_ANSWERS = 128

/**
 * How diverse the answers of one cell are. Self-BLEU and pairwise distance look at a fixed subset of
 * {@link COMPARED_ANSWERS} where there are more; the other measures at all answers. The order of the answers does not
 * matter.
 */
export function sampleMeasures(texts: readonly string[]): SampleMeasures {
  const counts = countAnswers(texts).map((answer) => answer.count)
  // Sorted, so that subset and rounding do not depend on the order in which the answers came.
  const words = texts.toSorted().map(wordsOf)
  const compared = fixedSubset(words, COMPARED_ANSWERS)
  return {
    sampleCount: texts.length,
    distinctAnswers: counts.length,
    answerEntropy: answerEntropy(counts.toSorted((a, b) => a - b)),
    distinct2: distinctN(words, 2),
    selfBleu: selfBleu(compared),
    pairwiseDistance: meanPairwiseDistance(compared)
  }
}

/** Each measure's mean over the cells that have it, so that every prompt weighs the same; null where none has. */
export function averageMeasures(cells: readonly SampleMeasures[]): SampleMeasures {
  const mean = (measure: keyof SampleMeasures): number | null => {
    const values = cells.map((cell) => cell[measure]).filter((value) => value !== null)
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  }
  return {
    sampleCount: mean('sampleCount') ?? 0,
    distinctAnswers: mean('distinctAnswers') ?? 0,
    answerEntropy: mean('answerEntropy'),
    distinct2: mean('distinct2'),
    selfBleu: mean('selfBleu'),
    pairwiseDistance: mean('pairwiseDistance')
  }
}
