import type { PreferenceTally } from '../../../contract/documents/preferences'
import type { Variant } from '../../../contract/documents/samples'
import { nameStyle } from '../../../contract/documents/variant-styles'
import { formatCount } from '../../../contract/words/format'
import {
  setWords,
  preferenceColumns,
  tallyBasis,
  tallyFinding
} from '../../../contract/words/preference-words'
import { type Block, type TableCell, numberColumn, paragraph, textColumn } from '../blocks'

/** A table of what was preferred, and what it shows. @param how it was found, such as "Preferred blind" */
export function preferenceBlocks(how: string, tally: PreferenceTally, variants: readonly Variant[]): Block[] {
  const shares = preferenceColumns(tally)
  return [
    paragraph(`${how}, ${setWords(tally.size)}, ${tallyBasis(tally)}. ${tallyFinding(tally)}`),
    {
      kind: 'table',
      label: `${how}, ${setWords(tally.size)}`,
      columns: [
        textColumn('Variant'),
        numberColumn('compared'),
        numberColumn('preferred'),
        ...shares.map(({ name }) => numberColumn(name))
      ],
      rows: tally.variants.map((entry, index): TableCell[] => {
        const variant = variants[index]
        return [
          { text: entry.variant, ...(variant === undefined ? {} : nameStyle(variants, variant)) },
          { text: formatCount(entry.compared) },
          { text: formatCount(entry.won) },
          ...shares.map(({ of }) => ({ text: of(entry) }))
        ]
      })
    }
  ]
}
