import { scoreWords } from '../../../contract/words/score-words'
import { rangeKey } from '../../../contract/model/strengths'
import { capitalised } from '../../ui/format'
import { toCsv } from '../../ui/csv'
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
import { isBlendPoint, isShownIn, isInBounds, scatterBounds, type ScatterContent } from './scatter-content'
import { scatterPicture } from './scatter-picture'

const HEIGHT = 0.78

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
export const scatterDrawing = (content: ScatterContent, page: FigurePage): Drawing =>
  plotDrawing(scatterPicture(content, page.colors), HEIGHT, page)

/** Writes a CSV row for each visible model. */
export function scatterCsv(content: ScatterContent): string {
  const { board, selected, chosen, brushed, hidden, failed, rejected, rho } = content
  const words = scoreWords(board.scoredBy)
  const bounds = scatterBounds(content)
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
      .filter(({ validity, diversity }) => isInBounds({ x: validity, y: diversity }, bounds))
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
