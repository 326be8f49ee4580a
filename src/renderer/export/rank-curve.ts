import type { RankTable } from '../../contract/documents/rank-table'
import { formatPercent } from '../../contract/words/format'
import { type PlotContent, type PlotPoint, type PlotSeries, roomyBounds } from '../plots/plot'
import { formatBytes, formatScore } from '../ui/format'

/** Returns the plot of diversity against validity of adapters, from post over the ranks to the complete restoration. */
export function rankCurve({ post, complete, ranks }: RankTable): PlotContent {
  const point = (name: string, score: RankTable['post'], more: readonly string[] = []): PlotPoint => ({
    x: score.validity,
    y: score.diversity,
    lines: [name, `diversity ${formatScore(score.diversity)}, validity ${formatScore(score.validity)}`, ...more]
  })
  const series = (name: string, tone: PlotSeries['tone'], points: PlotPoint[]): PlotSeries => ({
    ...{ name, tone, points, mark: 'circle', radius: 4, connected: points.length > 1, named: points.length === 1 }
  })
  const adapters = ranks.map((adapter) =>
    point(`rank ${adapter.rank}`, adapter, [
      `${formatBytes(adapter.bytes)}, ${formatPercent(adapter.normShare)} of the norm`
    ])
  )
  const scores = [post, complete, ...ranks]
  return {
    label: ranks
      .map(
        ({ rank, diversity, validity }) =>
          `Rank ${rank}: diversity ${formatScore(diversity)}, validity ${formatScore(validity)}.`
      )
      .join(' '),
    series: [
      ...ranks.map(({ rank }, i) => series(`rank ${rank}`, 'hybrid', adapters.slice(i, i + 1))),
      series('ranks', 'hybrid', adapters),
      series('post', 'post', [point('post', post)]),
      series('complete', 'base', [point('complete', complete)])
    ],
    x: {
      title: 'validity',
      bounds: roomyBounds(
        scores.map(({ validity }) => validity),
        [0, 1]
      )
    },
    y: {
      title: 'diversity',
      bounds: roomyBounds(
        scores.map(({ diversity }) => diversity),
        [0, 1]
      )
    }
  }
}
