import { elementAt } from '../../../contract/model/look-up'
import type { Block, TableCell, TableBlock } from '../../report/blocks'
import { printable, style, table } from './output'

/* Writes the blocks of a report for the terminal. Charts, links and folded parts are left out. */

/** Returns blocks as text, with an empty line between them. */
export const blocksText = (blocks: readonly Block[]): string =>
  blocks
    .map(blockText)
    .filter((text) => text !== '')
    .join('\n\n')

function blockText(block: Block): string {
  switch (block.kind) {
    case 'lead':
    case 'heading':
      return style('bold', printable(block.text))
    case 'paragraph':
    case 'notes':
    case 'code':
      return printable(block.text)
    case 'note':
      return style('dim', printable(block.text))
    case 'warning':
      return style('yellow', printable(block.text))
    case 'figures':
      return block.figures
        .map(({ label, value, detail }) => {
          const separator = detail.startsWith('of ') ? ' ' : ', '
          return `${style('bold', printable(label))}: ${printable(`${value}${separator}${detail}`)}`
        })
        .join('\n')
    case 'facts':
      return block.facts.map(([name, value]) => `${style('bold', printable(name))}: ${printable(value)}`).join('\n')
    case 'table':
      return tableText(block)
    case 'chart':
    case 'links':
    case 'fold':
      return ''
  }
}

function tableText({ label, columns, rows }: TableBlock): string {
  const align = columns.map(({ numeric, essential = false }) => {
    const side = numeric ? 'r' : 'l'
    return essential ? side.toUpperCase() : side
  })
  const heading = columns.map(({ label: name, detail }) => withDetail(name, detail))
  const cells = rows.map((row) => columns.map((_, index) => cellText(elementAt(row, index, 'cell'))))
  return `${style('bold', printable(label))}\n${table(
    [heading, ...cells].map((row) => row.map(hyphened)),
    align.join('')
  )}`
}

const cellText = ({ text, detail }: TableCell): string => withDetail(text, detail)

const withDetail = (text: string, detail: string | undefined): string =>
  detail === undefined || detail === '' ? text : `${text} (${detail.replaceAll('\n', '; ')})`

/** Writes a cell that is a range with a hyphen, as options of the command line take it. */
const hyphened = (text: string): string => text.replace(/^(\d+)–(\d+)$/, '$1-$2')
