import {
  capitalised,
  formatDelta,
  formatPercent,
  formatScore,
  plural,
  rangePhrase
} from '../../contract/words/format'
import { previewMark } from '../../contract/words/preview-words'
import type { ScoreWords } from '../../contract/words/score-words'
import { shortName } from '../ui/short-name'
import { type PlotContent, type PlotSeries, roomyBounds } from '../plots/plot'
import { isPreviewRow, markedName, type PairRow } from './pair-rows'

/** The front of every pair's ranges, from the diversity of post to that of base: comparable, for each keeps a share of its own post. */
export function frontsPlot(rows: readonly PairRow[], words: ScoreWords): PlotContent {
  const called = chartNames(rows)
  const series = rows.flatMap((row) => frontSeries(row, called(row), words))
  const points = series.flatMap((one) => one.points)
  const kept = points.map(({ x }) => x)
  return {
    label:
      `The best ranges of ${plural(rows.length, 'pair')}: ${words.diversity} against the share of post's ${words.validity} ` +
      `that is kept. The larger points are selected; a cross is post.${rows.some(isPreviewRow) ? ' Of previews only the exact ranges are drawn.' : ''}`,
    series,
    x: {
      title: `share of post's ${words.validity} kept`,
      // More than post's own is rare, and all of it is what most axes end with.
      bounds: roomyBounds(kept, [0, Math.max(1, ...kept)]),
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

function frontSeries(row: PairRow, called: string, words: ScoreWords): PlotSeries[] {
  const { style, outline } = row
  if (outline === null) return []
  const mark = previewMark(outline)
  const { front, selected, post } = outline
  const look = {
    tone: style.tone,
    mark: style.shape,
    named: true,
    connected: true,
    opacity: 1,
    name: called
  }
  const told = (what: string, { diversity, validity }: typeof post, kept: number): string[] => [
    `${row.name}: ${what}${mark === null ? '' : ` (${mark})`}`,
    `${words.diversity} ${formatScore(diversity)}`,
    `${words.validity} ${formatScore(validity)}, ${formatPercent(kept)} of post's`
  ]
  // All of one name, which is listed once; of single points no line is drawn.
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
              lines: told(rangePhrase(range), { ...score, intervals: null }, kept)
            }
          ]
    )
  }
  const ofPost: PlotSeries = {
    ...look,
    mark: 'crossRot',
    radius: 5,
    points: post.validity === 0 ? [] : [{ x: 1, y: post.diversity, lines: told('post', post, 1) }]
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
          ...told(`selects ${rangePhrase(selected.range)}`, selected, selected.kept),
          `${formatDelta(selected.gain)} over post`
        ],
        ...(intervals === null ? {} : { yInterval: intervals.diversity })
      }
    ]
  }
  return [curve, ofPost, chosen]
}

/** What rows are called in a chart: long names without their middle, but where that would make two the same. */
function chartNames(rows: readonly PairRow[]): (row: PairRow) => string {
  const short = rows.map(({ name }) => shortName(name))
  return (row) => {
    const own = shortName(row.name)
    const name = short.filter((one) => one === own).length > 1 ? row.name : own
    return markedName({ ...row, name })
  }
}

/** Where in the depth of its model each pair's selected range lies: 0 is the first layer's input, 100 % the last one's output. */
export function depthPlot(rows: readonly PairRow[]): PlotContent {
  const placed = rows.filter(({ range, layerCount }) => range !== null && layerCount !== null)
  const called = chartNames(placed)
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
          name: markedName(row),
          tone: row.style.tone,
          mark: row.style.shape,
          connected: true,
          named: false,
          opacity: 1,
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
        return row === undefined ? '' : called(row)
      }
    }
  }
}

/** Where the selected range begins and ends, 0 to 1; null where none is known. */
export function depthSpan({
  range,
  layerCount
}: Pick<PairRow, 'range' | 'layerCount'>): [number, number] | null {
  if (range === null || layerCount === null) return null
  return [range.start / layerCount, (range.end + 1) / layerCount]
}

/** The selected range with its depth in a few words. */
export function depthWords(row: PairRow): string {
  const span = depthSpan(row)
  if (span === null || row.range === null) return `${row.name}: no range`
  const [from, to] = span.map((share) => Math.round(share * 100))
  return `${markedName(row)}: ${rangePhrase(row.range)} of ${row.layerCount}, ${from} to ${to} % of the depth`
}

/** What the two charts are called, for their files. */
export const CHART_NAMES = { fronts: 'frontiers', depth: 'depth' } as const

export const frontsTitle = (words: ScoreWords): string =>
  `${capitalised(words.diversity)} against ${words.validity} kept`
