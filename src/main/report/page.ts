import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Report } from '../../contract/documents/report'
import type { ReportChart } from '../../contract/documents/report-chart'
import type { NameStyle } from '../../contract/documents/variant-styles'
import { MARK_GLYPHS } from '../../contract/model/model-style'
import { builtScript } from '../base/built'
import { Markup, markup } from '../base/markup'
import type { Block, Cell, Column, Section } from './blocks'
import { REPORT_STYLE } from './page-style'
import { notesMarkup } from './notes'
import { type ReportHead, reportHead, reportSections } from './sections'
import { pageHead } from './page-head'

/**
 * A report as one HTML page that needs nothing else: its charts are drawn in the page, from data in it. Its security policy
 * lets it run that one script and load nothing; without scripts the tables say it all.
 */
export const reportPage = (report: Report): Promise<string> =>
  documentPage(reportHead(report), reportSections(report))

/** The same of any sections. */
export async function documentPage(
  { title, subtitle }: ReportHead,
  sections: readonly Section[]
): Promise<string> {
  const charts: ReportChart[] = []
  const body = sections.map((section) => sectionMarkup(section, charts))
  const script = scriptText(await readFile(builtScript('report-charts.js'), 'utf8'))
  const policy = [
    "default-src 'none'",
    `script-src '${integrity(script)}'`,
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
${body}</main>
<script type="application/json" id="charts">${new Markup(jsonText(charts))}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`
  return page.source
}

function sectionMarkup({ id, title, blocks }: Section, charts: ReportChart[]): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${blocks.map((block) => blockMarkup(block, charts))}</section>
`
}

/** @param charts takes those of the block; the page's script finds each by its place */
function blockMarkup(block: Block, charts: ReportChart[]): Markup {
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
      return markup`<figure class="${block.chart.kind}" data-chart="${charts.push(block.chart) - 1}" hidden>
<figcaption>${block.label}</figcaption>
</figure>
`
    case 'code':
      return markup`<pre tabindex="0">${block.text}</pre>\n`
    case 'links':
      return markup`<ul>
${block.links.map(({ text, href }) => markup`<li><a href="${href}" dir="auto">${text}</a></li>\n`)}</ul>
`
    case 'fold':
      return markup`<details><summary dir="auto">${block.summary}</summary>
${block.blocks.map((inner) => blockMarkup(inner, charts))}</details>
`
  }
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

function cellMarkup(cell: Cell, column: Column | undefined, namesRow: boolean): Markup {
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

function classes(column: Column | undefined, tone: Cell['tone']): Markup | string {
  const names = [column?.numeric === true ? 'number' : '', tone ?? ''].filter((name) => name !== '')
  return names.length === 0 ? '' : markup` class="${names.join(' ')}"`
}

/** JSON that cannot end the element it stands in. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

/** A built script that cannot end its element either, nor begin a comment in it. */
function scriptText(script: string): string {
  return script.trim().replaceAll(/<(?=\/script|!--|script)/gi, '\\x3c')
}

/** As a security policy names a text that may stand in the page. */
function integrity(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
