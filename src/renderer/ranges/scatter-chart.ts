import { Chart, type ChartConfiguration, type Plugin, type Point } from 'chart.js'
import { RIVAL_KINDS } from '../../contract/model/rival'
import { BY_CHARACTERS } from '../../contract/documents/scored-by'
import { type ScoreWords, scoreWords } from '../../contract/words/score-words'
import { capitalised, formatScore, rangeLabel, rangePhrase } from '../ui/format'
import { isOpen, keptStyle, RIVAL_TONES, type ModelStyle } from '../../contract/model/model-style'
import { rangeKey } from '../../contract/model/strengths'
import type { CategoryScore } from '../../contract/documents/crc'
import { type DrawnLine, drawLines } from '../plots/draw-lines'
import { type DrawnName, drawNames } from '../plots/draw-names'
import type { Mark } from '../plots/plot-names'
import { translucent, type ChartColors, type ChartFont } from '../plots/chart-theme'
import {
  axisBounds,
  minimumValidity,
  type OtherPoint,
  paretoFront,
  type RangePoint,
  type RivalPoint,
  type ScoreBoard
} from './score-board'

/** A point of the scatter; base and post cannot be chosen. */
export interface ScatterDatum extends Point {
  /** Its key. */
  model: string | null
  name: string
}
export type ScatterChart = Chart<'scatter', ScatterDatum[]>

/** What the legend shows and hides. */
export const SCATTER_PARTS = [
  { id: 'below', label: 'below the limit' },
  { id: 'front', label: 'front' },
  { id: 'blends', label: 'blends' },
  { id: 'sampler', label: 'samplers' },
  { id: 'mix', label: 'mixed logits' },
  { id: 'filter', label: 'filtered base' },
  { id: 'tempered', label: 'selected under samplers' },
  { id: 'control', label: 'others of its length' }
] as const
export type ScatterPart = (typeof SCATTER_PARTS)[number]['id']

/** What the scatter shows of a board. */
export interface ScatterContent {
  board: ScoreBoard
  rho: number
  /** Keys of models. */
  selected: string | null
  chosen: string | null
  brushed: ReadonlySet<string> | null
  hidden: readonly ScatterPart[]
  /** While scores still arrive the axes stay at 0..1, so that nothing moves under the reader. */
  streaming: boolean
}

const datum = (point: RangePoint): ScatterDatum => ({
  x: point.validity,
  y: point.diversity,
  model: rangeKey(point),
  name: rangePhrase(point)
})
const otherDatum = (point: OtherPoint): ScatterDatum => ({
  x: point.validity,
  y: point.diversity,
  model: point.key,
  name: point.name
})

const rivalDatum = ({ key, name, validity, diversity }: RivalPoint): ScatterDatum => ({
  x: validity,
  y: diversity,
  model: key,
  name
})

/** How a model that is no range looks: what is kept as everywhere, others by what they are. */
function styleOf({ kind, mark }: OtherPoint): ModelStyle {
  if (mark !== null) return keptStyle(mark)
  return kind === 'checkpoint'
    ? { tone: 'checkpoint', shape: 'rectRounded' }
    : { tone: 'hybrid', shape: 'triangle' }
}

/** Each point in its own colour and shape. */
function marked(
  points: readonly OtherPoint[],
  colors: ChartColors
): Partial<ScatterChart['data']['datasets'][number]> {
  const styles = points.map(styleOf)
  return {
    pointStyle: styles.map(({ shape }) => shape),
    pointBackgroundColor: styles.map(({ tone }) => colors[tone]),
    pointBorderColor: styles.map(({ tone, shape }) => (isOpen(shape) ? colors[tone] : colors.surface)),
    pointBorderWidth: styles.map(({ shape }) => (isOpen(shape) ? 2 : 1.5))
  }
}

/** What restores no layer, as curves. */
const RIVALS = [
  { kind: 'sampler', shape: 'crossRot' },
  { kind: 'mix', shape: 'rect' },
  { kind: 'filter', shape: 'triangle' },
  { kind: 'tempered', shape: 'cross' }
] as const

const CURVES = { ...RIVAL_KINDS, tempered: 'Selected range under temperature and min-p' } as const
const CURVE_TONES = { ...RIVAL_TONES, tempered: 'hybrid' } as const

/** Rings around ranges of the selected length. */
function controlRings(
  { board, hidden }: ScatterContent,
  colors: ChartColors
): ScatterChart['data']['datasets'] {
  if (hidden.includes('control')) return []
  return [
    {
      label: 'Earliest, median and latest of the selected length',
      data: board.rivals.filter(({ kind }) => kind === 'control').map(rivalDatum),
      pointStyle: 'rectRot',
      pointRadius: 7,
      pointBackgroundColor: 'transparent',
      pointBorderColor: colors['ink-soft'],
      pointBorderWidth: 1.5
    }
  ]
}

function rivalDatasets(
  { board, hidden }: ScatterContent,
  colors: ChartColors
): ScatterChart['data']['datasets'] {
  return RIVALS.filter(({ kind }) => !hidden.includes(kind)).map(({ kind, shape }) => ({
    label: CURVES[kind],
    data: board.rivals.filter((point) => point.kind === kind).map(rivalDatum),
    showLine: true,
    borderColor: translucent(colors[CURVE_TONES[kind]], 0.7),
    borderWidth: 1.25,
    borderDash: [3, 3],
    pointStyle: shape,
    pointRadius: 3,
    pointBackgroundColor: colors[CURVE_TONES[kind]],
    pointBorderColor: colors[CURVE_TONES[kind]],
    pointBorderWidth: 1
  }))
}

/** The scatter's data sets, drawn from the last to the first. */
export function scatterDatasets(
  content: ScatterContent,
  colors: ChartColors
): ScatterChart['data']['datasets'] {
  const { board, rho, brushed, chosen, selected, hidden } = content
  const minimum = minimumValidity(board, rho) ?? 0
  const visible = (point: RangePoint): boolean => brushed === null || brushed.has(rangeKey(point))
  const only = (key: string | null): ScatterDatum[] =>
    [...board.ranges.map(datum), ...board.others.map(otherDatum), ...board.rivals.map(rivalDatum)]
      .filter(({ model }) => model === key)
      .slice(0, 1)
  const shown = (kind: OtherPoint['kind']): OtherPoint[] =>
    board.others.filter((point) => point.kind === kind && (brushed === null || brushed.has(point.key)))
  const others = (kind: OtherPoint['kind']): ScatterDatum[] => shown(kind).map(otherDatum)
  const feasible = board.ranges.filter((point) => visible(point) && point.validity >= minimum)
  const infeasible = board.ranges.filter((point) => visible(point) && point.validity < minimum)
  const whole = (name: 'base' | 'post'): ScatterDatum[] => {
    const score = board[name]
    return score === null ? [] : [{ x: score.validity, y: score.diversity, model: null, name }]
  }
  const datasets: ScatterChart['data']['datasets'] = [
    {
      label: 'Inspected',
      data: chosen === selected ? [] : only(chosen),
      pointRadius: 7,
      pointBackgroundColor: colors.hybrid,
      pointBorderColor: colors.accent,
      pointBorderWidth: 3
    },
    {
      label: 'Selected',
      data: only(selected),
      pointRadius: 8,
      pointBackgroundColor: colors.hybrid,
      pointBorderColor: colors.ink,
      pointBorderWidth: 2.5
    },
    {
      label: 'Post',
      data: whole('post'),
      pointStyle: 'rectRot',
      pointRadius: 8,
      pointBackgroundColor: colors.post,
      pointBorderColor: colors.surface,
      pointBorderWidth: 1.5
    },
    {
      label: 'Base',
      data: whole('base'),
      pointStyle: 'rect',
      pointRadius: 7,
      pointBackgroundColor: colors.base,
      pointBorderColor: colors.surface,
      pointBorderWidth: 1.5
    },
    {
      label: 'Found by the search',
      data: others('found'),
      pointStyle: 'star',
      pointRadius: 7,
      pointBorderColor: colors.hybrid,
      pointBorderWidth: 2
    },
    {
      label: 'Recipes',
      data: others('recipe'),
      ...marked(shown('recipe'), colors),
      pointRadius: 6.5
    },
    {
      label: 'Other checkpoints',
      data: others('checkpoint'),
      ...marked(shown('checkpoint'), colors),
      pointRadius: 6.5
    },
    {
      label: 'Blends',
      data: hidden.includes('blends') ? [] : others('blend'),
      showLine: true,
      borderColor: colors['ink-soft'],
      borderWidth: 1.5,
      pointStyle: 'circle',
      pointRadius: 2.5,
      pointBackgroundColor: colors['ink-soft'],
      pointBorderWidth: 0
    },
    ...controlRings(content, colors),
    ...rivalDatasets(content, colors),
    {
      label: 'Ranges',
      data: feasible.map(datum),
      pointRadius: 4,
      pointBackgroundColor: translucent(colors.hybrid, 0.75),
      pointBorderColor: colors.surface,
      pointBorderWidth: 0.75
    },
    {
      label: 'Ranges below the limit',
      data: hidden.includes('below') ? [] : infeasible.map(datum),
      pointRadius: 3.5,
      pointBackgroundColor: 'transparent',
      pointBorderColor: translucent(colors.hybrid, 0.7),
      pointBorderWidth: 1.25
    },
    {
      label: 'Pareto front',
      data: hidden.includes('front') ? [] : paretoFront(board.ranges).map(datum),
      showLine: true,
      borderColor: translucent(colors.hybrid, 0.6),
      borderWidth: 1.5,
      pointRadius: 0,
      pointHitRadius: 0,
      pointHoverRadius: 0
    }
  ]
  // Points on the edge of the axes are drawn whole.
  return datasets.map((dataset) => ({ clip: 20, ...dataset }))
}

/** The limit of validity, on top of the points. */
function limitLine(
  { board, rho }: ScatterContent,
  [, [low, high]]: ReturnType<typeof scatterBounds>,
  colors: ChartColors
): DrawnLine[] {
  const minimum = minimumValidity(board, rho)
  if (minimum === null) return []
  const ends = { from: { x: minimum, y: low }, to: { x: minimum, y: high } }
  return [{ ...ends, color: colors['ink-faint'], dash: [5, 4] }]
}

/** What is written beside base, post, the selected range, what is kept, and one point of each curve. */
export function scatterNames(
  { board, rho, selected, hidden }: ScatterContent,
  [, yBounds]: ReturnType<typeof scatterBounds>,
  colors: ChartColors
): DrawnName[] {
  const name = (
    text: string,
    { validity, diversity }: CategoryScore,
    color: string,
    radius = 8
  ): DrawnName => ({
    text,
    x: validity,
    y: diversity,
    color,
    radius
  })
  const best = board.ranges.find((point) => rangeKey(point) === selected)
  const minimum = minimumValidity(board, rho)
  // Of a beam or a curve one is named: their points lie close together.
  const found = board.others.find(({ kind }) => kind === 'found')
  const blends = hidden.includes('blends') ? [] : board.others.filter(({ kind }) => kind === 'blend')
  const middle = blends[Math.floor(blends.length / 2)]
  return [
    ...(board.base === null ? [] : [name('base', board.base, colors.base)]),
    ...(board.post === null ? [] : [name('post', board.post, colors.post)]),
    ...(best === undefined ? [] : [name(rangeLabel(best), best, colors.hybrid)]),
    ...board.others
      .filter(({ kind }) => kind === 'recipe' || kind === 'checkpoint')
      .map((point) => name(point.name, point, colors[styleOf(point).tone])),
    ...(found === undefined ? [] : [name('found', found, colors.hybrid)]),
    ...(middle === undefined ? [] : [name('blends', middle, colors['ink-soft'], 3)]),
    ...(minimum === null
      ? []
      : [
          name(
            `limit ${formatScore(minimum)}`,
            { validity: minimum, diversity: yBounds[1] },
            colors['ink-soft'],
            0
          )
        ])
  ]
}

/** Where points are that names should not cover. */
export const scatterMarks = ({ board, hidden }: ScatterContent): Mark[] =>
  [
    ...board.ranges,
    ...board.rivals.filter(({ kind }) => !hidden.includes(kind)),
    ...board.others.filter(({ kind }) => kind !== 'blend' || !hidden.includes('blends'))
  ].map(({ validity, diversity }) => ({ x: validity, y: diversity, radius: 4 }))

/** The axes of the scatter: [x low, x high], [y low, y high]. */
export function scatterBounds({ board, streaming }: ScatterContent): [[number, number], [number, number]] {
  if (streaming) {
    return [
      [0, 1],
      [0, 1]
    ]
  }
  const scores = [board.base, board.post, ...board.ranges, ...board.others, ...board.rivals].filter(
    (score) => score !== null
  )
  return [
    axisBounds(scores.map((score) => score.validity)),
    axisBounds(scores.map((score) => score.diversity))
  ]
}

/** Below this height, in pixels, there is room for the names of the axes alone. */
const SHORT_PX = 320

const axisTitle =
  (measure: string, means: string) =>
  ({ chart }: { chart: Chart }): string =>
    chart.height < SHORT_PX ? capitalised(measure) : `${capitalised(measure)}: ${means}`

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
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
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
  canvas: HTMLCanvasElement,
  onhover: (model: string | null) => void = () => undefined,
  onchoose: (model: string) => void = () => undefined,
  plugin: Plugin<'scatter'> = { id: 'nothing' }
): ShownScatter {
  let words = scoreWords(BY_CHARACTERS)
  let drawOver: (chart: Chart<'scatter'>) => void = () => undefined
  const names: Plugin<'scatter'> = { id: 'names', afterDatasetsDraw: (chart) => drawOver(chart) }
  const chart: ScatterChart = new Chart(canvas, {
    ...scatterConfiguration(onhover, onchoose, () => words),
    plugins: [names, plugin]
  })
  return {
    chart,
    show(content, colors, font) {
      const bounds = scatterBounds(content)
      words = scoreWords(content.board.scoredBy)
      chart.data.datasets = scatterDatasets(content, colors)
      const marks = scatterMarks(content)
      const written = scatterNames(content, bounds, colors)
      const limit = limitLine(content, bounds, colors)
      drawOver = (drawn) => {
        drawLines(drawn, limit)
        drawNames(drawn, written, marks, colors, font)
      }
      const axis = ([min, max]: [number, number], title: ReturnType<typeof axisTitle>): object => ({
        min,
        max,
        grid: { color: colors.line },
        border: { color: colors['ink-faint'] },
        ticks: { color: colors['ink-faint'], font: { ...font, size: 11 } },
        title: { display: true, text: title, color: colors['ink-soft'], font }
      })
      chart.options.scales = {
        x: axis(bounds[0], axisTitle(words.validity, words.means.validity)),
        y: axis(bounds[1], axisTitle(words.diversity, words.means.diversity))
      }
      chart.update('none')
    }
  }
}

// Chart.js hands data back untyped.
const isNamed = (data: unknown): data is { name: string } =>
  typeof data === 'object' && data !== null && 'name' in data && typeof data.name === 'string'
const isModelDatum = (data: unknown): data is { name: string; model: string } =>
  isNamed(data) && 'model' in data && typeof data.model === 'string'
