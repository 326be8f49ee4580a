import { z } from 'zod'

/** Facts about a measure of answers. Values are computed in src/main/measures. */
export interface Measure {
  id: string
  label: string
  /** Label for narrow columns. */
  short: string
  /** Explanation, as a part of a sentence. */
  explain: string
  about: 'diversity' | 'quality' | 'refusal' | 'likelihood' | 'length' | 'failure'
  /** Direction of better values; null if neither direction is better. */
  better: 'higher' | 'lower' | null
  /** A share lies between 0 and 1. A count is a whole number for one prompt. Any other measure has its own scale. */
  scale: 'share' | 'count' | 'own'
  /** Maximum of an `own` scale, or of a count that is not bounded by the answers (`listed`: by the right answers). */
  greatest?: number | 'listed'
  /** True for a measure that published comparisons no longer lead with. Reports fold it. */
  isSecondary?: true
}

type Kind<Better extends Measure['better']> = (
  about: Measure['about'],
  scale: Measure['scale']
) => Pick<Measure, 'about' | 'scale'> & { better: Better }

const higherIsBetter: Kind<'higher'> = (about, scale) => ({ about, better: 'higher', scale })
const lowerIsBetter: Kind<'lower'> = (about, scale) => ({ about, better: 'lower', scale })
const neutral: Kind<null> = (about, scale) => ({ about, better: null, scale })

/** Measures of the text alone. Each has a function in src/main/measures/sample-measures.ts. */
export const TEXT_MEASURES = [
  {
    id: 'distinctAnswers',
    label: 'Distinct answers',
    short: 'Distinct share',
    explain: 'different answers, apart from case, outer white space and a final mark',
    ...higherIsBetter('diversity', 'count')
  },
  {
    id: 'answerEntropy',
    label: 'Answer entropy',
    short: 'Entropy',
    explain: 'Shannon entropy of the answers over its greatest value: 0 all the same, 1 all different',
    ...higherIsBetter('diversity', 'share')
  },
  {
    id: 'distinct2',
    label: 'Distinct-2',
    short: 'Distinct-2',
    explain: 'different pairs of neighbouring words over all pairs',
    ...higherIsBetter('diversity', 'share'),
    isSecondary: true
  },
  {
    id: 'selfBleu',
    label: 'Self-BLEU',
    short: 'Self-BLEU',
    explain: 'how much each answer reads like the others (BLEU-4): lower is more diverse',
    ...lowerIsBetter('diversity', 'share'),
    isSecondary: true
  },
  {
    id: 'wordDistance',
    label: 'Word distance',
    short: 'Distance',
    explain: 'mean distance between the word sets of two answers (Jaccard): 1 when no word is shared',
    ...higherIsBetter('diversity', 'share'),
    isSecondary: true
  }
] as const satisfies readonly Measure[]

/** Measures that need more than the text. Each has a function in src/main/measures/cell-measures.ts. */
const OTHER_MEASURES = [
  {
    id: 'distinct2Equal',
    label: 'Distinct-2, equal length',
    short: 'Distinct-2 =',
    explain: 'different pairs of neighbouring words over all pairs, all variants cut to as many words',
    ...higherIsBetter('diversity', 'share')
  },
  {
    id: 'selfBleuEqual',
    label: 'Self-BLEU, equal length',
    short: 'Self-BLEU =',
    explain: 'how much each answer reads like the others (BLEU-4), all variants cut to as many words',
    ...lowerIsBetter('diversity', 'share')
  },
  {
    id: 'wordDistanceEqual',
    label: 'Word distance, equal length',
    short: 'Distance =',
    explain: 'mean distance between the word sets of two answers (Jaccard), all variants cut to as many words',
    ...higherIsBetter('diversity', 'share')
  },
  {
    id: 'adjustedDistinct',
    label: 'Expectation-adjusted distinct',
    short: 'Adjusted',
    explain: 'distinct tokens over how many are to be expected in answers of such length',
    ...higherIsBetter('diversity', 'own'),
    isSecondary: true
  },
  {
    id: 'compressionRatio',
    label: 'Compression ratio',
    short: 'Compression',
    explain: 'size of all answers over their compressed size: lower is more diverse',
    ...lowerIsBetter('diversity', 'own'),
    isSecondary: true
  },
  {
    id: 'cosineDistance',
    label: 'Embedding distance',
    short: 'Embeddings',
    explain: 'mean cosine distance between the embeddings of two answers',
    ...higherIsBetter('diversity', 'own')
  },
  {
    id: 'vendiScore',
    label: 'Vendi score',
    short: 'Vendi',
    explain: 'effective number of different answers, by their embeddings',
    ...higherIsBetter('diversity', 'count')
  },
  {
    id: 'distinctClasses',
    label: 'Classes of ten answers',
    short: 'Classes',
    explain: 'different answers among the first ten by a classifier, as NoveltyBench counts them (distinct_k)',
    ...higherIsBetter('diversity', 'count'),
    greatest: 10
  },
  {
    id: 'effectivePassing',
    label: 'Effective answers that pass',
    short: 'Pass, effective',
    explain: 'effective number of answers that are right, in form, or scored at least 5 of 10',
    ...higherIsBetter('diversity', 'count')
  },
  {
    id: 'effectiveFailing',
    label: 'Effective answers that fail',
    short: 'Fail, effective',
    explain: 'effective number that failing answers add; lost by quality control, not by narrowing',
    ...neutral('failure', 'own')
  },
  {
    id: 'distinctPassing',
    label: 'Distinct answers that pass',
    short: 'Pass, distinct',
    explain: 'different answers that are in form, or scored at least 5 of 10',
    ...higherIsBetter('diversity', 'count')
  },
  {
    id: 'vendiPassing',
    label: 'Vendi score of answers that pass',
    short: 'Pass, Vendi',
    explain: 'effective number of answers that are right or in form, by their embeddings',
    ...higherIsBetter('diversity', 'count')
  },
  {
    id: 'vendiFailing',
    label: 'Vendi score added by failing answers',
    short: 'Fail, Vendi',
    explain: 'Vendi score of all answers minus that of answers that pass',
    ...neutral('failure', 'own')
  },
  {
    id: 'distinctRight',
    label: 'Distinct right answers',
    short: 'Right, distinct',
    explain: 'different right answers to a prompt',
    ...higherIsBetter('diversity', 'count'),
    greatest: 'listed'
  },
  {
    id: 'coverage',
    label: 'Coverage',
    short: 'Coverage',
    explain: 'share of all right answers that were given',
    ...higherIsBetter('diversity', 'share')
  },
  {
    id: 'distinctForms',
    label: 'Distinct answers, as meant',
    short: 'Distinct, meant',
    explain: 'different answers by what a judge reads them to mean',
    ...higherIsBetter('diversity', 'count')
  },
  {
    id: 'distinctRightForms',
    label: 'Distinct right answers, as meant',
    short: 'Right, distinct, meant',
    explain: 'different right answers to a prompt by what a judge reads the answers to mean',
    ...higherIsBetter('diversity', 'count'),
    greatest: 'listed'
  },
  {
    id: 'coverageForms',
    label: 'Coverage, as meant',
    short: 'Coverage, meant',
    explain: 'share of all right answers that were given, by what a judge reads the answers to mean',
    ...higherIsBetter('diversity', 'share')
  },
  {
    id: 'solutionPaths',
    label: 'Solution paths',
    short: 'Paths',
    explain: 'different right solutions',
    ...higherIsBetter('diversity', 'count')
  },
  {
    id: 'accuracy',
    label: 'Right answers',
    short: 'Right',
    explain: 'share of answers that are right',
    ...higherIsBetter('quality', 'share')
  },
  {
    id: 'accuracyForms',
    label: 'Right answers, as meant',
    short: 'Right, meant',
    explain: 'share of answers that are right by what a judge reads them to mean',
    ...higherIsBetter('quality', 'share')
  },
  {
    id: 'majority',
    label: 'Majority vote',
    short: 'Majority',
    explain: 'share of prompts whose most frequent answer is right',
    ...higherIsBetter('quality', 'share')
  },
  {
    id: 'passAtN',
    label: 'pass@n',
    short: 'pass@n',
    explain: 'share of prompts with a right answer among all',
    ...higherIsBetter('quality', 'share')
  },
  {
    id: 'formatKept',
    label: 'Format kept',
    short: 'Format',
    explain: 'share of answers that keep to the form the task asks for',
    ...higherIsBetter('quality', 'share')
  },
  {
    id: 'refusals',
    label: 'Refused requests',
    short: 'Refused',
    explain: 'share of answers to unsafe requests with a listed phrase of refusal',
    ...higherIsBetter('refusal', 'share')
  },
  {
    id: 'overRefusals',
    label: 'Refused harmless requests',
    short: 'Refused, harmless',
    explain: 'share of answers to harmless requests with a listed phrase of refusal',
    ...lowerIsBetter('refusal', 'share')
  },
  {
    id: 'refusalOpenings',
    label: 'Refusal openings',
    short: 'Openings',
    explain: 'exact probability that the answer to an unsafe request begins with a listed opening',
    ...higherIsBetter('refusal', 'share')
  },
  {
    id: 'overRefusalOpenings',
    label: 'Refusal openings, harmless requests',
    short: 'Openings, harmless',
    explain: 'exact probability that the answer to a harmless request begins with a listed opening',
    ...lowerIsBetter('refusal', 'share')
  },
  {
    id: 'logLikelihoodPost',
    label: 'Log-likelihood under post',
    short: 'LL post',
    explain:
      'mean log-likelihood of a token of the answers under post; ' +
      'a diagnostic, greatest for post’s own favourite answers',
    ...neutral('likelihood', 'own'),
    greatest: 0
  },
  {
    id: 'logLikelihoodBase',
    label: 'Log-likelihood under base',
    short: 'LL base',
    explain:
      'mean log-likelihood of a token of the answers under base; ' +
      'a diagnostic, greatest for base’s own favourite answers',
    ...neutral('likelihood', 'own'),
    greatest: 0
  },
  {
    id: 'repetition',
    label: 'Repetition',
    short: 'Repetition',
    explain: 'share of word sequences inside an answer that repeat an earlier one of it',
    ...lowerIsBetter('quality', 'share')
  },
  {
    id: 'judge',
    label: 'Judge',
    short: 'Judge',
    explain: 'marks of the judge, from 0 to 1',
    ...higherIsBetter('quality', 'share')
  },
  {
    id: 'passing',
    label: 'Answers that pass',
    short: 'Pass',
    explain: 'share of answers that the judge scores at least 5 of 10',
    ...higherIsBetter('quality', 'share')
  },
  {
    id: 'utility',
    label: 'Utility of ten answers',
    short: 'Utility',
    explain: 'scores of answers that begin a class, with patience 0.8, as NoveltyBench has them (utility_k)',
    ...higherIsBetter('quality', 'own')
  },
  {
    id: 'words',
    label: 'Words',
    short: 'Words',
    explain: 'words of an answer',
    ...neutral('length', 'count'),
    greatest: Infinity
  }
] as const satisfies readonly Measure[]

const MEASURES = [...TEXT_MEASURES, ...OTHER_MEASURES]

export const TextMeasureId = z.enum(TEXT_MEASURES.map(({ id }) => id))
export type TextMeasureId = z.infer<typeof TextMeasureId>

/** Measure ids in display order. */
export const MeasureId = z.enum(MEASURES.map(({ id }) => id))
export type MeasureId = z.infer<typeof MeasureId>

const MEASURE_BY_ID = new Map<string, Measure>(MEASURES.map((measure) => [measure.id, measure]))

export function measureOf(id: MeasureId): Measure {
  const measure = MEASURE_BY_ID.get(id)
  if (measure === undefined) throw new RangeError(`there is no measure ${id}`)
  return measure
}

/** Maxima of counts for one prompt: of its answers, and of different right ones among them. */
export interface CountLimits {
  answers: number
  listed: number
}

/**
 * Returns the minimum and maximum of a measure's values and of their means.
 *
 * @param most counts have no maximum without it
 */
export function limitsOf(
  { scale, greatest }: Pick<Measure, 'scale' | 'greatest'>,
  most: CountLimits = { answers: Infinity, listed: Infinity }
): [number, number] {
  if (scale === 'share') return [0, 1]
  const max = greatest === 'listed' ? most.listed : greatest
  return scale === 'own' ? [-Infinity, max ?? Infinity] : [0, max ?? most.answers]
}
