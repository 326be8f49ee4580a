import {
  isPlain,
  type EvaluatedPrompt,
  type EvaluationVariant,
  type EvaluationView
} from '../../contract/documents/evaluation'
import { EVALUATION_COLUMNS, evaluationRows } from '../../contract/documents/evaluation-table'
import { formatDifference, measuresOf, withInterval } from '../../contract/words/evaluation-words'
import { limitsOf, type MeasureId, measureOf } from '../../contract/model/measures'
import { formatPercent, plural } from '../ui/format'
import { variantStyles } from '../../contract/documents/variant-styles'
import { type PlotContent, type PlotSeries, roomyBounds } from '../plots/plot'
import type { PlotAxis } from '../plots/plot-picture'
import { toCsv } from '../ui/csv'

/** Returns the style of each variant. Variants with their own sampler or prompting are paler. */
export function seriesStyles(
  variants: readonly EvaluationVariant[]
): (Pick<PlotSeries, 'name' | 'tone' | 'mark'> & { opacity: number })[] {
  const styles = variantStyles(variants.map(({ variant }) => variant))
  return variants.flatMap((entry, index) => {
    const { variant } = entry
    const style = styles[index]
    if (style === undefined) return []
    const opacity = isPlain(entry) ? 1 : 0.6
    return [{ name: variant.name, tone: style.tone, mark: style.shape, opacity }]
  })
}

interface PlottedEvaluation {
  run: Pick<EvaluationView['run'], 'variants'>
  results: Pick<EvaluationView['results'], 'variants' | 'comparedWith'>
}

/** Plots diversity against quality of all variants, with the intervals of both. */
export function tradeOffPlot(
  { run, results }: PlottedEvaluation,
  quality: MeasureId,
  diversity: MeasureId
): PlotContent {
  const styles = seriesStyles(run.variants)
  const series = styles.map((style, index): PlotSeries => {
    const measures = results.variants[index]?.measures
    const [x, y] = [measures?.[quality], measures?.[diversity]]
    return {
      ...style,
      named: true,
      radius: 7,
      points:
        x === undefined || y === undefined
          ? []
          : [
              {
                x: x.mean,
                y: y.mean,
                ...(x.interval === null ? {} : { xInterval: x.interval }),
                ...(y.interval === null ? {} : { yInterval: y.interval }),
                lines: [
                  style.name,
                  `${measureOf(quality).label} ${withInterval(quality, x)}`,
                  `${measureOf(diversity).label} ${withInterval(diversity, y)}`,
                  `${x.interval === null ? '' : '95 % intervals over '}${plural(x.promptCount, 'prompt')}`
                ]
              }
            ]
    }
  })
  const points = series.flatMap((entry) => entry.points)
  return {
    label:
      `${measureOf(diversity).label} against ${measureOf(quality).label} of ${series.length} variants, ` +
      'with 95 % intervals. The table below has the same numbers.',
    series,
    x: measureAxis(
      quality,
      points.flatMap(({ x, xInterval }) => [x, ...(xInterval ?? [])])
    ),
    y: measureAxis(
      diversity,
      points.flatMap(({ y, yInterval }) => [y, ...(yInterval ?? [])])
    )
  }
}

const measureAxis = (id: MeasureId, values: readonly number[]): PlotAxis => ({
  title: axisTitle(id),
  bounds: roomyBounds(values, limitsOf(measureOf(id)))
})

const axisTitle = (id: MeasureId): string => {
  const { label, better } = measureOf(id)
  return better === null ? label : `${label} (${better} is better)`
}

/** Plots pass@k over k on a logarithmic axis; null if no variant has it. */
export function passAtKPlot({ run, results }: PlottedEvaluation): PlotContent | null {
  const ks = results.variants.flatMap(({ passAtK }) => passAtK.map(({ k }) => k))
  if (ks.length === 0) return null
  return {
    label: `pass@k of ${results.variants.length} variants for k from 1 to ${Math.max(...ks)}.`,
    series: seriesStyles(run.variants).map((style, index) => ({
      ...style,
      connected: true,
      named: true,
      radius: 4,
      points: (results.variants[index]?.passAtK ?? []).map(({ k, difference, ...estimate }) => ({
        x: Math.log2(k),
        y: estimate.mean,
        ...(estimate.interval === null ? {} : { yInterval: estimate.interval }),
        lines: [
          style.name,
          `pass@${k} ${withInterval('passAtN', estimate)}`,
          ...(difference === null
            ? []
            : [`${formatDifference('passAtN', difference)}, against ${results.comparedWith}`])
        ]
      }))
    })),
    x: {
      title: 'k: answers that may be tried; solved when one is right',
      bounds: [0, Math.max(1, Math.log2(Math.max(...ks)))],
      step: 1,
      tick: (value) => String(Math.round(2 ** value))
    },
    y: { title: 'pass@k (higher is better)', bounds: [0, 1] }
  }
}

/** Plots a measure for each prompt, with a point for each variant. */
export function promptPlot(
  { run, results }: Pick<EvaluationView, 'results'> & { run: Pick<EvaluationView['run'], 'variants' | 'task'> },
  measure: MeasureId
): PlotContent {
  const { label } = measureOf(measure)
  const series = seriesStyles(run.variants).map((style, variant) => ({
    ...style,
    radius: 4,
    points: run.task.prompts.flatMap((_, prompt) => {
      const value = results.cells[prompt]?.[variant]?.[measure]
      return value === undefined ? [] : [{ x: prompt + 1, y: value, lines: [] }]
    })
  }))
  return {
    label: `${label} of ${run.variants.length} variants on each of ${run.task.prompts.length} prompts.`,
    series,
    x: { title: 'Prompt', bounds: [0, run.task.prompts.length + 1], whole: true },
    y: measureAxis(
      measure,
      series.flatMap(({ points }) => points.map(({ y }) => y))
    )
  }
}

/** Plots one prompt's answers by their first two principal components; null until they are scored. */
export function embeddingMap(
  variants: readonly EvaluationVariant[],
  { samples, scores }: Pick<EvaluatedPrompt, 'samples' | 'scores'>,
  hidden: ReadonlySet<string>
): PlotContent | null {
  if (scores === null || scores.map.length === 0) return null
  const textOf = new Map(samples.map((sample) => [`${sample.index} ${sample.variant}`, sample.text]))
  const [x, y] = scores.explained
  return {
    label:
      `Map of ${scores.map.length} answers of ${variants.length} variants: ` +
      'answers with similar meanings are close together.',
    series: seriesStyles(variants)
      .filter(({ name }) => !hidden.has(name))
      .map((style) => ({
        ...style,
        opacity: 0.65 * style.opacity,
        radius: 5,
        points: scores.map
          .filter(({ variant }) => variant === style.name)
          .map((point) => ({
            x: point.x,
            y: point.y,
            lines: [style.name, ...wrapped(textOf.get(`${point.index} ${point.variant}`) ?? '')]
          }))
      })),
    // The bounds cover all answers, so that no point moves when a variant is hidden.
    x: {
      title: `First component, ${formatPercent(x)} of the variance`,
      bounds: roomyBounds(scores.map.map((point) => point.x))
    },
    y: {
      title: `Second component, ${formatPercent(y)}`,
      bounds: roomyBounds(scores.map.map((point) => point.y))
    }
  }
}

const TOOLTIP_WIDTH = 64
const TOOLTIP_LINES = 8

/** Wraps a text for a tooltip, and cuts it after {@link TOOLTIP_LINES} lines. */
function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < TOOLTIP_WIDTH) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.length <= TOOLTIP_LINES ? lines : [...lines.slice(0, TOOLTIP_LINES), '…']
}

/** Writes the table that the command line writes too. */
export const resultsCsv = ({ results }: Pick<EvaluationView, 'results'>): string =>
  toCsv(EVALUATION_COLUMNS.split(' '), evaluationRows(results))

/** Writes one row for each prompt and variant, with every measure. */
export function cellsCsv({ run, results }: Pick<EvaluationView, 'run' | 'results'>): string {
  const ids = measuresOf(results)
  return toCsv(
    ['prompt', 'text', 'variant', ...ids],
    run.task.prompts.flatMap(({ text }, prompt) =>
      run.variants.map(({ variant }, index) => [
        prompt + 1,
        text,
        variant.name,
        ...ids.map((id) => results.cells[prompt]?.[index]?.[id] ?? null)
      ])
    )
  )
}
