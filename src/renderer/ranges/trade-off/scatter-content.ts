import { keptStyle, type ModelStyle } from '../../../contract/model/model-style'
import type { AxisBounds } from '../board/chart-look.svelte'
import {
  acrossLimit,
  axisBounds,
  minimumValidity,
  type OtherPoint,
  type BaselinePoint,
  type ScoreBoard
} from '../board/score-board'

/** A point of the scatter. Base and post cannot be chosen. */
export interface ScatterDatum {
  x: number
  y: number
  /** Key of the model; null for a point that cannot be chosen. */
  model: string | null
  name: string
}

const hasBaseline =
  (kind: BaselinePoint['kind']) =>
  ({ baselines }: ScoreBoard): boolean =>
    baselines.some((baseline) => baseline.kind === kind)

interface LegendEntry {
  id: string
  label: string
  /**
   * Tells whether a board has this part.
   *
   * @param minimum the limit of validity
   */
  isIn: (board: ScoreBoard, minimum: number | null) => boolean
}

/** The parts that the legend can show and hide. */
export const SCATTER_PARTS = [
  {
    id: 'below',
    label: 'below limit',
    isIn: (board, minimum) => acrossLimit(board, minimum).below.length > 0
  },
  { id: 'front', label: 'front', isIn: ({ ranges }) => ranges.length > 0 },
  {
    id: 'blends',
    label: 'blends',
    isIn: ({ others }) => others.some(({ kind }) => kind === 'uniform-blend')
  },
  { id: 'sampler', label: 'samplers', isIn: hasBaseline('sampler') },
  { id: 'mix', label: 'mixed logits', isIn: hasBaseline('mix') },
  { id: 'filter', label: 'filtered base', isIn: hasBaseline('filter') },
  { id: 'tempered', label: 'selected, other samplers', isIn: hasBaseline('tempered') },
  { id: 'half', label: 'attention, MLP alone', isIn: hasBaseline('half') },
  { id: 'control', label: 'other ranges, same length', isIn: hasBaseline('control') }
] as const satisfies readonly LegendEntry[]
export type ScatterPart = (typeof SCATTER_PARTS)[number]['id']

/** The content of the scatter. */
export interface ScatterContent {
  board: ScoreBoard
  rho: number
  /** Keys of models, here and below. */
  selected: string | null
  chosen: string | null
  brushed: ReadonlySet<string> | null
  hidden: readonly ScatterPart[]
  /** Keys of models that fail the full-answer check. They are crossed out. */
  failed: ReadonlySet<string>
  /** Keys of ranges that the check rejected because another range passes. They are not on the front. */
  rejected: ReadonlySet<string>
  /** The visible part; null for all. */
  zoom: AxisBounds | null
  /** Scores of the previous sweep while another runs, shown faintly; null for none. */
  before: ScoreBoard | null
  /** True while scores arrive. The axes then stay at 0 to 1, so that no point moves. */
  streaming: boolean
}

/**
 * Returns the style of a model that is not a range. A kept model has the style that it has everywhere; others have
 * that of their kind.
 */
export function styleOf({ kind, mark }: OtherPoint): ModelStyle {
  if (mark !== null) return keptStyle(mark)
  return kind === 'checkpoint'
    ? { tone: 'checkpoint', shape: 'rectRounded' }
    : { tone: 'hybrid', shape: 'triangle' }
}

/** Returns the bounds of the axes: [x low, x high], [y low, y high]. */
export function scatterBounds({ board, streaming, zoom }: ScatterContent): AxisBounds {
  if (zoom !== null) return zoom
  if (streaming) {
    return [
      [0, 1],
      [0, 1]
    ]
  }
  const scores = [board.base, board.post, ...board.ranges, ...board.others, ...board.baselines].filter(
    (score) => score !== null
  )
  return [
    axisBounds(scores.map((score) => score.validity)),
    axisBounds(scores.map((score) => score.diversity))
  ]
}

/** Margin around the models of a zoom, as a share of their span. */
const ROOM = 0.05

/** Returns axis bounds around post and all models that can be selected; null before post has a score. */
export function selectableBounds(board: ScoreBoard, rho: number): AxisBounds | null {
  const minimum = minimumValidity(board, rho)
  if (minimum === null || board.post === null) return null
  const points = [...acrossLimit(board, minimum).feasible, board.post]
  const around = (values: readonly number[]): readonly [number, number] => {
    const [low, high] = [Math.min(...values), Math.max(...values)]
    const room = Math.max(0.005, ROOM * (high - low))
    return [low - room, high + room]
  }
  return [
    around([minimum, ...points.map(({ validity }) => validity)]),
    around(points.map(({ diversity }) => diversity))
  ]
}
