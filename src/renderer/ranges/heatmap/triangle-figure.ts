import { rangeKey } from '../../../contract/model/strengths'
import { scoreWords } from '../../../contract/words/score-words'
import { capitalised } from '../../ui/format'
import { toCsv } from '../../ui/csv'
import type { Figure } from '../../plots/figures/figure'
import { exactGeometry, isInView } from '../../plots/heatmap-geometry'
import { FAILS_CHECK } from '../board/mark-looks'
import { estimatesNote } from '../board/readout'
import { basisCells, basisColumns, isBelow, minimumValidity } from '../board/score-board'
import { triangleDrawing, type TriangleContent } from './triangle-drawing'

/**
 * Makes the triangle a figure that can be saved.
 *
 * @param name name of the metric
 * @param whole all scores of the sweep, if available
 */
export const triangleFigure = (content: TriangleContent, name: string, whole: Figure['whole']): Figure => ({
  name: ['heatmap', name, ...(content.view === null ? [] : ['zoomed'])],
  title: `${content.spec.label} of restoration ranges: first restored layer down, last across`,
  note: estimatesNote(content.board),
  draw({ width, colors }) {
    const { board, view } = content
    return triangleDrawing(content, exactGeometry(board.layerCount, width, view), colors)
  },
  csv: () => triangleCsv(content),
  ...(whole && { whole })
})

/** Writes a CSV row for each visible range that has a value. */
export function triangleCsv(content: TriangleContent): string {
  const { board, spec, rho, selected, plateau, failed, outlines, view } = content
  const words = scoreWords(board.scoredBy)
  const minimum = minimumValidity(board, rho)
  const outlined = new Set(plateau.map((range) => rangeKey(range, board)))
  // Validity and diversity already have columns.
  const metricColumns = [words.validity, words.diversity].map(capitalised).includes(spec.label) ? [] : [spec.label]
  return toCsv(
    ['start', 'end', ...metricColumns, words.validity, words.diversity, ...basisColumns(words), 'is'],
    board.ranges
      .filter((range) => view === null || isInView(view, range))
      .map((range) => {
        const key = rangeKey(range, board)
        const is = [
          ...(key === selected ? [outlines.selected] : []),
          ...(outlined.has(key) ? [outlines.plateau] : []),
          ...(isBelow(range, board, minimum) ? ['below limit'] : []),
          ...(failed.has(key) ? [FAILS_CHECK] : [])
        ]
        const { start, end, validity, diversity } = range
        const value = metricColumns.length === 0 ? [] : [spec.value(range, board)]
        return [start, end, ...value, validity, diversity, ...basisCells(range, board), is.join(', ')]
      })
  )
}
