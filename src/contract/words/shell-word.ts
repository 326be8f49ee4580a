/** What a terminal would show as nothing, or take for a command; a line break ends one. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/**
 * One word to a POSIX shell, whatever it holds, on one line that can be pasted: characters that are not seen stand as bytes of UTF-8 in
 * octal (`$'…'`, POSIX.1-2024), of which no digit behind them is taken for a part.
 */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  if (!UNSEEN.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`
  return `$'${Array.from(text, escaped).join('')}'`
}

function escaped(character: string): string {
  if (character === '\n') return String.raw`\n`
  if (character === '\t') return String.raw`\t`
  if (character === "'" || character === '\\') return `\\${character}`
  if (!UNSEEN.test(character)) return character
  const bytes = new TextEncoder().encode(character)
  return Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
