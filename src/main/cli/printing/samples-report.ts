import type { SampleRunMeasures } from '../../../contract/documents/samples'
import { TEXT_MEASURES } from '../../../contract/model/measures'
import { answersEach } from '../../../contract/words/answer-words'
import { fewerPrompts } from '../../../contract/words/evaluation-words'
import { plural } from '../../../contract/words/format'
import { decimal, table } from './output'

/** Describes the diversity of sampled answers as a table with a row for each model. */
export function describeSamples({ variants, compared }: SampleRunMeasures): string {
  const rows = variants.map(({ variant, measures, promptCounts }) => [
    variant,
    ...TEXT_MEASURES.map(({ id }) => {
      const measured = measures.values[id]
      if (measured === undefined) return '-'
      return [decimal(measured), fewerPrompts(promptCounts[id], compared.prompts)].filter(Boolean).join(' ')
    })
  ])
  const fewer = variants.some(({ promptCounts }) =>
    Object.values(promptCounts).some((count) => count !== compared.prompts)
  )
  const header = ['model', ...TEXT_MEASURES.map(({ label }) => label)]
  const means =
    `Means over ${plural(compared.prompts, 'prompt')} of ${answersEach(compared)} each.` +
    (fewer ? ' A mean with n leaves out prompts where the measure is undefined (distinct-2 needs two words).' : '')
  return `${table([header, ...rows], `l${'r'.repeat(TEXT_MEASURES.length)}`)}\n${means}`
}
