/** What has letters run the other way, for longer than the name it stands in. */
const TURNS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

/** A sentence with names in it that cannot turn the rest of it around: what would is told by its number, as U+202E. */
export function turnsShown(text: string): string {
  return text.replace(
    TURNS,
    (turn) => `U+${turn.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
  )
}
