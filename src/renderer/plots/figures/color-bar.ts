import { colorAt, type ColorScale, cssColor } from '../../../contract/words/color-scale'
import { rect, type Shape, short, text } from './drawing'
import type { FigurePage } from './figure'

interface Scaled {
  scale: ColorScale
  format: (value: number) => string
  /** Its middle is 0. */
  centred: boolean
}

/** Steps of which a scale is drawn: each goes on to the far end, so that none leaves a seam. */
const STEPS = 64

/**
 * What the colours mean: 10 high, with the ends' values below, the last 24 units below its top.
 *
 * @param place its upper left corner and width, and whether there is room for the value of the low end
 */
export function colorBar(
  { scale, format, centred }: Scaled,
  [low, high]: readonly [number, number],
  { x, y, width, low: told = true }: { x: number; y: number; width: number; low?: boolean },
  colors: Pick<FigurePage['colors'], 'ink-soft'>
): Shape[] {
  const words = (said: string, at: number, anchor: 'start' | 'middle' | 'end'): Shape =>
    text(said, at, y + 24, colors['ink-soft'], { size: 11, anchor })
  return [
    ...Array.from({ length: STEPS }, (_, step) => {
      const from = Number(short((width * step) / STEPS))
      const fill = cssColor(colorAt(scale, step / (STEPS - 1)))
      return rect({ x: x + from, y, width: width - from, height: 10 }, { fill })
    }),
    ...(told ? [words(format(low), x, 'start')] : []),
    ...(told && centred ? [words('0', x + width / 2, 'middle')] : []),
    words(format(high), x + width, 'end')
  ]
}
