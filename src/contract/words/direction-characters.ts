/** Characters that change the direction of the following text. */
const DIRECTION_CHARACTERS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

/** Replaces direction characters by their code, such as U+202E. */
export function showDirectionCharacters(text: string): string {
  return text.replace(
    DIRECTION_CHARACTERS,
    (character) => `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
  )
}
