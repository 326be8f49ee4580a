import LETTERS from '../../renderer/ui/styles/letters.css?raw'
import PALETTE from '../../renderer/ui/styles/palette.css?raw'

/** The style sheet of reports and other HTML pages. In print, scrolled tables and folded parts are shown in full. */
export const REPORT_STYLE = `${PALETTE}
* { box-sizing: border-box; }
${LETTERS}
body {
  margin: 0 auto; max-width: 1280px; padding: 32px 32px 64px; background: var(--ground); color: var(--ink);
  font: 14px/20px system-ui, sans-serif; font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 24px; line-height: 32px; overflow-wrap: anywhere; }
h2 { margin: 0 0 12px; font-size: 18px; line-height: 24px; }
h3 { margin: 24px 0 8px; font-size: 15px; line-height: 20px; overflow-wrap: anywhere; }
section {
  margin: 24px 0 0; padding: 20px 24px; border: 1px solid var(--line); border-radius: 8px;
  background: var(--surface);
}
p { margin: 0 0 12px; max-width: 88ch; overflow-wrap: anywhere; }
.soft, .note, small, figcaption, caption, dt { color: var(--ink-soft); }
.lead { font-size: 16px; line-height: 24px; font-weight: 600; }
.note { white-space: pre-wrap; }
.notes { margin: 0 0 12px; border-inline-start: 3px solid var(--line); padding-inline-start: 12px; }
.notes > :first-child { margin-top: 0; }
.notes > :last-child { margin-bottom: 0; }
.warning { padding: 8px 12px; border-radius: 6px; background: var(--warning-wash); }
.warning strong { color: var(--warning); }
a { color: var(--accent); }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 12px 0 0; padding: 0; list-style: none; }
dl { margin: 0 0 12px; }
dd { margin: 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 12px; }
.figures div {
  padding: 12px 16px; border: 1px solid var(--line); border-radius: 6px; background: var(--surface-raised);
}
.figures b { display: block; font-size: 20px; line-height: 28px; font-weight: 600; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 16px; }
.facts dt { max-width: 32ch; }
.facts dd, .facts dt { white-space: pre-wrap; overflow-wrap: anywhere; }
.wide { margin: 0 0 16px; overflow-x: auto; }
table { border-collapse: collapse; }
caption { padding: 0 0 6px; max-width: 100ch; text-align: start; }
th, td { padding: 5px 12px; border: 1px solid var(--line); text-align: start; vertical-align: top; font-weight: 400; }
td { min-width: 96px; max-width: 480px; white-space: pre-wrap; overflow-wrap: anywhere; }
th { max-width: 320px; white-space: pre-wrap; overflow-wrap: break-word; }
thead th { background: var(--surface-raised); font-weight: 600; vertical-align: bottom; }
.number { text-align: end; }
td.number { min-width: 72px; white-space: nowrap; }
.base { color: var(--base); }
.post { color: var(--post); }
.hybrid { color: var(--hybrid); }
.checkpoint { color: var(--checkpoint); }
.orange { color: var(--orange); } .sky { color: var(--sky); } .black { color: var(--black); }
th:is(.base, .post, .hybrid, .checkpoint, .orange, .sky, .black) { font-weight: 600; }
small { display: block; font-size: 12px; line-height: 16px; font-weight: 400; white-space: pre-line; }
details { margin: 0 0 12px; }
details > :not(summary) { margin-top: 8px; }
:is(td, th) > details { overflow: clip; }
td > ol { margin: 0; padding: 0; min-width: 200px; max-height: 420px; overflow: auto; list-style: none; }
td > ol > li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 8px; padding: 4px 0; }
td li > span { color: var(--ink-soft); }
td li > svg { grid-column: 1 / -1; width: 100%; fill: var(--accent); }
summary { cursor: pointer; color: var(--accent); overflow-wrap: anywhere; }
pre {
  margin: 0 0 12px; padding: 12px 16px; max-height: 480px; overflow: auto;
  border: 1px solid var(--line); border-radius: 6px; background: var(--surface-raised);
  font: 12px/18px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
figure { margin: 0 0 20px; }
figcaption { margin: 0 0 8px; max-width: 100ch; }
.parts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 24px; }
.ranges .parts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
figure svg { display: block; max-width: 100%; height: auto; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
@media (max-width: 900px) { .ranges .parts { grid-template-columns: minmax(0, 1fr); } body { padding: 16px; } }
@page { size: A4; margin: 12mm; }
@media print {
  :root { color-scheme: light; }
  body { padding: 0; max-width: none; }
  section { border: none; padding: 0; }
  .wide, pre, td > ol { overflow: visible; max-height: none; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  table { width: 100%; font-size: 12px; line-height: 16px; }
  th, td, td.number {
    width: auto; min-width: 0; max-width: none; padding: 2px 5px; white-space: pre-wrap; overflow-wrap: anywhere;
  }
  table:has(td > ol) { table-layout: fixed; }
  td > ol { min-width: 0; }
  td > ol > li { display: block; }
  thead th { min-width: 6em; }
  :is(th, td):first-child { min-width: 7.5em; }
  th small, td small { font-size: 0.85em; line-height: 1.3; }
  table:has(thead th:nth-child(7)) { font-size: 9px; line-height: 12px; }
  table:has(thead th:nth-child(7)) thead th { max-width: 11em; }
  table:has(thead th:nth-child(12)) { font-size: 7px; line-height: 9px; }
  table:has(thead th:nth-child(12)) :is(th, td) { min-width: 3em; padding: 1px 2px; }
  table:has(thead th:nth-child(20)) { font-size: 5px; line-height: 6px; }
  table:has(thead th:nth-child(20)) :is(th, td) { min-width: 0; padding: 1px; }
  thead { display: table-header-group; }
  h1, h2, h3, caption, thead, summary, figcaption { break-after: avoid; break-inside: avoid; }
  tr, figure, .figures div { break-inside: avoid; }
  details::details-content { content-visibility: visible; }
  nav { display: none; }
}`
