import { keptStyle, type ModelStyle } from '../../../contract/model/model-style'
import {
  type Baseline,
  BASELINE_FAMILIES,
  BASELINE_KINDS,
  type BlendBaseline
} from '../../../contract/model/sampling-baseline'
import type { PicturePoint } from '../../plots/plot-picture'
import type { AxisBounds } from '../board/chart-look.svelte'
import {
  splitAtLimit,
  axisBounds,
  minimumValidity,
  modelsWithin,
  type OtherPoint,
  type BaselinePoint,
  type ScoreBoard,
  wholeModels
} from '../board/score-board'

export interface ScatterDatum extends PicturePoint {
  /** Key of the model; null for a point that the pointer ignores. */
  model: string | null
  name: string
}

const hasBaseline =
  (kind: Baseline['kind'] | BaselinePoint['kind']) =>
  ({ others, baselines }: ScoreBoard): boolean =>
    [...others, ...baselines].some((point) => point.kind === kind)

/** The parts that the legend can show and hide. `best` is the best baseline of each family. */
export type ScatterPart = 'below' | 'front' | 'best' | Baseline['kind'] | BaselinePoint['kind']

interface LegendEntry {
  id: ScatterPart
  isBaseline: boolean
  label: string
  /**
   * Reports whether a board has this part.
   *
   * @param minimum the limit of validity
   */
  isIn: (board: ScoreBoard, minimum: number | null) => boolean
}

/** All parts of the legend, in its order. */
export const SCATTER_PARTS: readonly LegendEntry[] = [
  {
    id: 'below',
    label: 'below limit',
    isBaseline: false,
    isIn: (board, minimum) => splitAtLimit(board, minimum).below.length > 0
  },
  { id: 'front', label: 'front', isBaseline: false, isIn: ({ ranges }) => ranges.length > 0 },
  { id: 'best', label: 'best of each', isBaseline: false, isIn: ({ baselines }) => baselines.length > 0 },
  ...BASELINE_KINDS.map((kind): LegendEntry => ({
    id: kind,
    label: BASELINE_FAMILIES[kind].label,
    isBaseline: true,
    isIn: hasBaseline(kind)
  })),
  {
    id: 'tempered',
    label: 'selected, other samplers',
    isBaseline: true,
    isIn: hasBaseline('tempered')
  },
  { id: 'half', label: 'attention, MLP alone', isBaseline: true, isIn: hasBaseline('half') },
  { id: 'control', label: 'other ranges, same length', isBaseline: true, isIn: hasBaseline('control') }
]

/** The curves of baselines, which are hidden until somebody asks for them. */
export const BASELINE_PARTS: readonly ScatterPart[] = SCATTER_PARTS.filter(({ isBaseline }) => isBaseline).map(
  ({ id }) => id
)

export interface ScatterContent {
  board: ScoreBoard
  rho: number
  /** Keys of models, here and below. */
  selected: string | null
  chosen: string | null
  brushed: ReadonlySet<string> | null
  hidden: readonly ScatterPart[]
  /** Key of the baseline that the headline names. It is shown even while its part is hidden. */
  named?: string | null
  /** Keys of the best baseline of each family. They are shown unless the part `best` is hidden. */
  best?: ReadonlySet<string>
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
  return kind === 'checkpoint' ? { tone: 'checkpoint', shape: 'rectRounded' } : { tone: 'hybrid', shape: 'triangle' }
}

/** Returns a function that reports whether a point of a part is shown. Named and best baselines outlast their part. */
export const isShownIn =
  ({ hidden, named = null, best }: Pick<ScatterContent, 'hidden' | 'named' | 'best'>) =>
  (part: ScatterPart, key: string): boolean =>
    !hidden.includes(part) || key === named || (!hidden.includes('best') && best?.has(key) === true)

/** Reports whether a model is a blend of all layers, which belongs to the baselines. */
export const isBlendPoint = (kind: OtherPoint['kind']): kind is BlendBaseline['kind'] =>
  kind === 'uniform-blend' || kind === 'depth-ramp'

/** Returns the models beside base, post and the ranges, without those that the legend hides. */
export function shownPoints(content: ScatterContent): (OtherPoint | BaselinePoint)[] {
  const { board } = content
  const isShown = isShownIn(content)
  return [
    ...board.others.filter(({ kind, key }) => !isBlendPoint(kind) || isShown(kind, key)),
    ...board.baselines.filter(({ kind, key }) => isShown(kind, key))
  ]
}

/** Returns keys of the shown models whose scores are within these bounds. */
export function visibleModels(
  content: Pick<ScatterContent, 'board' | 'hidden' | 'named' | 'best'>,
  bounds: Record<'validity' | 'diversity', readonly [number, number]>
): string[] {
  const { board } = content
  const isShown = isShownIn(content)
  const hiddenKeys = new Set([
    ...board.others.filter(({ kind, key }) => isBlendPoint(kind) && !isShown(kind, key)).map(({ key }) => key),
    ...board.baselines
      // Halves and controls are also models of their own.
      .filter(({ kind, key }) => kind !== 'half' && kind !== 'control' && !isShown(kind, key))
      .map(({ key }) => key)
  ])
  return modelsWithin(board, bounds).filter((key) => !hiddenKeys.has(key))
}

/** Returns the bounds of the axes, around all shown models: [x low, x high], [y low, y high]. */
export function scatterBounds(content: ScatterContent): AxisBounds {
  const { board, streaming, zoom } = content
  if (zoom !== null) return zoom
  if (streaming) {
    return [
      [0, 1],
      [0, 1]
    ]
  }
  const wholes = wholeModels(board).map(({ score }) => score)
  const scores = [...wholes, ...board.ranges, ...shownPoints(content)]
  return [axisBounds(scores.map((score) => score.validity)), axisBounds(scores.map((score) => score.diversity))]
}

export const isInBounds = ({ x, y }: { x: number; y: number }, [across, up]: AxisBounds): boolean =>
  x >= across[0] && x <= across[1] && y >= up[0] && y <= up[1]

/** Margin around the models of a zoom, as a share of their span. */
const ROOM = 0.05

/** Returns axis bounds around post and all models that can be selected; null before post has a score. */
export function selectableBounds(board: ScoreBoard, rho: number): AxisBounds | null {
  const minimum = minimumValidity(board, rho)
  if (minimum === null || board.post === null) return null
  const points = [...splitAtLimit(board, minimum).feasible, board.post]
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

/**
 * Returns the model of several at one point that is read out: base or post, else the first. A blend of strength 0 lies
 * exactly on post.
 */
export const readOutModel = (models: readonly string[]): string | null =>
  models.find((model) => model === 'base' || model === 'post') ?? models[0] ?? null
