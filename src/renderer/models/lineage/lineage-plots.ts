import type { LineageLayer, TriageDocument } from '../../../contract/documents/lineage'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import type { MarkShape, ModelTone } from '../../../contract/model/model-style'
import { estimateText, formatDistance } from '../../../contract/words/lineage-words'
import { scoreWords } from '../../../contract/words/score-words'
import { type PlotContent, type PlotPoint, type PlotSeries, roomyBounds } from '../../plots/plot'

const curve = (name: string, tone: ModelTone, mark: MarkShape, points: readonly PlotPoint[]): PlotSeries => ({
  ...{ name, tone, mark, points, connected: true, named: true, radius: 3 }
})

const boundsOf = (series: readonly PlotSeries[], limits?: readonly [number, number]): [number, number] =>
  roomyBounds(
    series.flatMap(({ points }) => points.flatMap(({ y, yInterval }) => [y, ...(yInterval ?? [])])),
    limits
  )

/**
 * Plots three values of each layer of a stage: how far its weights moved, and how diversity and validity change if it
 * is restored. A layer whose weights were not compared has only the last two.
 */
export function lineagePlot({
  layers,
  scoredBy
}: {
  layers: readonly LineageLayer[]
  scoredBy: ScoredByBrief
}): PlotContent {
  const words = scoreWords(scoredBy)
  const distances = layers.flatMap(({ layer, distance }) => (distance === null ? [] : [{ layer, distance }]))
  const largest = Math.max(0, ...distances.map(({ distance }) => distance))
  const effect = (measure: 'diversity' | 'validity', name: string): PlotPoint[] =>
    layers.map(({ layer, [measure]: estimate }) => ({
      x: layer,
      y: estimate.difference,
      yInterval: estimate.interval,
      lines: [`Layer ${layer}`, `${name} ${estimateText(estimate)}`]
    }))
  const [given, cost] = [`${words.diversity} given back`, `change of ${words.validity}`]
  const effects = [
    curve(given, 'hybrid', 'circle', effect('diversity', given)),
    curve(cost, 'base', 'rect', effect('validity', cost))
  ]
  const height = Math.max(...boundsOf(effects).map(Math.abs))
  const moved = distances.map(({ layer, distance }) => ({
    x: layer,
    y: largest === 0 ? 0 : (height * distance) / largest,
    lines: [`Layer ${layer}`, `change of weights ${formatDistance(distance)}`]
  }))
  const series = [...effects, curve('change of weights, scaled', 'post', 'triangle', moved)]
  return {
    label: `Effect of restoring each of ${layers.length} layers.`,
    series,
    x: { title: 'restored layer', bounds: [0, Math.max(1, layers.length - 1)], whole: true },
    y: { title: 'difference', bounds: boundsOf(series) }
  }
}

/** Plots validity and diversity of the checkpoints of a training over its steps. */
export function triagePlot({ checkpoints, scoredBy }: TriageDocument): PlotContent {
  const words = scoreWords(scoredBy)
  const points = (measure: 'diversity' | 'validity'): PlotPoint[] =>
    checkpoints.map(({ name, step, [measure]: { difference, interval } }) => ({
      x: step,
      y: difference,
      yInterval: interval,
      lines: [name, difference.toFixed(3)]
    }))
  const series = [
    curve(words.diversity, 'hybrid', 'circle', points('diversity')),
    curve(words.validity, 'base', 'rect', points('validity'))
  ]
  const steps = checkpoints.map(({ step }) => step)
  return {
    label: `Scores of ${checkpoints.length} checkpoints.`,
    series,
    x: { title: 'step', bounds: roomyBounds(steps), whole: true },
    y: { title: 'score', bounds: boundsOf(series, [0, 1]) }
  }
}
