/**
 * Numbers in a text, in order, without thousands separators and leading plus signs. A minus between two numbers or after a
 * letter is no sign: "12-5" holds 12 and 5.
 */
export function numbersOf(text: string): string[] {
  return (text.match(/(?:(?<![\p{L}\d)])[-−])?(?:\d[\d,]*(?:\.\d+)?|(?<![\p{L}\d])\.\d+)/gu) ?? []).map(
    plainNumber
  )
}

/** A number in its shortest form, so that 1,000 and 1000.0 are the same. */
function plainNumber(text: string): string {
  const value = Number(text.replaceAll(',', '').replace('−', '-'))
  return Number.isSafeInteger(value) || Math.abs(value) < 1e15 ? String(value) : text
}
