import { Chart, type ChartConfiguration, type Plugin } from 'chart.js'
import { type ScoreWords, scoreWords } from '../../../contract/words/score-words'
import { capitalised } from '../../ui/format'
import type { AxisBounds } from '../board/chart-look.svelte'
import { drawLines } from '../../plots/draw-lines'
import { type DrawnName, drawNames } from '../../plots/draw-names'
import type { ChartColors, ChartFont } from '../../plots/chart-theme'
import { readOutModel, scatterBounds, type ScatterContent, type ScatterDatum } from './scatter-content'
import { type ScatterSeries, scatterSeries } from './scatter-series'
import { limitLine, scatterMarks, scatterNames } from './scatter-names'
import { FILLING } from '../../plots/chart-setup'

type ScatterChart = Chart<'scatter', ScatterDatum[]>

/** Pixels of a side that the other axis takes, with its ticks and title. */
const BESIDE_PX = 60

/** Returns the title of an axis: the measure with its meaning, or only the measure if both do not fit. */
const axisTitle =
  (measure: string, means: string, side: 'width' | 'height', { family, size }: ChartFont) =>
  ({ chart }: { chart: Chart }): string => {
    const fullTitle = `${capitalised(measure)}: ${means}`
    const { ctx } = chart
    ctx.save()
    ctx.font = `${size}px ${family}`
    const { width } = ctx.measureText(fullTitle)
    ctx.restore()
    return width > chart[side] - BESIDE_PX ? capitalised(measure) : fullTitle
  }

/** Returns the constant configuration of the chart: no animation, and events of the nearest point. */
function scatterConfiguration(
  onhover: (model: string | null) => void,
  onchoose: (model: string) => void
): ChartConfiguration<'scatter', ScatterDatum[]> {
  const modelUnder = (chart: Chart, elements: readonly { datasetIndex: number; index: number }[]): string | null =>
    readOutModel(
      elements.flatMap(({ datasetIndex, index }) => {
        const data: unknown = chart.data.datasets[datasetIndex]?.data[index]
        return isModelDatum(data) ? [data.model] : []
      })
    )
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
        // The window shows its readout beside the ring.
        tooltip: { enabled: false }
      }
    }
  }
}

/** A scatter on a canvas, empty at first. `show` draws its content with the theme's colours and the page's font. */
export interface ShownScatter {
  chart: ScatterChart
  show: (content: ScatterContent, colors: ChartColors, font: ChartFont) => void
}

/**
 * Creates a scatter.
 *
 * @param plugin further Chart.js plugin
 */
export function createScatter(
  canvas: HTMLCanvasElement,
  onhover: (model: string | null) => void = () => undefined,
  onchoose: (model: string) => void = () => undefined,
  plugin: Plugin<'scatter'> = { id: 'nothing' }
): ShownScatter {
  let drawOver: (chart: Chart<'scatter'>) => void = () => undefined
  let writtenNames: readonly DrawnName[] = []
  /** Key of the names and lines over the points; empty if other points restrict the names. */
  let overlayKey = ''
  /** Key of all options except the points. An update makes Chart.js evaluate all options and lay out the axes again. */
  let optionsKey = ''
  const names: Plugin<'scatter'> = {
    id: 'names',
    afterDatasetsDraw: (chart) => drawOver(chart),
    // Chart.js reports only points inside the axes. When it gets the event `mouseout`, another chart may be pointed at.
    afterEvent: (_chart, { inChartArea, replay, event }) => {
      if (!inChartArea && !replay && event.type === 'mousemove') onhover(null)
    }
  }
  const chart: ScatterChart = new Chart(canvas, {
    ...scatterConfiguration(onhover, onchoose),
    plugins: [names, plugin]
  })
  return {
    chart,
    show(content, colors, font) {
      const bounds = scatterBounds(content)
      const words = scoreWords(content.board.scoredBy)
      const datasets = scatterSeries(content, colors)
      const before = new Set(chart.data.datasets.map(({ data }) => data))
      chart.data.datasets = renewed(chart.data.datasets, datasets)
      const marks = scatterMarks(content)
      const wanted = scatterNames(content, bounds, colors)
      const limit = limitLine(content, bounds, colors)
      const nextOverlayKey = marks.length > 0 ? '' : JSON.stringify([wanted, limit])
      const isOverlaySame = nextOverlayKey !== '' && nextOverlayKey === overlayKey
      // The same array keeps its cached positions while no point restricts them.
      if (!isOverlaySame) writtenNames = wanted
      overlayKey = nextOverlayKey
      drawOver = (drawn) => {
        drawLines(drawn, limit)
        drawNames(drawn, writtenNames, marks, colors, font)
      }
      const looks = datasets.map(({ data: _points, ...look }) => look)
      const nextOptionsKey = JSON.stringify([bounds, words.validity, words.diversity, colors, font, looks])
      // An update finds the point under the pointer again.
      if (nextOptionsKey === optionsKey && chart.getActiveElements().length === 0) {
        // At the end of a sweep most new scores overlap existing points.
        if (isOverlaySame && chart.data.datasets.every(({ data }) => before.has(data))) return
        return redrawPoints(chart, before)
      }
      if (nextOptionsKey !== optionsKey) chart.options.scales = scatterScales(bounds, words, colors, font)
      optionsKey = nextOptionsKey
      chart.update('none')
    }
  }
}

/**
 * Redraws only the points of the data sets, for unchanged options and axes. It takes a third of the time of an update.
 *
 * @param drawn points of data sets that are already drawn
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

/**
 * Updates the chart's own data set objects, and keeps the array of equal points. For another object Chart.js would
 * create every point again.
 */
function renewed(
  shown: ScatterChart['data']['datasets'],
  wanted: readonly ScatterSeries[]
): ScatterChart['data']['datasets'] {
  return wanted.map((dataset) => {
    const existing = shown.find(({ label }) => label === dataset.label)
    if (existing === undefined) return dataset
    const data = samePoints(existing.data, dataset.data) ? existing.data : dataset.data
    return Object.assign(existing, dataset, { data })
  })
}

const samePoints = (points: readonly ScatterDatum[], others: readonly ScatterDatum[]): boolean =>
  points.length === others.length && points.every((point, index) => isSame(point, others[index]))

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
    // No ticks at the bounds, because those of a zoom are not round and would show rounded values at wrong positions.
    ticks: { color: colors['ink-faint'], font: { ...font, size: 11 }, includeBounds: false },
    title: { display: true, text: title, color: colors['ink-soft'], font }
  })
  return {
    x: axis(bounds[0], axisTitle(words.validity, words.means.validity, 'width', font)),
    y: axis(bounds[1], axisTitle(words.diversity, words.means.diversity, 'height', font))
  }
}

// Chart.js hands data back untyped.
const isModelDatum = (data: unknown): data is { model: string } =>
  typeof data === 'object' && data !== null && 'model' in data && typeof data.model === 'string'
