import type { SampleMeasures, SampleRunMeasures } from '../../contract/samples'
import { toCsv } from './tables'

interface MeasureSpec {
  id: string
  label: string
  /** Where there is little room. */
  short: string
  explain: string
  /** Between 0 and 1; null when the answers are too few. */
  value: (measures: SampleMeasures) => number | null
}

/** The diversity measures of a cell, and of a variant's cells on average. */
export const SAMPLE_MEASURES = [
  {
    id: 'distinct',
    label: 'Distinct',
    short: 'n',
    explain: 'Different answers over all answers, apart from case, outer white space and a final mark',
    value: ({ distinctAnswers, sampleCount }) => (sampleCount === 0 ? null : distinctAnswers / sampleCount)
  },
  {
    id: 'entropy',
    label: 'Entropy',
    short: 'H',
    explain: 'Shannon entropy of the answers over its greatest value: 0 all the same, 1 all different',
    value: ({ answerEntropy }) => answerEntropy
  },
  {
    id: 'distinct2',
    label: 'Distinct-2',
    short: 'D2',
    explain: 'Different pairs of neighbouring words over all pairs',
    value: ({ distinct2 }) => distinct2
  },
  {
    id: 'distance',
    label: 'Distance',
    short: 'J',
    explain: 'Mean distance between the word sets of two answers (Jaccard): 1 when no word is shared',
    value: ({ pairwiseDistance }) => pairwiseDistance
  },
  {
    id: 'selfBleu',
    label: 'Self-BLEU ↓',
    short: 'SB',
    explain: 'How much each answer reads like the others (BLEU-4): lower is more diverse',
    value: ({ selfBleu }) => selfBleu
  }
] as const satisfies readonly MeasureSpec[]

/** The measures of every variant, and below them those of every cell. */
export function measuresCsv({ variants, cells }: SampleRunMeasures): string {
  const row = (variant: string, prompt: number | null, measures: SampleMeasures) => [
    variant,
    prompt,
    measures.sampleCount,
    measures.distinctAnswers,
    ...SAMPLE_MEASURES.map(({ value }) => value(measures))
  ]
  return toCsv(
    ['variant', 'prompt', 'answers', 'distinct_answers', ...SAMPLE_MEASURES.map(({ id }) => id)],
    [
      ...variants.map(({ variant, measures }) => row(variant, null, measures)),
      ...cells.map(({ variant, prompt, measures }) => row(variant, prompt + 1, measures))
    ]
  )
}
