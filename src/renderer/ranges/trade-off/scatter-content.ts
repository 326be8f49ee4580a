import type { Chart, Point } from 'chart.js'
import { keptStyle, type ModelStyle } from '../../../contract/model/model-style'
import type { AxisBounds } from '../board/chart-look.svelte'
import {
  acrossLimit,
  axisBounds,
  minimumValidity,
  type OtherPoint,
  type RivalPoint,
  type ScoreBoard
} from '../board/score-board'

/** A point of the scatter; base and post cannot be chosen. */
export interface ScatterDatum extends Point {
  /** Its key. */
  model: string | null
  name: string
}
export type ScatterChart = Chart<'scatter', ScatterDatum[]>

const hasRival =
  (kind: RivalPoint['kind']) =>
  ({ rivals }: ScoreBoard): boolean =>
    rivals.some((rival) => rival.kind === kind)

interface LegendEntry {
  id: string
  label: string
  /** Whether a board has it. @param minimum the limit of validity */
  isIn: (board: ScoreBoard, minimum: number | null) => boolean
}

/** What the legend shows and hides. */
export const SCATTER_PARTS = [
  {
    id: 'below',
    label: 'below limit',
    isIn: (board, minimum) => acrossLimit(board, minimum).below.length > 0
  },
  { id: 'front', label: 'front', isIn: ({ ranges }) => ranges.length > 0 },
  { id: 'blends', label: 'blends', isIn: ({ others }) => others.some(({ kind }) => kind === 'blend') },
  { id: 'sampler', label: 'samplers', isIn: hasRival('sampler') },
  { id: 'mix', label: 'mixed logits', isIn: hasRival('mix') },
  { id: 'filter', label: 'filtered base', isIn: hasRival('filter') },
  { id: 'tempered', label: 'selected under samplers', isIn: hasRival('tempered') },
  { id: 'half', label: 'attention, MLP alone', isIn: hasRival('half') },
  { id: 'control', label: 'others of its length', isIn: hasRival('control') }
] as const satisfies readonly LegendEntry[]
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
  /** Keys of models that fail a check of whole answers: crossed out. */
  failed: ReadonlySet<string>
  /** Keys of the ranges that the check has thrown out, as another passes: not on the front. */
  rejected: ReadonlySet<string>
  /** What is shown of it; null for all. */
  zoom: AxisBounds | null
  /** Of the sweep before the one that runs, shown faintly; null for none. */
  before: ScoreBoard | null
  /** While scores still arrive the axes stay at 0..1, so that nothing moves under the reader. */
  streaming: boolean
}

/** How a model that is no range looks: what is kept as everywhere, others by what they are. */
export function styleOf({ kind, mark }: OtherPoint): ModelStyle {
  if (mark !== null) return keptStyle(mark)
  return kind === 'checkpoint'
    ? { tone: 'checkpoint', shape: 'rectRounded' }
    : { tone: 'hybrid', shape: 'triangle' }
}

/** The axes of the scatter: [x low, x high], [y low, y high]. */
export function scatterBounds({ board, streaming, zoom }: ScatterContent): AxisBounds {
  if (zoom !== null) return zoom
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

/** Room around what a zoom shows, as a share of it. */
const ROOM = 0.05

/** The axes around all that can be selected, and post beside it; null where nothing can. */
export function selectableBounds(board: ScoreBoard, rho: number): AxisBounds | null {
  const minimum = minimumValidity(board, rho)
  if (minimum === null || board.post === null) return null
  const shown = [...acrossLimit(board, minimum).feasible, board.post]
  const around = (values: readonly number[]): readonly [number, number] => {
    const [low, high] = [Math.min(...values), Math.max(...values)]
    const room = Math.max(0.005, ROOM * (high - low))
    return [low - room, high + room]
  }
  return [
    around([minimum, ...shown.map(({ validity }) => validity)]),
    around(shown.map(({ diversity }) => diversity))
  ]
}
