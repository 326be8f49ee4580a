import { scoreWords } from '../../../contract/words/score-words'
import { rangeKey } from '../../../contract/model/strengths'
import { capitalised, formatScore } from '../../ui/format'
import { toCsv } from '../../ui/csv'
import type { FigureAxis } from '../../plots/figures/axes-drawing'
import type { Drawing } from '../../plots/figures/drawing'
import type { Figure, FigurePage } from '../../plots/figures/figure'
import { plotDrawing } from '../../plots/figures/plot-drawing'
import { FAILS_CHECK } from '../board/mark-looks'
import { estimatesNote } from '../board/readout'
import {
  basisCells,
  basisColumns,
  paretoRanges,
  isBelow,
  minimumValidity,
  rangeText,
  wholeModels
} from '../board/score-board'
import { isBlendPoint, isShownIn, scatterBounds, type ScatterContent } from './scatter-content'
import { limitLine, scatterMarks, scatterNames } from './scatter-names'
import { scatterSeries } from './scatter-series'

const HEIGHT = 0.78
/** Series whose names are written beside their points. */
const NAMED = ['Base', 'Post']

/** Makes the trade-off a figure that can be saved, with the window's zoom, marks and hidden parts. */
export function scatterFigure(content: ScatterContent): Figure {
  const words = scoreWords(content.board.scoredBy)
  return {
    name: ['trade-off', ...(content.zoom === null ? [] : ['zoomed'])],
    title: `${capitalised(words.diversity)} against ${words.validity} of restoration ranges and other models`,
    note: estimatesNote(content.board),
    draw: (page) => scatterDrawing(content, page),
    csv: () => scatterCsv(content)
  }
}

/** Draws the trade-off with a legend of the visible series. */
export function scatterDrawing(content: ScatterContent, page: FigurePage): Drawing {
  const words = scoreWords(content.board.scoredBy)
  const bounds = scatterBounds(content)
  const series = scatterSeries(content, page.colors)
  const axis = (ends: readonly [number, number], measure: string, meaning: string): FigureAxis => ({
    bounds: ends,
    titles: [`${capitalised(measure)}: ${meaning}`, capitalised(measure)]
  })
  return plotDrawing(
    {
      series,
      x: axis(bounds[0], words.validity, words.means.validity),
      y: axis(bounds[1], words.diversity, words.means.diversity),
      lines: limitLine(content, bounds, page.colors),
      names: scatterNames(content, bounds, page.colors),
      marks: scatterMarks(content),
      legend: series
        .filter(({ label, data }) => !NAMED.includes(label) && data.some((point) => isWithin(content, point)))
        .map(({ label }) => label)
        .reverse(),
      titleOf: ({ name, x, y }) => `${name}: ${words.validity} ${formatScore(x)}, ${words.diversity} ${formatScore(y)}`
    },
    HEIGHT,
    page
  )
}

const isWithin = (content: ScatterContent, { x, y }: { x: number; y: number }): boolean => {
  const [across, up] = scatterBounds(content)
  return x >= across[0] && x <= across[1] && y >= up[0] && y <= up[1]
}

/** Writes a CSV row for each visible model. */
export function scatterCsv(content: ScatterContent): string {
  const { board, selected, chosen, brushed, hidden, failed, rejected, rho } = content
  const words = scoreWords(board.scoredBy)
  const isShown = isShownIn(content)
  const front = new Set(paretoRanges(board, rejected).map((range) => rangeKey(range, board)))
  const minimum = minimumValidity(board, rho)
  const marked = (key: string): boolean => brushed === null || brushed.has(key)
  const whole = wholeModels(board).map(({ key, score }) => ({ ...score, kind: key, key, name: key, is: [] }))
  const ranges = board.ranges
    .map((range) => ({ ...range, key: rangeKey(range, board) }))
    .filter((range) => marked(range.key) && !(hidden.includes('below') && isBelow(range, board, minimum)))
    .map((range) => ({
      ...range,
      kind: 'range',
      name: rangeText(range, board),
      is: [
        ...(isBelow(range, board, minimum) ? ['below limit'] : []),
        ...(front.has(range.key) && !hidden.includes('front') ? ['front'] : [])
      ]
    }))
  const others = board.others
    .filter(({ kind, key }) => (isBlendPoint(kind) ? isShown(kind, key) : marked(key)))
    .map((point) => ({ ...point, is: [] }))
  const baselines = board.baselines.filter(({ kind, key }) => isShown(kind, key)).map((point) => ({ ...point, is: [] }))
  return toCsv(
    ['kind', 'model', words.validity, words.diversity, ...basisColumns(words), 'is'],
    [...whole, ...ranges, ...others, ...baselines]
      .filter(({ validity, diversity }) => isWithin(content, { x: validity, y: diversity }))
      .map(({ kind, key, name, validity, diversity, is, ...basis }) => {
        const role = [
          ...(key === selected ? ['selected'] : []),
          ...(key === chosen ? ['inspected'] : []),
          ...(failed.has(key) ? [FAILS_CHECK] : [])
        ]
        return [kind, name, validity, diversity, ...basisCells(basis, board), [...role, ...is].join(', ')]
      })
  )
}
