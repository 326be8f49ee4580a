import LETTERS from '../../../renderer/ui/styles/letters.css?raw'
import { PRINT_STYLE } from '../print-style'

/** The style sheet of the page to share: the window's colours, light or dark as the reader's system is. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --surface: #ffffff; --line: #dfe2e7; --ink: #15181c; --soft: #4a515b;
  --base: #00639c; --post: #b84700; --hybrid: #00714f; --checkpoint: #a0317a;
  --orange: #8a5c00; --sky: #00728c; --black: #3a3f47; --bar: #a9a4e6;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #121417; --surface: #1a1d21; --line: #31363d; --ink: #e9ecef; --soft: #b4bbc4;
    --base: #5cb8ee; --post: #ff8f55; --hybrid: #2fc598; --checkpoint: #ee8fc8;
    --orange: #ffc457; --sky: #a8d8f8; --black: #cfd4da; --bar: #5b54a8;
  }
}
* { box-sizing: border-box; }
${LETTERS}
body {
  margin: 0; padding: 24px; background: var(--ground); color: var(--ink);
  font: 14px/20px system-ui, sans-serif; font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 20px; line-height: 28px; overflow-wrap: anywhere; }
h2 { margin: 32px 0 4px; font-size: 16px; line-height: 24px; }
p { margin: 0 0 8px; max-width: 80ch; color: var(--soft); overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; background: var(--surface); }
th, td { padding: 8px 12px; border: 1px solid var(--line); text-align: start; vertical-align: top; font-weight: 400; }
thead th { font-weight: 600; }
th.base { color: var(--base); } th.post { color: var(--post); } th.hybrid { color: var(--hybrid); }
th.checkpoint { color: var(--checkpoint); } th.orange { color: var(--orange); } th.sky { color: var(--sky); }
th.black { color: var(--black); }
th:is(.base, .post, .hybrid, .checkpoint, .orange, .sky, .black) { font-weight: 600; overflow-wrap: anywhere; }
th small { display: block; font-weight: 400; color: var(--soft); }
.numbers td { text-align: end; }
.answers { table-layout: fixed; width: 100%; }
.answers th, .answers td { width: 280px; }
.note { margin: 0 0 4px; font-size: 12px; line-height: 16px; color: var(--soft); overflow-wrap: anywhere; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.mono { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 12px; }
.block { padding: 8px 12px; border: 1px solid var(--line); background: var(--surface); max-height: 480px; overflow: auto; }
ol { margin: 0; padding: 0; list-style: none; max-height: 420px; overflow: auto; }
li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 8px; padding: 4px 0; }
.count { color: var(--soft); }
.bar { grid-column: 1 / -1; height: 3px; min-width: 2px; border-radius: 2px; background: var(--bar); }
summary { cursor: pointer; font-size: 12px; color: var(--soft); }
dl { display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); gap: 4px 16px; margin: 0; }
dt { color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--base); outline-offset: 1px; }
${PRINT_STYLE}`
