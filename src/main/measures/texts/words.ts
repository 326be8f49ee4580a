/** Scripts written without spaces between words: each letter counts as a word, as BLEU does for Chinese. */
const UNSPACED =
  '\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}'
const LETTER = '[\\p{L}\\p{M}\\p{N}]'
const SPACED_LETTER = `(?![${UNSPACED}])${LETTER}`

const WORD = new RegExp(
  [
    `(?=[${UNSPACED}])\\p{L}\\p{M}*`,
    `(?:${SPACED_LETTER})+(?:['’](?:${SPACED_LETTER})+)*`,
    '\\p{Regional_Indicator}{2}',
    '\\p{Extended_Pictographic}'
  ].join('|'),
  'gu'
)

/**
 * The words of a text in lower case, in order: runs of letters, marks and digits, apostrophes inside included
 * ("don't" is one word, "blue-green" two); every letter of a script without spaces; every emoji. Punctuation is left
 * out. A rule instead of Intl.Segmenter, whose dictionaries change with the runtime, so that the measures would too,
 * and whose time grows with the square of a long text's length.
 */
export function wordsOf(text: string): string[] {
  return text.normalize('NFC').toLowerCase().match(WORD) ?? []
}
