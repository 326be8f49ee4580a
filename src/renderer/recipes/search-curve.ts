import type { SearchDocument } from '../../contract/documents/search'
import { scoreWords } from '../../contract/words/score-words'
import { type PlotContent, type PlotPoint, roomyBounds } from '../plots/plot'
import { capitalised, formatCount, formatScore, rangePhrase } from '../ui/format'

type Curve = Pick<SearchDocument, 'generations' | 'range' | 'scoredBy'>

/** Returns the plot of the best score against the work of a search; null for fewer than two generations. */
export function searchCurve({ generations, range, scoredBy }: Curve): PlotContent | null {
  if (generations.length < 2) return null
  const words = scoreWords(scoredBy)
  const pointAt = (
    work: number,
    name: string,
    { diversity, validity }: { diversity: number; validity: number }
  ): PlotPoint => ({
    x: work,
    y: diversity,
    lines: [
      name,
      `${words.diversity} ${formatScore(diversity)}, ${words.validity} ${formatScore(validity)}`,
      `after ${formatCount(work)} block evaluations`
    ]
  })
  const points = [pointAt(0, range.range === null ? 'post' : rangePhrase(range.range), range)]
  let work = 0
  for (const { blockEvaluations, best } of generations) {
    work += blockEvaluations
    points.push(pointAt(work, best.recipe.name, best))
  }
  const last = generations.at(-1)?.best ?? range
  return {
    label:
      `${capitalised(words.diversity)} of the best recipe against block evaluations: ` +
      `${formatScore(range.diversity)} at first, ` +
      `${formatScore(last.diversity)} after ${formatCount(work)}.`,
    series: [{ name: 'best so far', tone: 'hybrid', mark: 'circle', points, connected: true, radius: 3 }],
    x: {
      title: 'block evaluations, cross-fitting included',
      bounds: [0, roomyBounds([0, work], [0, Infinity])[1]],
      tick: formatCount
    },
    y: {
      title: words.diversity,
      bounds: roomyBounds(
        points.map(({ y }) => y),
        [0, 1]
      )
    }
  }
}
