import { type Drawing, textShape } from './drawing'
import type { FigurePage } from './figure'
import { textWidth } from './text-width'

const SIZE = 11
const LINE_HEIGHT = 15
const LEFT = 8

/** Adds a note below a drawing, broken into lines that fit its width. */
export function withNote(drawing: Drawing, note: string, page: FigurePage): Drawing {
  const lines = linesOf(note, (words) => textWidth(words, SIZE) <= drawing.width - 2 * LEFT)
  const top = drawing.height + 4
  return {
    ...drawing,
    height: top + lines.length * LINE_HEIGHT + 4,
    shapes: [
      ...drawing.shapes,
      ...lines.map((words, index) =>
        textShape(words, LEFT, top + index * LINE_HEIGHT + SIZE, page.colors['ink-soft'], { size: SIZE })
      )
    ]
  }
}

/** Breaks a note into lines. A word that is too long for a line gets a line of its own. */
function linesOf(note: string, fits: (words: string) => boolean): string[] {
  return note.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1)
    const longer = last === undefined ? word : `${last} ${word}`
    return last === undefined || fits(longer) ? [...lines.slice(0, -1), longer] : [...lines, word]
  }, [])
}
