import type { PreferenceTally } from '../../../contract/documents/preferences'
import type { Variant } from '../../../contract/documents/samples'
import { nameStyle } from '../../../contract/documents/variant-styles'
import { formatCount } from '../../../contract/words/format'
import { setWords, preferenceColumns, tallyBasis, tallyFinding } from '../../../contract/words/preference-words'
import { type Block, block, numberColumn, type TableCell, textColumn } from '../blocks'

/** Shows how often each variant won blind comparisons. @param how who preferred, such as "Preferred blind" */
export function preferenceBlocks(how: string, tally: PreferenceTally, variants: readonly Variant[]): Block[] {
  const shares = preferenceColumns(tally)
  const label = `${how}, ${setWords(tally.size)}`
  const columns = [
    textColumn('Variant'),
    numberColumn('compared'),
    numberColumn('preferred'),
    ...shares.map(({ name }) => numberColumn(name))
  ]
  const rows = tally.variants.map((entry, index): TableCell[] => {
    const variant = variants[index]
    return [
      { text: entry.variant, ...(variant === undefined ? {} : nameStyle(variants, variant)) },
      { text: formatCount(entry.compared) },
      { text: formatCount(entry.won) },
      ...shares.map(({ of }) => ({ text: of(entry) }))
    ]
  })
  return [block.paragraph(`${label}, ${tallyBasis(tally)}. ${tallyFinding(tally)}`), block.table(label, columns, rows)]
}
