import type { ReportChart } from '../../contract/documents/report-chart'
import { createBarChart } from '../plots/bar-chart'
import { chartColors, chartFont } from '../plots/chart-theme'
import { showDistances } from '../pair/distance-chart'
import { passAtKPlot, tradeOffPlot } from '../evaluate/evaluation-charts'
import type { PlotContent } from '../plots/plot'
import { createPlot } from '../plots/plot-chart'
import { heatmapGeometry } from '../plots/heatmap-geometry'
import type { Drawing } from '../plots/figures/drawing'
import type { FigurePage } from '../plots/figures/figure'
import { svgInPage } from '../plots/figures/svg'
import { pairsDrawing } from '../plots/pair-matrix'
import { scoreWords } from '../../contract/words/score-words'
import { searchCurve } from '../recipes/search-curve'
import { sharesDrawing } from '../recipes/shares-figure'
import { metricsOf } from '../ranges/board/metrics'
import { createScatter } from '../ranges/trade-off/scatter-chart'
import { triangleDrawing } from '../ranges/heatmap/triangle-drawing'
import { rivalPoints } from '../ranges/board/score-board'

/*
 * The one script of a report's page, built into a file of its own and written into the page with the data that it draws. It
 * fills the figures that main left hidden, with the window's own charts.
 */

/** Draws into a figure; what it returns draws again, when the colours have changed. */
function draw(chart: ReportChart, figure: HTMLElement): (() => void) | null {
  switch (chart.kind) {
    case 'ranges':
      return drawRanges(chart, figure)
    case 'layers':
      return drawLayers(chart, figure)
    case 'trade-off': {
      const { variants, results } = chart.evaluation
      return drawPlot(tradeOffPlot({ run: { variants }, results }, chart.quality, chart.diversity), figure)
    }
    case 'search': {
      const content = searchCurve(chart.search)
      return content === null ? null : drawPlot(content, figure)
    }
    case 'shares':
      return drawDrawing(figure, (page) => sharesDrawing(chart.shares, scoreWords(chart.scoredBy), page))
    case 'pairs':
      return drawDrawing(figure, (page) => pairsDrawing(chart.pairs, page))
    case 'pass-at-k': {
      const { variants, results } = chart.evaluation
      const content = passAtKPlot({ run: { variants }, results })
      return content === null ? null : drawPlot(content, figure)
    }
  }
}

/** In pixels. */
const HEATMAP_WIDTH = 560
const DRAWING_WIDTH = 560

function drawRanges(
  { board: stored, rho, selected, mark, failed, rejected }: Extract<ReportChart, { kind: 'ranges' }>,
  figure: HTMLElement
): () => void {
  const board = { ...stored, rivals: rivalPoints(stored.rivals) }
  const parts = document.createElement('div')
  parts.className = 'parts'
  const heatmap = document.createElement('div')
  heatmap.className = 'heatmap'
  if (board.ranges.length > 0) parts.append(heatmap)
  figure.append(parts)
  const canvas = plotCanvas(parts, labelOf(figure))
  const scatter = createScatter({ canvas })
  const content = {
    board,
    rho,
    selected,
    chosen: null,
    brushed: null,
    hidden: [],
    failed: new Set(failed),
    rejected: new Set(rejected),
    streaming: false,
    zoom: null,
    before: null
  }
  const triangle = {
    ...content,
    spec: metricsOf(board.scoredBy).diversity,
    plateau: [],
    outlines: { selected: mark, plateau: '' },
    view: null
  }
  return () => {
    const colors = chartColors(figure)
    const geometry = heatmapGeometry(board.layerCount, HEATMAP_WIDTH)
    if (board.ranges.length > 0)
      heatmap.replaceChildren(svgElement(triangleDrawing(triangle, geometry, colors)))
    scatter.show(content, colors, chartFont(figure))
  }
}

const svgElement = (drawing: Drawing): Element =>
  document.importNode(
    new DOMParser().parseFromString(svgInPage(drawing), 'image/svg+xml').documentElement,
    true
  )

/** Of what is drawn as figures are, in the colours of the page. */
function drawDrawing(figure: HTMLElement, draw: (page: FigurePage) => Drawing): (() => void) | null {
  const measuring = document.createElement('canvas').getContext('2d')
  if (measuring === null) return null
  const place = document.createElement('div')
  place.className = 'drawing'
  figure.append(place)
  return () => {
    const page = { width: DRAWING_WIDTH, colors: chartColors(figure), font: chartFont(figure), measuring }
    place.replaceChildren(svgElement(draw(page)))
  }
}

function drawLayers({ layers }: Extract<ReportChart, { kind: 'layers' }>, figure: HTMLElement): () => void {
  const chart = createBarChart({ canvas: plotCanvas(figure, labelOf(figure)) })
  return () => showDistances(chart, layers, 'relativeNorm', chartColors(figure), chartFont(figure))
}

function drawPlot(content: PlotContent, figure: HTMLElement): () => void {
  const plot = createPlot({ canvas: plotCanvas(figure, content.label) })
  return () => plot.show(content, chartColors(figure), chartFont(figure))
}

const labelOf = (figure: HTMLElement): string => figure.querySelector('figcaption')?.textContent ?? ''

function plotCanvas(parent: HTMLElement, label: string): HTMLCanvasElement {
  const frame = document.createElement('div')
  frame.className = 'plot'
  const canvas = document.createElement('canvas')
  canvas.setAttribute('role', 'img')
  canvas.setAttribute('aria-label', label)
  frame.append(canvas)
  parent.append(frame)
  return canvas
}

// Written by the same program, and by nobody else: there is nothing to check.
const charts: ReportChart[] = JSON.parse(document.getElementById('charts')?.textContent ?? '[]')
const redraws: (() => void)[] = []
for (const figure of document.querySelectorAll<HTMLElement>('figure[data-chart]')) {
  const chart = charts[Number(figure.dataset['chart'])]
  if (chart === undefined) continue
  figure.hidden = false
  const redraw = draw(chart, figure)
  if (redraw === null) figure.hidden = true
  else redraws.push(redraw)
}
const redrawAll = (): void => {
  for (const redraw of redraws) redraw()
}
redrawAll()
// On paper the colours are the light ones.
for (const query of ['(prefers-color-scheme: dark)', 'print']) {
  matchMedia(query).addEventListener('change', redrawAll)
}
