import type { Variant } from '../../contract/documents/samples'
import type { RunAnnotations } from '../../contract/documents/history'
import type { ReportChart } from '../../contract/documents/report-chart'
import { type NameStyle, nameStyle } from '../../contract/documents/variant-styles'

/* A report consists of sections, which consist of blocks. Writers turn blocks into escaped HTML, Markdown or text. */

/** A cell of a table. The tone and shape of a {@link NameStyle} mark a model's name. */
export interface TableCell extends Partial<NameStyle> {
  text: string
  /** A second, smaller line. */
  detail?: string
  strong?: boolean
  /** Distinct answers of a model. `share` is the answer's share of all answers in the cell, 0 to 1. */
  answers?: readonly { text: string; count: number; share: number }[]
  /** Text that HTML shows on request. Markdown omits it. */
  more?: { summary: string; text: string }
}

export interface ReportColumn extends Partial<NameStyle> {
  label: string
  detail?: string
  /** Numbers are aligned to the right. */
  numeric: boolean
  /** True if a narrow terminal omits other columns first. */
  essential?: boolean
}

interface TextBlock {
  kind: 'lead' | 'paragraph' | 'note' | 'warning' | 'heading' | 'code'
  text: string
}

export type Block =
  | TextBlock
  /** Notes that the user wrote in Markdown. All other texts are plain. */
  | { kind: 'notes'; text: string }
  | { kind: 'figures'; figures: { label: string; value: string; detail: string }[] }
  | { kind: 'facts'; facts: readonly Fact[] }
  /** The first column names the rows. */
  | { kind: 'table'; label: string; columns: ReportColumn[]; rows: TableCell[][] }
  /** Shown in HTML only. Tables have the same numbers. */
  | { kind: 'chart'; label: string; chart: ReportChart }
  /** Links to other pages. */
  | { kind: 'links'; links: { text: string; href: string }[] }
  /** Blocks that are shown on request. */
  | { kind: 'fold'; summary: string; blocks: Block[] }

export type Fact = readonly [name: string, value: string]

export type TableBlock = Extract<Block, { kind: 'table' }>

export interface Section {
  id: string
  title: string
  blocks: Block[]
}

/** Shows the name and note that the user gave a run. */
export const annotationBlocks = ({ name, note }: Pick<RunAnnotations, 'name' | 'note'>): Block[] => [
  ...(name === '' ? [] : [block.paragraph(`Called “${name}”.`)]),
  ...notesBlocks(note)
]

export const notesBlocks = (text: string): Block[] => (text.trim() === '' ? [] : [{ kind: 'notes', text }])

const column =
  (numeric: boolean) =>
  (label: string, detail?: string): ReportColumn => ({ label, detail, numeric })

export const textColumn = column(false)
export const numberColumn = column(true)

const textBlock =
  (kind: TextBlock['kind']) =>
  (text: string): Block => ({ kind, text })

export const block = {
  heading: textBlock('heading'),
  lead: textBlock('lead'),
  paragraph: textBlock('paragraph'),
  note: textBlock('note'),
  warning: textBlock('warning'),
  facts: (facts: readonly Fact[]): Block => ({ kind: 'facts', facts }),
  code: textBlock('code'),
  fold: (summary: string, blocks: Block[]): Block => ({ kind: 'fold', summary, blocks }),
  table: (label: string, columns: ReportColumn[], rows: TableCell[][]): TableBlock => ({
    kind: 'table',
    label,
    columns,
    rows
  })
}

/** Returns a block of a value; no block for null. */
export const ifAny = <T>(value: T | null, block: (value: T) => Block): Block[] => (value === null ? [] : [block(value)])

export const DASH: TableCell = { text: '–' }

/** Names a variant in the colour and shape that it has among all variants. */
export const variantCell = (variants: readonly Variant[], variant: Variant): TableCell => ({
  text: variant.name,
  ...nameStyle(variants, variant)
})

export const emptySection = (section: Omit<Section, 'blocks'>, text: string): Section => ({
  ...section,
  blocks: [block.paragraph(text)]
})
