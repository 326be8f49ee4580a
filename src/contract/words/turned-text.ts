/** Characters that change the direction of the following text. */
const TURNS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

/** Replaces direction marks in names by their code, such as U+202E. */
export function turnsShown(text: string): string {
  return text.replace(TURNS, (turn) => `U+${turn.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`)
}
