import { type Drawing, text } from './drawing'
import { type FigurePage, textWidth } from './figure'

const SIZE = 11
const LINE = 15
const LEFT = 8

/** A drawing with a note below it, in as many lines as its width asks for. */
export function withNote(drawing: Drawing, note: string, page: FigurePage): Drawing {
  const lines = linesOf(note, (words) => textWidth(page, words, SIZE) <= drawing.width - 2 * LEFT)
  const top = drawing.height + 4
  return {
    ...drawing,
    height: top + lines.length * LINE + 4,
    shapes: [
      ...drawing.shapes,
      ...lines.map((line, place) =>
        text(line, LEFT, top + place * LINE + SIZE, page.colors['ink-soft'], { size: SIZE })
      )
    ]
  }
}

/** A word that fits no line has one of its own. */
function linesOf(note: string, fits: (words: string) => boolean): string[] {
  return note.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1)
    const longer = last === undefined ? word : `${last} ${word}`
    return last === undefined || fits(longer) ? [...lines.slice(0, -1), longer] : [...lines, word]
  }, [])
}
