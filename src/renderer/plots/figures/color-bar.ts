import { colorAt, type ColorScale, cssColor } from '../../../contract/words/color-scale'
import { rect, type Shape, short, textShape } from './drawing'
import type { FigurePage } from './figure'

interface Scaled {
  scale: ColorScale
  format: (value: number) => string
  /** True if the middle of the scale is 0. */
  centred: boolean
}

/** Number of coloured steps. Each step extends to the far end, so that no seam is seen between two. */
const STEPS = 64

/**
 * Draws a colour scale 10 units high, with its end values below; the whole takes 24 units.
 *
 * @param position the upper left corner and width, and whether to write the value of the low end
 */
export function colorBar(
  { scale, format, centred }: Scaled,
  [low, high]: readonly [number, number],
  { x, y, width, low: showLow = true }: { x: number; y: number; width: number; low?: boolean },
  colors: Pick<FigurePage['colors'], 'ink-soft'>
): Shape[] {
  const label = (words: string, at: number, anchor: 'start' | 'middle' | 'end'): Shape =>
    textShape(words, at, y + 24, colors['ink-soft'], { size: 11, anchor })
  return [
    ...Array.from({ length: STEPS }, (_, step) => {
      const from = Number(short((width * step) / STEPS))
      const fill = cssColor(colorAt(scale, step / (STEPS - 1)))
      return rect({ x: x + from, y, width: width - from, height: 10 }, { fill })
    }),
    ...(showLow ? [label(format(low), x, 'start')] : []),
    ...(showLow && centred ? [label('0', x + width / 2, 'middle')] : []),
    label(format(high), x + width, 'end')
  ]
}
