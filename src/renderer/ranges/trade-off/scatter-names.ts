import type { CategoryScore } from '../../../contract/documents/crc'
import { rangeKey, rangeOfKey } from '../../../contract/model/strengths'
import { formatScore, rangeLabel } from '../../ui/format'
import type { ChartColors } from '../../plots/chart-theme'
import type { DrawnLine } from '../../plots/draw-lines'
import type { DrawnName } from '../../plots/draw-names'
import type { Mark } from '../../plots/plot-names'
import type { AxisBounds } from '../board/chart-look.svelte'
import { isBlendPoint, isShownIn, type ScatterContent, styleOf } from './scatter-content'
import { minimumValidity, wholeModels } from '../board/score-board'

/** Returns the limit of validity as a line over the points. */
export function limitLine(
  { board, rho }: ScatterContent,
  [across, [low, high]]: AxisBounds,
  colors: ChartColors
): DrawnLine[] {
  const minimum = minimumValidity(board, rho)
  if (minimum === null || !isWithin(minimum, across)) return []
  const ends = { from: { x: minimum, y: low }, to: { x: minimum, y: high } }
  return [{ ...ends, color: colors['ink-faint'], dash: [5, 4] }]
}

/** Returns the names beside base, post, the selected range, kept models, and one point of each curve. */
export function scatterNames(
  { board, rho, selected, hidden, named = null }: ScatterContent,
  bounds: AxisBounds,
  colors: ChartColors
): DrawnName[] {
  const name = (text: string, { validity, diversity }: CategoryScore, color: string, radius = 8): DrawnName => ({
    text,
    x: validity,
    y: diversity,
    color,
    radius
  })
  const best = rangeOfKey(board, selected)
  const minimum = minimumValidity(board, rho)
  // Only one recipe found by the search and one blend are named, because their points are close together.
  const foundRecipe = board.others.find(({ kind }) => kind === 'search-result')
  const blends = hidden.includes('uniform-blend') ? [] : board.others.filter(({ kind }) => kind === 'uniform-blend')
  const namedBaseline = [...board.others, ...board.baselines].find(({ key }) => key === named)
  const middle = blends[Math.floor(blends.length / 2)]
  const names = [
    ...wholeModels(board).map(({ key, score }) => name(key, score, key === 'post' ? colors.post : colors.base)),
    ...(best === undefined ? [] : [name(rangeLabel(best), best, colors.hybrid)]),
    ...board.others
      .filter(({ kind }) => kind === 'recipe' || kind === 'checkpoint')
      // Halves are named only if they are of the selected range, or kept.
      .filter(({ halfOf, mark }) => halfOf === undefined || rangeKey(halfOf, board) === selected || mark !== null)
      .map((point) => name(point.name, point, colors[styleOf(point).tone])),
    ...(foundRecipe === undefined ? [] : [name('found', foundRecipe, colors.hybrid)]),
    ...(namedBaseline === undefined ? [] : [name('best baseline', namedBaseline, colors['ink-soft'], 5)]),
    ...(middle === undefined ? [] : [name('blends', middle, colors['ink-soft'], 3)]),
    ...(minimum === null
      ? []
      : [name(`limit ${formatScore(minimum)}`, { validity: minimum, diversity: bounds[1][1] }, colors['ink-soft'], 0)])
  ]
  return names.filter((point) => isShown(point, bounds))
}

const isWithin = (value: number, [low, high]: readonly [number, number]): boolean => value >= low && value <= high
const isShown = ({ x, y }: { x: number; y: number }, [across, up]: AxisBounds): boolean =>
  isWithin(x, across) && isWithin(y, up)

/**
 * Returns the points that names should not cover. There are none while scores arrive, because names would then move
 * with each picture.
 */
export const scatterMarks = (content: ScatterContent): Mark[] => {
  const { board, streaming } = content
  const isShown = isShownIn(content)
  return streaming
    ? []
    : [
        ...board.ranges,
        ...board.baselines.filter(({ kind, key }) => isShown(kind, key)),
        ...board.others.filter(({ kind, key }) => !isBlendPoint(kind) || isShown(kind, key))
      ].map(({ validity, diversity }) => ({ x: validity, y: diversity, radius: 4 }))
}
