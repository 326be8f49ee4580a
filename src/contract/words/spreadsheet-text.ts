/** Texts that a spreadsheet computes, also after white space and in full width, and breaks that end a cell. */
const FORMULA = /^(?:['\s]*[=+\-@＝＋－＠]|'*[\t\r\n])/u

/** Puts an apostrophe before a text that a spreadsheet would take for a formula (OWASP, "CSV Injection"). */
export function spreadsheetText(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}
