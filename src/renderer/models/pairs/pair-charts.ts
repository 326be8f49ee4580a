import {
  capitalised,
  formatDelta,
  formatPercent,
  formatScore,
  plural,
  rangePhrase
} from '../../../contract/words/format'
import { previewBadge } from '../../../contract/words/preview-words'
import type { ScoreWords } from '../../../contract/words/score-words'
import { shortName } from '../../ui/short-name'
import { type PlotContent, type PlotSeries, roomyBounds } from '../../plots/plot'
import { isPreviewRow, nameWithBadge, type PairRow } from './pair-rows'

/**
 * Returns the plot of every pair's front. Pairs are comparable, because x is the share of their own post's validity.
 */
export function frontsPlot(rows: readonly PairRow[], words: ScoreWords): PlotContent {
  const nameIn = chartNames(rows)
  const series = rows.flatMap((row) => frontSeries(row, nameIn(row), words))
  const points = series.flatMap(({ points }) => points)
  const shares = points.map(({ x }) => x)
  const onlyExact = rows.some(isPreviewRow) ? ' Previews show exact ranges only.' : ''
  return {
    label:
      `Pareto fronts of ${plural(rows.length, 'pair')}: ${words.diversity} against the share of post's ` +
      `${words.validity} kept. Large points: selected. Crosses: post.${onlyExact}`,
    series,
    x: {
      title: `share of post's ${words.validity} kept`,
      // Values above 1 are rare, so most axes end with 1.
      bounds: roomyBounds(shares, [0, Math.max(1, ...shares)]),
      tick: (value) => `${Math.round(value * 100)} %`
    },
    y: {
      title: `${words.diversity} of ${words.basis}`,
      bounds: roomyBounds(
        points.map(({ y }) => y),
        [0, 1]
      )
    }
  }
}

function frontSeries(row: PairRow, nameIn: string, words: ScoreWords): PlotSeries[] {
  const { style, outline } = row
  if (outline === null) return []
  const badge = previewBadge(outline)
  const { front, selected, post } = outline
  const look = {
    tone: style.tone,
    mark: style.shape,
    named: true,
    connected: true,
    name: nameIn
  }
  const linesOf = (what: string, { diversity, validity }: typeof post, kept: number): string[] => [
    `${row.name}: ${what}${badge === null ? '' : ` (${badge})`}`,
    `${words.diversity} ${formatScore(diversity)}`,
    `${words.validity} ${formatScore(validity)}, ${formatPercent(kept)} of post's`
  ]
  // All points have one name, which is listed once. Series of one point have no line.
  const curve: PlotSeries = {
    ...look,
    radius: 2,
    points: front.flatMap(({ range, kept, ...score }) =>
      kept === null
        ? []
        : [
            {
              x: kept,
              y: score.diversity,
              lines: linesOf(rangePhrase(range), { ...score, intervals: null }, kept)
            }
          ]
    )
  }
  const ofPost: PlotSeries = {
    ...look,
    mark: 'crossRot',
    radius: 5,
    points: post.validity === 0 ? [] : [{ x: 1, y: post.diversity, lines: linesOf('post', post, 1) }]
  }
  if (selected === null || selected.kept === null) return [curve, ofPost]
  const { intervals } = selected
  const chosen: PlotSeries = {
    ...look,
    radius: 7,
    points: [
      {
        x: selected.kept,
        y: selected.diversity,
        lines: [
          ...linesOf(`selects ${rangePhrase(selected.range)}`, selected, selected.kept),
          `${formatDelta(selected.gain)} over post`
        ],
        ...(intervals === null ? {} : { yInterval: intervals.diversity })
      }
    ]
  }
  return [curve, ofPost, chosen]
}

/** Returns the name of a row in a chart: shortened unless two rows would have the same name. */
function chartNames(rows: readonly PairRow[]): (row: PairRow) => string {
  const short = rows.map(({ name }) => shortName(name))
  return (row) => {
    const shortened = shortName(row.name)
    const name = short.filter((other) => other === shortened).length > 1 ? row.name : shortened
    return nameWithBadge({ ...row, name })
  }
}

/**
 * Returns the plot of the selected ranges over relative depth: 0 is the input of the first layer, 1 the output of the
 * last.
 */
export function depthPlot(rows: readonly PairRow[]): PlotContent {
  const placed = rows.filter(({ range, layerCount }) => range !== null && layerCount !== null)
  const nameIn = chartNames(placed)
  const height = placed.length
  return {
    label: `Selected ranges of ${plural(height, 'pair')} over relative depth: ${placed.map(depthWords).join('; ')}.`,
    series: placed.flatMap((row, index): PlotSeries[] => {
      const span = depthSpan(row)
      if (span === null) return []
      const y = height - index
      const lines = [depthWords(row)]
      return [
        {
          name: nameWithBadge(row),
          tone: row.style.tone,
          mark: row.style.shape,
          connected: true,
          radius: 5,
          points: [
            { x: span[0], y, lines },
            { x: span[1], y, lines }
          ]
        }
      ]
    }),
    x: { title: 'relative depth', bounds: [0, 1], tick: (value) => `${Math.round(value * 100)} %` },
    y: {
      title: 'pair',
      bounds: [0, height + 1],
      step: 1,
      tick: (value) => {
        const row = placed[height - value]
        return row === undefined ? '' : nameIn(row)
      }
    }
  }
}

/** Returns the relative depth of the selected range, 0 to 1; null if there is none. */
export function depthSpan({ range, layerCount }: Pick<PairRow, 'range' | 'layerCount'>): [number, number] | null {
  if (range === null || layerCount === null) return null
  return [range.start / layerCount, (range.end + 1) / layerCount]
}

/** Describes the selected range and its depth. */
export function depthWords(row: PairRow): string {
  const span = depthSpan(row)
  if (span === null || row.range === null) return `${row.name}: no range`
  const [from, to] = span.map((share) => Math.round(share * 100))
  return `${nameWithBadge(row)}: ${rangePhrase(row.range)} of ${row.layerCount}, ${from} to ${to} % of the depth`
}

export const CHART_NAMES = { fronts: 'frontiers', depth: 'depth' } as const

/** Returns the title of the chart of all Pareto fronts. */
export const frontsTitle = (words: ScoreWords): string =>
  `${capitalised(words.diversity)} against ${words.validity} kept`
