import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { type CategoryScore } from '../../../contract/documents/crc'
import type { BriefScore } from '../../../contract/documents/shown-sweep'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import { type SamplingBaseline } from '../../../contract/model/sampling-baseline'
import type { RestoredTo } from '../../../contract/model/checkpoint'
import { paretoFront } from '../../../contract/model/pareto-front'
import type { RestorationRange } from '../../../contract/model/recipe'
import type { LiveScore } from '../../../contract/documents/sweep-events'
import { rangeKey, rangeOfKey, spanKey } from '../../../contract/model/strengths'
import { isBelowLimit } from '../../../contract/words/preview-words'
import { type OtherModel } from '../../recipes/scored-models'

/** A range with its score so far. */
export interface RangePoint extends RestorationRange, LiveScore {
  /** Half-widths of the 95 % intervals. Left out while a sweep runs; null if there are too few prompts. */
  margins?: BriefScore['margins']
}

/**
 * A model that is not a range: a blend, another checkpoint, or a recipe that was swept, scored or found by a search.
 */
export interface OtherPoint extends LiveScore {
  /** Identifies the model. Points with the same key are one model with several names. */
  key: string
  kind: OtherModel['kind']
  name: string
  /** Number of a kept recipe or checkpoint, in the order of keeping; null for others. */
  mark: number | null
  /** The range, if the model restores only its attention or its MLP. */
  halfOf?: RestorationRange
  /**
   * Number of layers that differ from post, which is all layers in a blend. Null if the recipe is unknown or the model
   * has none.
   */
  changed: number | null
}

/** Lists base, base after a few-shot prompt, and post, without those that have no score. */
export const wholeModels = <Score>({
  base,
  fewShot = null,
  post
}: {
  base: Score | null
  fewShot?: Score | null | undefined
  post: Score | null
}): { key: string; score: Score }[] =>
  [
    { key: 'base', score: base },
    { key: FEW_SHOT_WORD, score: fewShot },
    { key: 'post', score: post }
  ].flatMap(({ key, score }) => (score === null ? [] : [{ key, score }]))

/** Returns the score of a model; undefined until it is scored. */
export const scoreOf = (board: ScoreBoard, key: string): LiveScore | undefined =>
  rangeOfKey(board, key) ??
  [...board.others, ...board.baselines].find((other) => other.key === key) ??
  wholeModels(board).find((model) => model.key === key)?.score

/** Writes a range for a data file: `4-11` or `4-11 from NAME`. */
export const rangeText = (range: RestorationRange, { source }: Pick<ScoreBoard, 'source'>): string =>
  `${spanKey(range)}${source === null ? '' : ` from ${source.name}`}`

/** Returns keys of the models whose scores are within these bounds, ends included. */
export function modelsWithin(
  board: ScoreBoard,
  { validity, diversity }: Record<'validity' | 'diversity', readonly [number, number]>
): string[] {
  const inside = (point: CategoryScore): boolean =>
    point.validity >= validity[0] &&
    point.validity <= validity[1] &&
    point.diversity >= diversity[0] &&
    point.diversity <= diversity[1]
  return [
    ...board.ranges.filter(inside).map((range) => rangeKey(range, board)),
    ...[...board.others, ...board.baselines]
      .filter((point) => inside(point) && isInspectable(board, point.key))
      .map(({ key }) => key)
  ]
}

/**
 * Reports whether the inspector can show a model. Base and post cannot, because they stand beside every other model.
 * The selected range under another sampler cannot, because its weights are those of the range.
 */
export const isInspectable = (board: ScoreBoard, key: string): boolean =>
  !board.baselines.some((point) => point.kind === 'tempered' && point.key === key) &&
  (board.others.some((point) => point.key === key) || !wholeModels(board).some((model) => model.key === key))

/** Returns a board without scores. */
export const emptyBoard = ({
  scoredBy,
  layerCount,
  source,
  promptCount
}: Pick<ScoreBoard, 'scoredBy' | 'layerCount' | 'source' | 'promptCount'>): ScoreBoard => ({
  ...{ scoredBy, layerCount, source, promptCount },
  ...{ base: null, post: null, ranges: [], others: [], baselines: [] }
})

/** The content of the charts: scores of a finished or running sweep. */
export interface ScoreBoard {
  scoredBy: ScoredByBrief
  layerCount: number
  /** Source of the restored layers; null for base. */
  source: RestoredTo
  promptCount: number
  base: LiveScore | null
  /** Base after a few-shot prompt. Missing while a sweep runs, and if it was not scored. */
  fewShot?: LiveScore
  post: LiveScore | null
  ranges: readonly RangePoint[]
  others: readonly OtherPoint[]
  baselines: readonly BaselinePoint[]
}

/**
 * A baseline that is compared with ranges. It restores no layer, samples the selected range differently, restores half
 * of each layer, or restores another range of the same length.
 */
export interface BaselinePoint extends LiveScore {
  key: string
  kind: SamplingBaseline['kind'] | 'tempered' | 'half' | 'control'
  name: string
  /** Position of a control's layers among all ranges of the same length. */
  controlPosition?: 'earliest' | 'median' | 'latest'
}

export const controlWords = (position: NonNullable<BaselinePoint['controlPosition']>): string =>
  `the ${position} of that length`

/** Reports whether a score is based on fewer prompts than the board has. Such a score is estimated or incomplete. */
export const isPartial = (
  { promptCount }: Pick<LiveScore, 'promptCount'>,
  board: Pick<ScoreBoard, 'promptCount'>
): boolean => promptCount < board.promptCount

/**
 * Returns the table cells for the basis of a score: 'exact' or 'estimated', the number of prompts, and the margins of
 * validity and diversity.
 */
export const basisCells = (
  point: { promptCount: number; margins?: RangePoint['margins'] },
  board: Pick<ScoreBoard, 'promptCount'>
): (string | number | null)[] => [
  isPartial(point, board) ? 'estimated' : 'exact',
  point.promptCount,
  point.margins?.validity ?? null,
  point.margins?.diversity ?? null
]

/** Returns the headings of the cells of {@link basisCells}. */
export const basisColumns = ({ validity, diversity }: Record<'validity' | 'diversity', string>): string[] => [
  'basis',
  'prompts',
  `${validity} ±`,
  `${diversity} ±`
]

/** Caches the partly scored ranges of a board, because many texts and marks need them whenever scores arrive. */
const partialOf = new WeakMap<ScoreBoard, readonly RangePoint[]>()

/** Returns the ranges whose scores are based on only some prompts. */
export function partialRanges(board: ScoreBoard): readonly RangePoint[] {
  const partial = partialOf.get(board) ?? board.ranges.filter((point) => isPartial(point, board))
  partialOf.set(board, partial)
  return partial
}

/**
 * Returns the ranges that were scored on all prompts. Returns all ranges if no range was. If all ranges are returned,
 * the array is the board's own, so that callers can cache by it.
 */
export function fullyScoredRanges(board: ScoreBoard): readonly RangePoint[] {
  const partial = partialRanges(board).length
  return partial === 0 || partial === board.ranges.length
    ? board.ranges
    : board.ranges.filter((point) => !isPartial(point, board))
}

/**
 * Returns the Pareto front of the ranges that are based on all prompts and not rejected by a check.
 *
 * @param rejected keys of rejected ranges
 */
export const paretoRanges = (board: ScoreBoard, rejected: ReadonlySet<string>): RangePoint[] =>
  paretoFront(
    rejected.size === 0
      ? fullyScoredRanges(board)
      : fullyScoredRanges(board).filter((range) => !rejected.has(rangeKey(range, board)))
  )

/** Returns rho × validity of post; null before post has a score. */
export const minimumValidity = (board: ScoreBoard, rho: number): number | null =>
  board.post === null ? null : rho * board.post.validity

/**
 * Reports whether a range is below the limit. An estimate must be below by more than its margin; a range that is still
 * being scored has no margin.
 */
export const isBelow = (
  point: Pick<RangePoint, 'validity' | 'promptCount' | 'margins'>,
  board: Pick<ScoreBoard, 'promptCount'>,
  minimum: number | null
): boolean =>
  minimum !== null &&
  isBelowLimit(point.validity, isPartial(point, board) ? (point.margins?.validity ?? null) : null, minimum)

/** A board's ranges, split at a lower limit of validity. */
interface RangesByLimit {
  below: readonly RangePoint[]
  feasible: readonly RangePoint[]
}

/** Caches the result for the last limit of each board. */
const cachedSplits = new WeakMap<ScoreBoard, RangesByLimit & { minimum: number | null }>()

/** Splits the ranges at a lower limit of validity. All drawings of a board share one computation. */
export function splitAtLimit(board: ScoreBoard, minimum: number | null): RangesByLimit {
  const cached = cachedSplits.get(board)
  if (cached?.minimum === minimum) return cached
  const below: RangePoint[] = []
  const feasible: RangePoint[] = []
  for (const point of board.ranges) (isBelow(point, board, minimum) ? below : feasible).push(point)
  const across = { minimum, below, feasible }
  cachedSplits.set(board, across)
  return across
}

/** Returns axis bounds [low, high] that contain all values with a margin of 0.02, rounded outwards to tenths. */
export function axisBounds(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1]
  // A loop, because spreading thousands of values into Math.min can exhaust the stack.
  let low = 1
  let high = 0
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  const floor = Math.max(0, Math.floor(low * 10 - 0.2) / 10)
  const ceiling = Math.min(1, Math.ceil(high * 10 + 0.2) / 10)
  return ceiling > floor ? [floor, ceiling] : [0, 1]
}
