/** Scripts without spaces between words. Each letter counts as a word, as in BLEU for Chinese. */
const UNSPACED = '\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}'
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
 * Splits a text into words in lower case. A word is a run of letters, marks and digits, with apostrophes
 * inside ("don't" is one word, "blue-green" two). A letter of a script without spaces is a word, and so are a
 * flag and an emoji. Punctuation is omitted. A fixed rule is used instead of Intl.Segmenter, whose dictionaries
 * change with the runtime, and whose time grows with the square of the text length.
 */
export function wordsOf(text: string): string[] {
  return text.normalize('NFC').toLowerCase().match(WORD) ?? []
}
