/**
 * Print rules of a page's tables. Nothing scrolls on paper, so all columns fit the page's width. Column heads are
 * repeated on every page, folded parts are open, and colours are the light ones.
 */
export const PRINT_STYLE = `
@page { size: A4; margin: 12mm; }
@media print {
  :root { color-scheme: light; }
  body { padding: 0; max-width: none; }
  section { border: none; padding: 0; }
  .wide, pre, ol, .block { overflow: visible; max-height: none; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  table, .answers { width: 100%; font-size: 12px; line-height: 16px; }
  th, td, td.number, .answers th, .answers td {
    width: auto; min-width: 0; max-width: none; padding: 2px 5px; white-space: pre-wrap; overflow-wrap: anywhere;
  }
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
}
`
