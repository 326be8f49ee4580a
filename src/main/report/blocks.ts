import type { RunMarks } from '../../contract/documents/history'
import type { ReportChart } from '../../contract/documents/report-chart'
import type { NameStyle } from '../../contract/documents/variant-styles'

/*
 * A report as a document: sections of blocks, which one writer turns into HTML and another into Markdown. All text is plain but that of notes;
 * escaping is the writers' work.
 */

/** A model's name looks as the charts draw the model. */
export interface TableCell extends Partial<NameStyle> {
  text: string
  /** A second, smaller line. */
  detail?: string
  strong?: boolean
}

export interface Column extends Partial<NameStyle> {
  label: string
  /** What the column holds, in a few words. */
  detail?: string
  /** Numbers stand to the right. */
  numeric: boolean
  /** True if a narrow terminal leaves out other columns first. */
  essential?: boolean
}

export type Block =
  | { kind: 'lead' | 'paragraph' | 'note' | 'warning' | 'heading'; text: string }
  /** Markdown that a person wrote: the one text that is not plain. */
  | { kind: 'notes'; text: string }
  /** Each a figure, what it is, and the words that explain it. */
  | { kind: 'figures'; figures: { label: string; value: string; detail: string }[] }
  | { kind: 'facts'; facts: readonly (readonly [name: string, value: string])[] }
  /** The first column names the rows. */
  | { kind: 'table'; label: string; columns: Column[]; rows: TableCell[][] }
  /** Shown in HTML only; tables have the same numbers. */
  | { kind: 'chart'; label: string; chart: ReportChart }
  | { kind: 'code'; text: string }
  /** Pages that lie beside this one. */
  | { kind: 'links'; links: { text: string; href: string }[] }
  /** Shown when asked for. */
  | { kind: 'fold'; summary: string; blocks: Block[] }

export type TableBlock = Extract<Block, { kind: 'table' }>

export interface Section {
  id: string
  title: string
  blocks: Block[]
}

/** What the user has said of a run: its name and its note, where there are such. */
export const markBlocks = ({ name, note }: Pick<RunMarks, 'name' | 'note'>): Block[] => [
  ...(name === '' ? [] : [paragraph(`Called “${name}”.`)]),
  ...notesBlocks(note)
]

export const notesBlocks = (text: string): Block[] => (text.trim() === '' ? [] : [{ kind: 'notes', text }])

export const textColumn = (label: string, detail?: string): Column => ({ label, detail, numeric: false })
export const numberColumn = (label: string, detail?: string): Column => ({ label, detail, numeric: true })

export const paragraph = (text: string): Block => ({ kind: 'paragraph', text })

/** A section that holds nothing yet, and says so. */
export const emptySection = (section: Omit<Section, 'blocks'>, text: string): Section => ({
  ...section,
  blocks: [paragraph(text)]
})

export const fold = (summary: string, blocks: Block[]): Block => ({ kind: 'fold', summary, blocks })
