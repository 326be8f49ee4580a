/** Texts that a spreadsheet computes, also after white space and in full width, and breaks that end a cell. */
const FORMULA = /^(?:['\s]*[=+\-@＝＋－＠]|'*[\t\r\n])/u

/**
 * Puts an apostrophe before a text that a spreadsheet would take for a formula (OWASP, "CSV Injection"). A formula
 * can fetch addresses and start programs. Texts that already have one get another, so that {@link plainText} restores
 * every text.
 */
export function spreadsheetText(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

/** Returns the text that {@link spreadsheetText} received. */
export function plainText(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell
}
