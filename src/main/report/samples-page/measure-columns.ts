import type { SampleMeasures } from '../../../contract/samples'

/** Name, meaning and number format of each measure of answers, in the order they are shown. */
export const MEASURE_COLUMNS: readonly {
  key: keyof SampleMeasures
  name: string
  meaning: string
  digits: number
}[] = [
  { key: 'distinctAnswers', name: 'distinct', meaning: 'different answers', digits: 1 },
  { key: 'answerEntropy', name: 'entropy', meaning: 'of the answers, over log n', digits: 3 },
  { key: 'distinct2', name: 'distinct-2', meaning: 'different word pairs over all', digits: 3 },
  { key: 'selfBleu', name: 'self-BLEU', meaning: 'lower is more diverse', digits: 3 },
  { key: 'pairwiseDistance', name: 'distance', meaning: 'Jaccard, of word sets', digits: 3 }
]

/** A whole number as it is, others with `digits` decimals; a dash for what cannot be measured. */
export function decimal(value: number | null, digits: number): string {
  if (value === null) return '–'
  return digits === 1 && Number.isInteger(value) ? String(value) : value.toFixed(digits)
}
