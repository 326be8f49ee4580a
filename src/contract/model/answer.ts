/** Western and East Asian punctuation at the end of an answer. Repeated marks count as one. */
const FINAL_MARKS = '.!?…。！？'

/** Returns the text that equal answers share: composed, in lower case, without outer white space and final marks. */
export function normaliseAnswer(text: string): string {
  const trimmed = text.normalize('NFC').trim()
  let end = trimmed.length
  // A pattern would take quadratic time on an answer of many marks.
  while (end > 0 && FINAL_MARKS.includes(trimmed.charAt(end - 1))) end -= 1
  return trimmed.slice(0, end).trimEnd().toLowerCase()
}
