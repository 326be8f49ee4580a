import { createHash } from 'node:crypto'
import type { Report } from '../../contract/documents/report'
import type { NameStyle } from '../../contract/documents/variant-styles'
import { MARK_GLYPHS } from '../../contract/model/model-style'
import { reportFigure } from '../../renderer/report/report-figure'
import { Markup, markup } from '../base/markup'
import type { Block, TableCell, ReportColumn, Section } from './blocks'
import { REPORT_STYLE } from './page-style'
import { notesMarkup } from './notes'
import { PAGE_SIGN } from './report-sign'
import { creationWords, type ReportHead, reportHead, reportSections } from './sections'

/** Writes a report as one HTML page, without other files and without scripts. */
export const reportPage = (report: Report): string => documentPage(reportHead(report), reportSections(report))

/** Writes a section as a page of its own. */
export const sectionPage = (section: Section, document: Parameters<typeof creationWords>[0]): string =>
  documentPage({ title: section.title, subtitle: creationWords(document) }, [section])

/** Writes sections as one HTML page. A browser blocks every style sheet of the page except `REPORT_STYLE`. */
export function documentPage({ title, subtitle }: ReportHead, sections: readonly Section[]): string {
  const policy = [
    "default-src 'none'",
    `style-src '${integrity(REPORT_STYLE)}'`,
    "base-uri 'none'",
    "form-action 'none'"
  ].join('; ')
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
${new Markup(PAGE_SIGN)}
<title>${title}</title>
<style>${new Markup(REPORT_STYLE)}</style>
</head>
<body>
<header>
<h1 dir="auto">${title}</h1>
<p class="soft" dir="auto">${subtitle}</p>
<nav aria-label="Sections"><ul>
${sections.map(({ id, title: name }) => markup`<li><a href="#${id}">${name}</a></li>\n`)}</ul></nav>
</header>
<main>
${sections.map(sectionMarkup)}</main>
</body>
</html>
`
  return page.source
}

function sectionMarkup({ id, title, blocks }: Section): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${blocks.map(blockMarkup)}</section>
`
}

function blockMarkup(block: Block): Markup {
  switch (block.kind) {
    case 'heading':
      return markup`<h3 dir="auto">${block.text}</h3>\n`
    case 'lead':
    case 'paragraph':
    case 'note':
      return markup`<p class="${block.kind}" dir="auto">${block.text}</p>\n`
    case 'notes':
      return markup`<div class="notes" dir="auto">${notesMarkup(block.text)}</div>\n`
    case 'warning':
      return markup`<p class="warning" role="note" dir="auto"><strong>Warning:</strong> ${block.text}</p>\n`
    case 'figures':
      return markup`<dl class="figures">
${block.figures.map(
  ({ label, value, detail }) => markup`<div><dt>${label}</dt><dd><b>${value}</b><small>${detail}</small></dd></div>\n`
)}</dl>
`
    case 'facts':
      return markup`<dl class="facts">
${block.facts.map(([name, value]) => markup`<dt dir="auto">${name}</dt><dd dir="auto">${value}</dd>\n`)}</dl>
`
    case 'table':
      return tableMarkup(block)
    case 'chart':
      return chartMarkup(block)
    case 'code':
      return markup`<pre tabindex="0">${block.text}</pre>\n`
    case 'links':
      return markup`<ul>
${block.links.map(({ text, href }) => markup`<li><a href="${href}" dir="auto">${text}</a></li>\n`)}</ul>
`
    case 'fold':
      return markup`<details><summary dir="auto">${block.summary}</summary>
${block.blocks.map(blockMarkup)}</details>
`
  }
}

function chartMarkup({ label, chart }: Extract<Block, { kind: 'chart' }>): Markup {
  const figures = reportFigure(chart)
  if (figures.length === 0) return markup``
  return markup`<figure class="${chart.kind}">
<figcaption>${label}</figcaption>
<div class="parts">${figures.map((svg) => new Markup(svg))}</div>
</figure>
`
}

function tableMarkup({ label, columns, rows }: Extract<Block, { kind: 'table' }>): Markup {
  return markup`<div class="wide" tabindex="0" role="region" aria-label="${label}">
<table>
<caption>${label}</caption>
<thead><tr>${columns.map(
    (column) =>
      markup`<th scope="col"${classes(column, column.tone)} dir="auto">${glyph(column)}${column.label}${detailMarkup(
        column.detail
      )}</th>`
  )}</tr></thead>
<tbody>
${rows.map(
  (cells) => markup`<tr>${cells.map((cell, index) => cellMarkup(cell, columns[index], index === 0))}</tr>\n`
)}</tbody>
</table>
</div>
`
}

function cellMarkup(cell: TableCell, column: ReportColumn | undefined, namesRow: boolean): Markup {
  const { text, detail, strong, answers = [], more } = cell
  const content = [
    glyph(cell),
    strong === true ? markup`<strong>${text}</strong>` : text,
    answers.length === 0 ? '' : markup`<ol tabindex="0">${answers.map(answerMarkup)}</ol>`,
    detailMarkup(detail),
    more === undefined ? '' : markup`<details><summary>${more.summary}</summary>${more.text}</details>`
  ]
  const looks = classes(column, cell.tone)
  return namesRow
    ? markup`<th scope="row"${looks} dir="auto">${content}</th>`
    : markup`<td${looks} dir="auto">${content}</td>`
}

/** The page allows no style attribute, so an SVG attribute holds the width of the bar. */
function answerMarkup({ text, count, share }: NonNullable<TableCell['answers']>[number]): Markup {
  const width = `${(100 * share).toFixed(1)}%`
  return markup`<li><div class="text" dir="auto">${text}</div>${count === 1 ? '' : markup`<span>×${count}</span>`}<svg
 height="3" aria-hidden="true"><rect width="${width}" height="3"/></svg></li>`
}

const glyph = ({ shape }: Partial<NameStyle>): Markup | string =>
  shape === undefined ? '' : markup`<span aria-hidden="true">${MARK_GLYPHS[shape]} </span>`

const detailMarkup = (detail: string | undefined): Markup | string =>
  detail === undefined ? '' : markup`<small>${detail}</small>`

function classes(column: ReportColumn | undefined, tone: TableCell['tone']): Markup | string {
  const styles = [column?.numeric === true ? 'number' : '', tone ?? ''].filter((name) => name !== '')
  return styles.length === 0 ? '' : markup` class="${styles.join(' ')}"`
}

/** Returns the hash of a style sheet, by which the page's content security policy allows it. */
function integrity(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
