import type { CategoryScore } from '../../../contract/documents/crc'
import { scoreWords } from '../../../contract/words/score-words'
import { rangeKey, rangeOfKey } from '../../../contract/model/strengths'
import { capitalised, formatScore, rangeLabel } from '../../ui/format'
import type { ChartColors } from '../../plots/chart-theme'
import type { DrawnLine, DrawnName } from '../../plots/overlay'
import type { Mark } from '../../plots/plot-names'
import type { PlotAxis, PlotPicture } from '../../plots/plot-picture'
import type { AxisBounds } from '../board/chart-look.svelte'
import {
  isInBounds,
  scatterBounds,
  type ScatterContent,
  type ScatterDatum,
  shownPoints,
  styleOf
} from './scatter-content'
import { scatterSeries } from './scatter-series'
import { minimumValidity, wholeModels } from '../board/score-board'

/** Series whose names are written beside their points. */
const NAMED = ['Base', 'Post']

/** Returns the trade-off as it is drawn. The window has a legend of its own. */
export function scatterPicture(content: ScatterContent, colors: ChartColors): PlotPicture<ScatterDatum> {
  const words = scoreWords(content.board.scoredBy)
  const bounds = scatterBounds(content)
  const series = scatterSeries(content, colors)
  const axis = (measure: 'validity' | 'diversity', ends: readonly [number, number]): PlotAxis => {
    const shortTitle = capitalised(words[measure])
    return { title: `${shortTitle}: ${words.means[measure]}`, shortTitle, bounds: ends }
  }
  return {
    series,
    x: axis('validity', bounds[0]),
    y: axis('diversity', bounds[1]),
    lines: limitLine(content, bounds, colors),
    names: scatterNames(content, bounds, colors),
    marks: scatterMarks(content),
    legend: series
      .filter(({ label, data }) => !NAMED.includes(label) && data.some((point) => isInBounds(point, bounds)))
      .map(({ label }) => label)
      .reverse(),
    hasCanvasLegend: false,
    titleOf: ({ name, x, y }) => `${name}: ${words.validity} ${formatScore(x)}, ${words.diversity} ${formatScore(y)}`
  }
}

/** Returns the limit of validity as a line over the points. */
function limitLine(
  { board, rho }: ScatterContent,
  [across, [low, high]]: AxisBounds,
  colors: ChartColors
): DrawnLine[] {
  const minimum = minimumValidity(board, rho)
  if (minimum === null || minimum < across[0] || minimum > across[1]) return []
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
  return names.filter((point) => isInBounds(point, bounds))
}

/**
 * Returns the points that names should not cover. There are none while scores arrive, because names would then move
 * with each picture.
 */
export const scatterMarks = (content: ScatterContent): Mark[] =>
  content.streaming
    ? []
    : [...content.board.ranges, ...shownPoints(content)].map(({ validity, diversity }) => ({
        ...{ x: validity, y: diversity, radius: 4 }
      }))
