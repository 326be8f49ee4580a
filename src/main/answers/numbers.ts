/** Lists the numbers in a text. A minus between two numbers or after a letter is no sign: "12-5" has 12 and 5. */
export function numbersOf(text: string): string[] {
  return (text.match(/(?:(?<![\p{L}\d)])[-−])?(?:\d[\d,]*(?:\.\d+)?|(?<![\p{L}\d])\.\d+)/gu) ?? []).map(shortestForm)
}

/** Writes a number in its shortest form, so that 1,000 and 1000.0 are equal. */
function shortestForm(text: string): string {
  const value = Number(text.replaceAll(',', '').replace('−', '-'))
  return Number.isSafeInteger(value) || Math.abs(value) < 1e15 ? String(value) : text
}
