import { Chart, type LegendItem, type Plugin, type Scale, type TooltipItem } from 'chart.js'
import { FILLING } from './chart-setup'
import type { ChartColors, ChartFont } from './chart-theme'
import type { Shape } from './figures/drawing'
import { NAME_SIZE, type Overlay, overlayShapes, paintShapes } from './overlay'
import type { MarkSeries, PicturePoint, PlotAxis, PlotPicture } from './plot-picture'

type PlotChart<Point extends PicturePoint> = Chart<'scatter', Point[]>
type DataSets<Point extends PicturePoint> = PlotChart<Point>['data']['datasets']

/** A plot on a canvas, empty at first. `show` draws a picture with the theme's colours and the page's font. */
export interface ShownPlot<Point extends PicturePoint> {
  chart: PlotChart<Point>
  show: (picture: PlotPicture<Point>, colors: ChartColors, font: ChartFont) => void
  /** Returns the keys of the models whose marks are under the pointer. */
  modelsAt: (event: MouseEvent) => string[]
}

interface PlotOptions {
  /** Called with the keys of the clicked models, while the chart listens to events. */
  onpick?: (models: string[]) => void
  /**
   * False if the window describes the point under the pointer itself. The chart then listens to no events, because
   * Chart.js draws all points again for each point that the pointer enters or leaves.
   */
  hasTooltip?: boolean
  /** Called whenever the axes are laid out. */
  onlayout?: (axes: { x: Scale; y: Scale } | null) => void
}

const nothing = (): void => undefined

const HIT = { mode: 'nearest', intersect: true } as const

/** Creates a plot without points on a canvas. */
export function createPlot<Point extends PicturePoint>(
  canvas: HTMLCanvasElement,
  { hasTooltip = true, onpick = nothing, onlayout = nothing }: PlotOptions = {}
): ShownPlot<Point> {
  let lastPicture: PlotPicture<Point> | null = null
  let drawOver: (drawn: Pick<Chart, 'ctx' | 'scales' | 'chartArea'>) => void = nothing
  /** Key of the names and lines over the points; empty if other points restrict the names. */
  let overlayKey = ''
  /** Key of all options except the points. An update makes Chart.js evaluate all options and lay out the axes again. */
  let optionsKey = ''
  const pointAt = ({ datasetIndex, index }: { datasetIndex: number; index: number }): Point | undefined =>
    chart.data.datasets[datasetIndex]?.data[index]
  const modelsOf = (elements: readonly { datasetIndex: number; index: number }[]): string[] =>
    elements.flatMap((element) => pointAt(element)?.model ?? [])
  const linesOf = ({ datasetIndex, dataIndex }: TooltipItem<'scatter'>): string[] => {
    const point = pointAt({ datasetIndex, index: dataIndex })
    const words = point === undefined || lastPicture === null ? '' : lastPicture.titleOf(point)
    return words === '' ? [] : words.split('\n')
  }
  const drawn: Plugin<'scatter'> = {
    id: 'drawn',
    afterDatasetsDraw: (plot) => drawOver(plot),
    afterUpdate: ({ scales: { x, y } }) => onlayout(x === undefined || y === undefined ? null : { x, y })
  }
  const chart: PlotChart<Point> = new Chart<'scatter', Point[]>(canvas, {
    type: 'scatter',
    data: { datasets: [] },
    plugins: [drawn],
    options: {
      ...FILLING,
      ...(hasTooltip ? {} : { events: [] }),
      interaction: HIT,
      layout: { padding: { top: 8, right: 12 } },
      onClick: (_event, elements) => onpick(modelsOf(elements)),
      plugins: {
        tooltip: {
          enabled: hasTooltip,
          animation: false,
          displayColors: false,
          filter: (_item, index) => index === 0,
          callbacks: { label: linesOf }
        }
      }
    }
  })
  return {
    chart,
    modelsAt: (event) => modelsOf(chart.getElementsAtEventForMode(event, HIT.mode, HIT, false)),
    show(picture, colors, font) {
      const { series, x, y, names, lines, marks, legend } = picture
      const before = new Set(chart.data.datasets.map(({ data }) => data))
      chart.data.datasets = renewed(chart.data.datasets, picture)
      const nextOverlayKey = marks.length > 0 ? '' : JSON.stringify([names, lines])
      const isOverlaySame = nextOverlayKey !== '' && nextOverlayKey === overlayKey
      // The overlay keeps its cached layout while no point restricts the names.
      if (!isOverlaySame) drawOver = overlayPainter(picture, colors, font)
      overlayKey = nextOverlayKey
      const looks = series.map(({ data: _points, ...look }) => look)
      const nextOptionsKey = JSON.stringify([x, y, legend, colors, font, looks])
      // Functions have no key.
      const isSame = nextOptionsKey === optionsKey && lastPicture?.x.tick === x.tick && lastPicture?.y.tick === y.tick
      lastPicture = picture
      // An update finds the point under the pointer again.
      if (isSame && chart.getActiveElements().length === 0) {
        // At the end of a sweep most new scores overlap existing points.
        if (isOverlaySame && chart.data.datasets.every(({ data }) => before.has(data))) return
        return redrawPoints(chart, before)
      }
      if (!isSame) {
        chart.options.scales = { x: axisOptions(x, 'width', colors, font), y: axisOptions(y, 'height', colors, font) }
        const { plugins } = chart.options
        if (plugins !== undefined) plugins.legend = legendOptions(picture, colors, font)
      }
      optionsKey = nextOptionsKey
      chart.update('none')
    }
  }
}

/** Returns a function that draws lines and names over the points. It lays them out again if the axes have changed. */
function overlayPainter(
  overlay: Overlay,
  { surface }: ChartColors,
  font: ChartFont
): (drawn: Pick<Chart, 'ctx' | 'scales' | 'chartArea'>) => void {
  let layout: { key: string; shapes: Shape[] } | null = null
  return ({ ctx, scales: { x, y }, chartArea }) => {
    if (x === undefined || y === undefined) return
    const key = JSON.stringify([chartArea, x.min, x.max, y.min, y.max])
    ctx.save()
    ctx.font = `bold ${NAME_SIZE}px ${font.family}`
    if (layout?.key !== key) {
      const shapes = overlayShapes(overlay, {
        ...chartArea,
        xOf: (value) => x.getPixelForValue(value),
        yOf: (value) => y.getPixelForValue(value),
        widthOf: (words) => ctx.measureText(words).width,
        surface
      })
      layout = { key, shapes }
    }
    paintShapes(ctx, layout.shapes, font.family)
    ctx.restore()
  }
}

/**
 * Redraws only the points of the data sets, for unchanged options and axes. It takes a third of the time of an update.
 *
 * @param drawn points of data sets that are already drawn
 */
function redrawPoints<Point extends PicturePoint>(chart: PlotChart<Point>, drawn: ReadonlySet<readonly Point[]>): void {
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
function renewed<Point extends PicturePoint>(
  shown: DataSets<Point>,
  { series, titleOf }: PlotPicture<Point>
): DataSets<Point> {
  const isSame = (a: Point, b: Point | undefined): boolean =>
    a === b || (b !== undefined && a.x === b.x && a.y === b.y && a.model === b.model && titleOf(a) === titleOf(b))
  const areSame = (points: readonly Point[], others: readonly Point[]): boolean =>
    points.length === others.length && points.every((point, index) => isSame(point, others[index]))
  const free = [...shown]
  return series.map((dataset: MarkSeries<Point>) => {
    const index = free.findIndex(({ label }) => label === dataset.label)
    const [existing] = index < 0 ? [] : free.splice(index, 1)
    if (existing === undefined) return dataset
    const data = areSame(existing.data, dataset.data) ? existing.data : dataset.data
    return Object.assign(existing, dataset, { data })
  })
}

/** Pixels of a side that the other axis takes, with its ticks and title. */
const BESIDE_PX = 60

function axisOptions(
  { title, shortTitle = title, bounds, tick, step, whole = false }: PlotAxis,
  side: 'width' | 'height',
  colors: ChartColors,
  font: ChartFont
): object {
  const titleIn = ({ chart }: { chart: Chart }): string => {
    const { ctx } = chart
    ctx.save()
    ctx.font = `${font.size}px ${font.family}`
    const { width } = ctx.measureText(title)
    ctx.restore()
    return width > chart[side] - BESIDE_PX ? shortTitle : title
  }
  return {
    min: bounds[0],
    max: bounds[1],
    grid: { color: colors.line },
    border: { color: colors['ink-faint'] },
    ticks: {
      color: colors['ink-faint'],
      font: { ...font, size: 11 },
      // The bounds of a zoom are not round, and would show rounded values at wrong positions.
      includeBounds: false,
      ...(step === undefined ? {} : { stepSize: step }),
      ...(whole ? { precision: 0 } : {}),
      ...(tick === undefined ? {} : { callback: tick })
    },
    title: { display: true, text: titleIn, color: colors['ink-soft'], font }
  }
}

/** Returns the legend of curves, whose ends may be too close together for names. */
const legendOptions = <Point extends PicturePoint>(
  { hasCanvasLegend, legend, series }: PlotPicture<Point>,
  colors: ChartColors,
  font: ChartFont
) =>
  ({
    display: hasCanvasLegend,
    position: 'bottom',
    labels: {
      usePointStyle: true,
      boxHeight: 7,
      color: colors['ink-soft'],
      font,
      // Series of the same name share the first one's entry.
      filter: ({ text, datasetIndex }: LegendItem) =>
        legend.includes(text) && datasetIndex === series.findIndex(({ label }) => label === text)
    }
  }) as const
