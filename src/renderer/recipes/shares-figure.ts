import type { LayerShares } from '../../contract/documents/search'
import type { ScoreWords } from '../../contract/words/score-words'
import { baselineAt, type Drawing, path, rect, type Shape, short, textShape } from '../plots/figures/drawing'
import type { Figure, FigurePage } from '../plots/figures/figure'
import { capitalised, formatDelta } from '../ui/format'
import { type Share, shareRows, sharesCsv, sharesScale } from './layer-shares'

const MEASURES = ['diversity', 'validity'] as const
const LABEL = 11
const TOP = 22
const LEFT = 40
const GAP = 14
const NUMBER = 42

/** Returns the figure of the layers' contributions: bars from 0 with intervals, both measures on one scale. */
export const sharesFigure = (shares: LayerShares, words: ScoreWords): Figure => ({
  name: ['layer-shares'],
  title: `What each layer contributes to ${words.diversity} and ${words.validity}: Shapley values`,
  draw: (page) => sharesDrawing(shares, words, page),
  csv: () => sharesCsv(shares)
})

/** Draws bars from 0 with the numbers of each layer beside them. */
export function sharesDrawing(
  shares: LayerShares,
  words: ScoreWords,
  page: Pick<FigurePage, 'width' | 'colors'>
): Drawing {
  const rows = shareRows(shares)
  const reach = sharesScale(rows)
  const { colors } = page
  // Rows get flatter with more layers, down to the height of a letter.
  const rowHeight = rows.length <= 24 ? 16 : 12
  const bottom = TOP + rows.length * rowHeight
  const width = (page.width - LEFT - GAP) / MEASURES.length - NUMBER
  const panels = MEASURES.flatMap((measure, index): Shape[] => {
    const left = LEFT + index * (width + NUMBER + GAP)
    const at = (value: number): number => left + (width * (1 + value / reach)) / 2
    const tick = (value: number, anchor: 'start' | 'middle' | 'end'): Shape =>
      textShape(value === 0 ? '0' : formatDelta(value, 2), at(value), bottom + 14, colors['ink-faint'], {
        size: LABEL,
        anchor
      })
    return [
      textShape(capitalised(words[measure]), at(0), TOP - 8, colors.ink, {
        size: LABEL,
        bold: true,
        anchor: 'middle'
      }),
      ...rows.flatMap((row, index) =>
        shareShapes(row[measure], { at, y: TOP + index * rowHeight, rowHeight, end: left + width + NUMBER }, colors)
      ),
      path(`M${short(at(0))} ${TOP}V${bottom}`, { stroke: colors['ink-faint'] }),
      tick(-reach, 'start'),
      tick(0, 'middle'),
      tick(reach, 'end')
    ]
  })
  return {
    width: page.width,
    height: bottom + 20,
    shapes: [
      textShape('layer', LEFT - 8, TOP - 8, colors['ink-faint'], { size: LABEL, anchor: 'end' }),
      ...rows.map(({ layer }, index) =>
        textShape(String(layer), LEFT - 8, baselineAt(TOP + (index + 0.5) * rowHeight, LABEL), colors['ink-soft'], {
          size: LABEL,
          anchor: 'end'
        })
      ),
      ...panels
    ]
  }
}

/** Draws a bar from 0 with its interval, and its number on the right. */
function shareShapes(
  { value, interval }: Share,
  { at, y, rowHeight, end }: { at: (value: number) => number; y: number; rowHeight: number; end: number },
  colors: FigurePage['colors']
): Shape[] {
  const [from, to] = [Math.min(at(0), at(value)), Math.max(at(0), at(value))]
  const middle = y + rowHeight / 2
  const box = { x: from, y: y + 3, width: to - from, height: rowHeight - 6 }
  return [
    rect(box, { fill: value < 0 ? colors.post : colors.hybrid }),
    ...(interval === null
      ? []
      : [
          path(`M${short(at(interval[0]))} ${short(middle)}H${short(at(interval[1]))}`, {
            stroke: colors.ink,
            width: 1.5
          })
        ]),
    textShape(formatDelta(value), end, baselineAt(middle, LABEL), colors['ink-soft'], {
      size: LABEL,
      anchor: 'end'
    })
  ]
}
