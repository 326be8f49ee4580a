/*
 * Widths of letters in Arial and in fonts with its metrics, such as Liberation Sans. A figure is laid out with them in
 * the window and in main, where no canvas measures text.
 */

/** Widths of the characters from space to `~`, in thousandths of the font size. */
const REGULAR = widths(
  '278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 ' +
    '278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 ' +
    '611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 ' +
    '556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584'
)
const BOLD = widths(
  '278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 ' +
    '333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 ' +
    '611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 ' +
    '611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584'
)

function widths(list: string): readonly number[] {
  return list.split(' ').map(Number)
}

/** Characters as wide as the font is high, such as Chinese ones and emoji. */
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}…→←]/u
/** Marks that stand over the letter before them. */
const COMBINING = /\p{Mark}/u
const OTHER_WIDTH = 570

/** Returns the width of a text in units. Characters outside ASCII have an average width. */
export function textWidth(words: string, size: number, bold = false): number {
  const letters = bold ? BOLD : REGULAR
  let width = 0
  for (const letter of words)
    width +=
      letters[(letter.codePointAt(0) ?? 0) - 32] ??
      (WIDE.test(letter) ? 1000 : COMBINING.test(letter) ? 0 : OTHER_WIDTH)
  return (width * size) / 1000
}
