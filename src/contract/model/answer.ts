/** Sentence marks at the end, Western and East Asian; a run of them counts as one. */
const FINAL_MARK = /[.!?…。！？]+$/u

/**
 * What two answers must share to count as the same: the text without case, outer white space and a final mark. "Red.",
 * " red" and "RED!" are one answer. Composed and decomposed accents are the same text.
 */
export function normaliseAnswer(text: string): string {
  return text.normalize('NFC').trim().replace(FINAL_MARK, '').trimEnd().toLowerCase()
}
