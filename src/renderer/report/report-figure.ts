import type { ReportChart } from '../../contract/documents/report-chart'
import { scoreWords } from '../../contract/words/score-words'
import { passAtKPlot, tradeOffPlot } from '../evaluate/evaluation-charts'
import { distanceBars } from '../models/pair/distance-chart'
import { barDrawing } from '../plots/figures/bar-drawing'
import type { Drawing } from '../plots/figures/drawing'
import type { FigurePage } from '../plots/figures/figure'
import { plotDrawing } from '../plots/figures/plot-drawing'
import { svgInPage } from '../plots/figures/svg'
import { heatmapGeometry } from '../plots/heatmap-geometry'
import { pairsDrawing } from '../plots/pair-matrix'
import { type PlotContent, plotPicture } from '../plots/plot'
import { metricsOf } from '../ranges/board/metrics'
import { baselinePoints } from '../ranges/board/build-board'
import { PAGE_COLORS } from '../plots/chart-theme'
import { triangleDrawing } from '../ranges/heatmap/triangle-drawing'
import { scatterDrawing } from '../ranges/trade-off/scatter-figure'
import { searchCurve } from '../recipes/search-curve'
import { sharesDrawing } from '../recipes/shares-figure'
import { mapDrawing } from '../models/lineage/lineage-map'
import { lineagePlot, triagePlot } from '../models/lineage/lineage-plots'

/* Figures of a report as SVG, drawn by the window's own code. Main writes them into the page, so this file needs no
   browser. */

const WIDTH = 560

/** Returns the SVG elements of a figure, side by side. There is none if the chart has no data. */
export const reportFigure = (chart: ReportChart): string[] =>
  drawings(chart, { width: WIDTH, colors: PAGE_COLORS }).map(svgInPage)

function drawings(chart: ReportChart, page: FigurePage): Drawing[] {
  switch (chart.kind) {
    case 'ranges':
      return rangesDrawings(chart, page)
    case 'layers':
      return [barDrawing(distanceBars(chart.layers, 'relativeNorm'), 0.25, { ...page, width: 800 })]
    case 'trade-off': {
      const { variants, results } = chart.evaluation
      return plot(tradeOffPlot({ run: { variants }, results }, chart.quality, chart.diversity), page)
    }
    case 'search':
      return plot(searchCurve(chart.search), page)
    case 'shares':
      return [sharesDrawing(chart.shares, scoreWords(chart.scoredBy), page)]
    case 'lineage':
      return plot(lineagePlot(chart), page)
    case 'lineage-map':
      return [mapDrawing(chart.lineage, 'diversity', { ...page, width: 800 })]
    case 'triage':
      return plot(triagePlot(chart.triage), page)
    case 'pairs':
      return [pairsDrawing(chart.pairs, page)]
    case 'pass-at-k': {
      const { variants, results } = chart.evaluation
      return plot(passAtKPlot({ run: { variants }, results }), page)
    }
  }
}

const plot = (content: PlotContent | null, page: FigurePage): Drawing[] =>
  content === null ? [] : [plotDrawing(plotPicture(content, page.colors), 0.56, page)]

function rangesDrawings(
  { board: stored, rho, selected, badge, failed, rejected }: Extract<ReportChart, { kind: 'ranges' }>,
  page: FigurePage
): Drawing[] {
  const content = {
    board: { ...stored, baselines: baselinePoints(stored.baselines) },
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
  const scatter = scatterDrawing(content, page)
  if (content.board.ranges.length === 0) return [scatter]
  const triangle = {
    ...content,
    spec: metricsOf(stored.scoredBy).diversity,
    plateau: [],
    outlines: { selected: badge, plateau: '' },
    view: null
  }
  return [triangleDrawing(triangle, heatmapGeometry(stored.layerCount, WIDTH), page.colors), scatter]
}
