/** Western and East Asian punctuation at the end of an answer. Repeated marks count as one. */
const FINAL_MARK = /[.!?…。！？]+$/u

/**
 * Returns the text that two equal answers share: without case, outer white space and final punctuation. "Red.", " red"
 * and "RED!" are one answer. Composed and decomposed accents are the same text.
 */
export function normaliseAnswer(text: string): string {
  return text.normalize('NFC').trim().replace(FINAL_MARK, '').trimEnd().toLowerCase()
}
