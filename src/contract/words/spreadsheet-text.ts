/** What makes spreadsheets compute a cell, behind white space or in full width too; or a break that ends it early. */
const FORMULA = /^(?:['\s]*[=+\-@＝＋－＠]|'*[\t\r\n])/u

/**
 * Text that no spreadsheet takes for a formula: models and people write what they like, and a formula can fetch addresses and start
 * programs. What begins like one gets an apostrophe before it (OWASP, "CSV Injection"), which spreadsheets then show. So
 * does what already has apostrophes there: {@link plainText} gets every text back.
 */
export function spreadsheetText(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

/** The text that {@link spreadsheetText} was given. */
export function plainText(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell
}
