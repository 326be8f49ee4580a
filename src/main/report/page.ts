import { createHash } from 'node:crypto'
import type { Report } from '../../contract/documents/report'
import type { NameStyle } from '../../contract/documents/variant-styles'
import { MARK_GLYPHS } from '../../contract/model/model-style'
import { reportFigure } from '../../renderer/report/report-figure'
import { Markup, markup } from '../base/markup'
import type { Block, TableCell, Column, Section } from './blocks'
import { REPORT_STYLE } from './page-style'
import { notesMarkup } from './notes'
import { type ReportHead, reportHead, reportSections } from './sections'
import { pageHead } from './page-head'

/**
 * Writes a report as one HTML page that needs nothing else. Its charts are SVG. Its security policy lets it run no
 * script and load nothing.
 */
export const reportPage = (report: Report): string => documentPage(reportHead(report), reportSections(report))

/** Writes sections as one HTML page. */
export function documentPage({ title, subtitle }: ReportHead, sections: readonly Section[]): string {
  const policy = [
    "default-src 'none'",
    `style-src '${integrity(REPORT_STYLE)}'`,
    "base-uri 'none'",
    "form-action 'none'"
  ].join('; ')
  const page = markup`${pageHead(`${title}: report`, policy, REPORT_STYLE)}<body>
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
  ({ label, value, detail }) =>
    markup`<div><dt>${label}</dt><dd><b>${value}</b><small>${detail}</small></dd></div>\n`
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
      markup`<th scope="col"${classes(column, column.tone)} dir="auto">${glyph(column)}${column.label}${detailMarkup(column.detail)}</th>`
  )}</tr></thead>
<tbody>
${rows.map(
  (cells) => markup`<tr>${cells.map((cell, index) => cellMarkup(cell, columns[index], index === 0))}</tr>\n`
)}</tbody>
</table>
</div>
`
}

function cellMarkup(cell: TableCell, column: Column | undefined, namesRow: boolean): Markup {
  const content = markup`${glyph(cell)}${cell.strong === true ? markup`<strong>${cell.text}</strong>` : cell.text}${detailMarkup(cell.detail)}`
  const looks = classes(column, cell.tone)
  return namesRow
    ? markup`<th scope="row"${looks} dir="auto">${content}</th>`
    : markup`<td${looks} dir="auto">${content}</td>`
}

const glyph = ({ shape }: Partial<NameStyle>): Markup | string =>
  shape === undefined ? '' : markup`<span aria-hidden="true">${MARK_GLYPHS[shape]} </span>`

const detailMarkup = (detail: string | undefined): Markup | string =>
  detail === undefined ? '' : markup`<small>${detail}</small>`

function classes(column: Column | undefined, tone: TableCell['tone']): Markup | string {
  const names = [column?.numeric === true ? 'number' : '', tone ?? ''].filter((name) => name !== '')
  return names.length === 0 ? '' : markup` class="${names.join(' ')}"`
}

/** Names a text in a security policy that allows it. */
function integrity(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
