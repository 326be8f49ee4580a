import { baselineAt, type Shape, textShape } from './drawing'
import type { FigurePage } from './figure'
import { textWidth } from './text-width'

interface LegendEntry {
  label: string
  /** Draws the key around a point. */
  key: (x: number, y: number) => readonly Shape[]
}

const KEY_WIDTH = 22
const KEY_GAP = 12
const ROW_HEIGHT = 16
const KEY_SIZE = 11

/** Lays out the legend's entries in rows below `top`, with as many per row as fit. */
export function legendShapes(
  entries: readonly LegendEntry[],
  top: number,
  page: FigurePage
): { height: number; shapes: Shape[] } {
  if (entries.length === 0) return { height: 0, shapes: [] }
  const position = { x: 8, row: 0 }
  const shapes = entries.flatMap(({ label, key }) => {
    const wide = KEY_WIDTH + textWidth(label, KEY_SIZE)
    if (position.x > 8 && position.x + wide > page.width - 4) {
      position.x = 8
      position.row += 1
    }
    const [x, y] = [position.x, top + 4 + (position.row + 0.5) * ROW_HEIGHT]
    position.x += wide + KEY_GAP
    return [
      ...key(x + KEY_WIDTH / 2 - 3, y),
      textShape(label, x + KEY_WIDTH - 2, baselineAt(y, KEY_SIZE), page.colors['ink-soft'], {
        size: KEY_SIZE
      })
    ]
  })
  return { height: 8 + (position.row + 1) * ROW_HEIGHT, shapes }
}
