import { Chart, type ChartConfiguration, type Plugin } from 'chart.js'
import { BY_CHARACTERS } from '../../../contract/documents/scored-by'
import { type ScoreWords, scoreWords } from '../../../contract/words/score-words'
import { capitalised, formatScore } from '../../ui/format'
import type { AxisBounds } from '../board/chart-look.svelte'
import type { ChartSurface } from '../../plots/chart-surface'
import { drawLines } from '../../plots/draw-lines'
import { type DrawnName, drawNames } from '../../plots/draw-names'
import type { ChartColors, ChartFont } from '../../plots/chart-theme'
import { scatterBounds, type ScatterChart, type ScatterContent, type ScatterDatum } from './scatter-content'
import { scatterDatasets } from './scatter-datasets'
import { limitLine, scatterMarks, scatterNames } from './scatter-names'
import { FILLING } from '../../plots/chart-theme'

/** What of a chart's side is not the axis along it, in pixels: the other axis with its numbers and name. */
const BESIDE_PX = 60

/** What an axis is of, and what that means where all of it fits along the axis. */
const axisTitle =
  (measure: string, means: string, side: 'width' | 'height', { family, size }: ChartFont) =>
  ({ chart }: { chart: Chart }): string => {
    const whole = `${capitalised(measure)}: ${means}`
    const { ctx } = chart
    ctx.save()
    ctx.font = `${size}px ${family}`
    const { width } = ctx.measureText(whole)
    ctx.restore()
    return width > chart[side] - BESIDE_PX ? capitalised(measure) : whole
  }

/** The chart's fixed half: no animation, nearest point under the pointer. */
function scatterConfiguration(
  onhover: (model: string | null) => void,
  onchoose: (model: string) => void,
  words: () => ScoreWords
): ChartConfiguration<'scatter', ScatterDatum[]> {
  const modelUnder = (
    chart: Chart,
    elements: readonly { datasetIndex: number; index: number }[]
  ): string | null => {
    for (const { datasetIndex, index } of elements) {
      const data: unknown = chart.data.datasets[datasetIndex]?.data[index]
      if (isModelDatum(data)) return data.model
    }
    return null
  }
  return {
    type: 'scatter',
    data: { datasets: [] },
    options: {
      ...FILLING,
      interaction: { mode: 'nearest', intersect: true },
      layout: { padding: { top: 4, right: 8 } },
      onHover: (_event, elements, chart) => onhover(modelUnder(chart, elements)),
      onClick: (_event, elements, chart) => {
        const model = modelUnder(chart, elements)
        if (model !== null) onchoose(model)
      },
      plugins: {
        tooltip: {
          animation: false,
          displayColors: false,
          // Of what can be inspected, the window says more beside the ring.
          filter: ({ raw }, index) => index === 0 && !isModelDatum(raw),
          callbacks: {
            label: ({ raw, parsed }) => [
              isNamed(raw) ? raw.name : '',
              `${words().validity} ${formatScore(parsed.x ?? 0)}`,
              `${words().diversity} ${formatScore(parsed.y ?? 0)}`
            ]
          }
        }
      }
    }
  }
}

/** A scatter on a canvas, without content yet; `show` draws it anew with the theme's colours and the page's font. */
export interface ShownScatter {
  chart: ScatterChart
  show: (content: ScatterContent, colors: ChartColors, font: ChartFont) => void
}

/** @param plugin what else happens when it is drawn */
export function createScatter(
  { canvas, ...surface }: ChartSurface,
  onhover: (model: string | null) => void = () => undefined,
  onchoose: (model: string) => void = () => undefined,
  plugin: Plugin<'scatter'> = { id: 'nothing' }
): ShownScatter {
  let words = scoreWords(BY_CHARACTERS)
  let drawOver: (chart: Chart<'scatter'>) => void = () => undefined
  let written: readonly DrawnName[] = []
  /** What lies over the points; empty where other points stand in the way of names. */
  let overOf = ''
  /** How it looks but for its points: Chart.js works all its options out anew, and lays the axes out, when told to update. */
  let lookOf = ''
  const names: Plugin<'scatter'> = { id: 'names', afterDatasetsDraw: (chart) => drawOver(chart) }
  const chart: ScatterChart = new Chart(canvas, {
    ...surface,
    ...scatterConfiguration(onhover, onchoose, () => words),
    plugins: [names, plugin]
  })
  return {
    chart,
    show(content, colors, font) {
      const bounds = scatterBounds(content)
      words = scoreWords(content.board.scoredBy)
      const datasets = scatterDatasets(content, colors)
      const before = new Set(chart.data.datasets.map(({ data }) => data))
      chart.data.datasets = renewed(chart.data.datasets, datasets)
      const marks = scatterMarks(content)
      const wanted = scatterNames(content, bounds, colors)
      const limit = limitLine(content, bounds, colors)
      const over = marks.length > 0 ? '' : JSON.stringify([wanted, limit])
      const isOverSame = over !== '' && over === overOf
      // Their places are worked out once, as long as no point stands in their way.
      if (!isOverSame) written = wanted
      overOf = over
      drawOver = (drawn) => {
        drawLines(drawn, limit)
        drawNames(drawn, written, marks, colors, font)
      }
      const looks = datasets.map(({ data: _points, ...look }) => look)
      const of = JSON.stringify([bounds, words.validity, words.diversity, colors, font, looks])
      // What is under the pointer has to be found anew, which an update does.
      if (of === lookOf && chart.getActiveElements().length === 0) {
        // Most scores of a sweep's end lie on points that are there.
        if (isOverSame && chart.data.datasets.every(({ data }) => before.has(data))) return
        return redrawPoints(chart, before)
      }
      if (of !== lookOf) chart.options.scales = scatterScales(bounds, words, colors, font)
      lookOf = of
      chart.update('none')
    }
  }
}

/**
 * Draws the points that the data sets have now, where nothing else of them or of the axes is another: a third of an update's work.
 *
 * @param drawn points of data sets that were drawn as they are
 */
function redrawPoints(chart: ScatterChart, drawn: ReadonlySet<readonly ScatterDatum[]>): void {
  for (const [index, { data }] of chart.data.datasets.entries()) {
    if (drawn.has(data)) continue
    const { controller } = chart.getDatasetMeta(index)
    controller.buildOrUpdateElements()
    controller.update('none')
  }
  chart.draw()
}

/** The data sets as they are to be, in the objects that the chart has of them, as their points where they are the same: it makes every point anew for another object. */
function renewed(
  shown: ScatterChart['data']['datasets'],
  wanted: ScatterChart['data']['datasets']
): ScatterChart['data']['datasets'] {
  return wanted.map((dataset) => {
    const known = shown.find(({ label }) => label === dataset.label)
    if (known === undefined) return dataset
    const data = samePoints(known.data, dataset.data) ? known.data : dataset.data
    return Object.assign(known, dataset, { data })
  })
}

const samePoints = (some: readonly ScatterDatum[], others: readonly ScatterDatum[]): boolean =>
  some.length === others.length && some.every((point, index) => isSame(point, others[index]))

const isSame = (a: ScatterDatum, b: ScatterDatum | undefined): boolean =>
  a === b || (a.x === b?.x && a.y === b.y && a.model === b.model && a.name === b.name)

function scatterScales(
  bounds: AxisBounds,
  words: ScoreWords,
  colors: ChartColors,
  font: ChartFont
): NonNullable<ScatterChart['options']['scales']> {
  const axis = ([min, max]: readonly [number, number], title: ReturnType<typeof axisTitle>): object => ({
    min,
    max,
    grid: { color: colors.line },
    border: { color: colors['ink-faint'] },
    // The ends of a zoom are no round numbers, and rounded they would stand where others belong.
    ticks: { color: colors['ink-faint'], font: { ...font, size: 11 }, includeBounds: false },
    title: { display: true, text: title, color: colors['ink-soft'], font }
  })
  return {
    x: axis(bounds[0], axisTitle(words.validity, words.means.validity, 'width', font)),
    y: axis(bounds[1], axisTitle(words.diversity, words.means.diversity, 'height', font))
  }
}

// Chart.js hands data back untyped.
const isNamed = (data: unknown): data is { name: string } =>
  typeof data === 'object' && data !== null && 'name' in data && typeof data.name === 'string'
const isModelDatum = (data: unknown): data is { name: string; model: string } =>
  isNamed(data) && 'model' in data && typeof data.model === 'string'
