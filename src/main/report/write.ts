import { basename } from 'node:path'
import type { Report, ReportFormat } from '../../contract/documents/report'
import { PROJECT_SUFFIX } from '../project/project-name'
import { fencedMarkdown, inlineMarkdown } from '../base/markdown-text'
import { escapeHtml } from '../base/markup'
import { reportPage } from './page'
import type { Block, ReportColumn, TableCell } from './blocks'
import { notesMarkdown } from './notes'
import { reportHead, reportSections } from './sections'

/* Writes reports as HTML (page.ts) or Markdown. */

const WRITERS: Readonly<Record<ReportFormat, (report: Report) => string>> = {
  html: reportPage,
  markdown: reportMarkdown
}

export function reportFileName(projectPath: string, format: ReportFormat): string {
  return `${basename(projectPath, PROJECT_SUFFIX)}-report.${format === 'html' ? 'html' : 'md'}`
}

export function writeReport(report: Report, format: ReportFormat): string {
  return WRITERS[format](report)
}

/** Writes a report as GitHub-flavoured Markdown, with all numbers and without charts. */
export function reportMarkdown(report: Report): string {
  const { title, subtitle } = reportHead(report)
  const sections = reportSections(report).map((section) =>
    [`## ${inlineMarkdown(section.title)}`, ...section.blocks.flatMap(blockText)].join('\n\n')
  )
  return `${[`# ${inlineMarkdown(title)}`, inlineMarkdown(subtitle), ...sections].join('\n\n')}\n`
}

function blockText(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
      return [`### ${inlineMarkdown(block.text)}`]
    case 'lead':
      return [`**${inlineMarkdown(block.text)}**`]
    case 'paragraph':
      return [inlineMarkdown(block.text)]
    case 'note':
      return [quoted(block.text)]
    case 'notes':
      return [notesMarkdown(block.text)]
    case 'warning':
      return [`> **Warning:** ${inlineMarkdown(block.text)}`]
    case 'figures':
      return [
        block.figures
          .map(
            ({ label, value, detail }) =>
              `- ${inlineMarkdown(label)}: **${inlineMarkdown(value)}**, ${inlineMarkdown(detail)}`
          )
          .join('\n')
      ]
    case 'facts':
      return [block.facts.map(([name, value]) => `- **${inlineMarkdown(name)}**: ${inlineMarkdown(value)}`).join('\n')]
    case 'table':
      return [inlineMarkdown(block.label), tableText(block.columns, block.rows)]
    case 'chart':
      return []
    case 'code':
      return [fencedMarkdown('', block.text.trimEnd())]
    case 'links':
      return [block.links.map(({ text, href }) => `- [${inlineMarkdown(text)}](<${href}>)`).join('\n')]
    case 'fold':
      return [
        `<details><summary>${escapeHtml(block.summary.replace(/\s+/g, ' '))}</summary>`,
        ...block.blocks.flatMap(blockText),
        '</details>'
      ]
  }
}

function quoted(text: string): string {
  return lines(text)
    .map((line) => `> ${line}`)
    .join('\n>\n')
}

function tableText(columns: readonly ReportColumn[], rows: readonly (readonly TableCell[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    row(columns.map(({ label, detail }) => cellText({ text: label, detail }))),
    row(columns.map(({ numeric }) => (numeric ? '---:' : '---'))),
    ...rows.map((cells) => row(cells.map(cellText)))
  ].join('\n')
}

function cellText({ text, detail, strong, answers = [] }: TableCell): string {
  const textLines = lines(text).map((line) => (strong === true && line !== '' ? `**${line}**` : line))
  const counted = answers.flatMap((answer) => lines(`${answer.count}× ${answer.text}`))
  return [...(text === '' ? [] : textLines), ...counted, ...(detail === undefined ? [] : lines(detail))].join('<br>')
}

function lines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map(inlineMarkdown)
}
