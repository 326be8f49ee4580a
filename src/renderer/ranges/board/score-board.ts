import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { type KeptModels, NOTHING_KEPT } from '../../../contract/documents/kept-models'
import { type CategoryScore, ScoredHalf, type Selection } from '../../../contract/documents/crc'
import type { BriefScore, ShownSweep } from '../../../contract/documents/shown-sweep'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import {
  BASELINE_FAMILIES,
  SAMPLING_KINDS,
  type SamplingBaseline,
  samplingBaselineKey,
  samplingBaselineName
} from '../../../contract/model/sampling-baseline'
import type { RestoredTo } from '../../../contract/model/checkpoint'
import { paretoFront } from '../../../contract/model/pareto-front'
import type { RestorationRange } from '../../../contract/model/recipe'
import type { SearchDocument } from '../../../contract/documents/search'
import type { LiveEntry, LiveScore } from '../../../contract/documents/sweep-events'
import { modelOf } from '../../../contract/documents/swept-model'
import { layersModel, modelName, type RestorationSource, weightsKey } from '../../../contract/model/model'
import { halfStrengths, isPostLayer, rangeKey, rangeOfKey, spanKey } from '../../../contract/model/strengths'
import { isBelowLimit } from '../../../contract/words/preview-words'
import { rangePhrase } from '../../../contract/words/format'
import { baselineName } from '../../../contract/words/baseline-words'
import { blendKind, type OtherModel, otherModels } from '../../recipes/scored-models'

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

/**
 * Adds the points that depend on the selected range: that range under other samplers of the sweep, and controls of its
 * length.
 */
export function withSelection(
  board: ScoreBoard,
  selection: Pick<Selection, 'selected' | 'tempered' | 'baselines'> | null
): ScoreBoard {
  if (selection === null || selection.selected === null) return board
  const { promptCount, layerCount, source } = board
  const range = rangePhrase(selection.selected, source)
  const sweepSampling = board.scoredBy.kind === 'task' ? board.scoredBy.sampling : { temperature: 1, minP: 0 }
  const tempered = selection.tempered
    // Under the sweep's own sampling, the point is the range itself, which the board already has.
    .filter(({ temperature, minP }) => temperature !== sweepSampling.temperature || minP !== sweepSampling.minP)
    .map(({ temperature, minP, ...score }): BaselinePoint => ({
      ...score,
      key: `tempered ${temperature} ${minP}`,
      kind: 'tempered',
      name: `selected ${range} at temperature ${temperature}, min-p ${minP}`,
      promptCount
    }))
  const controls = selection.baselines.flatMap((compared): BaselinePoint[] => {
    const { baseline } = compared
    if (baseline.kind === 'half') {
      const key = weightsKey(layersModel(halfStrengths(baseline.range, baseline.half, layerCount, source)))
      const scored = board.others.find((point) => point.key === key)
      return scored === undefined ? [] : [{ ...scored, kind: 'half', name: baselineName(compared) }]
    }
    if (baseline.kind !== 'control') return []
    const key = rangeKey(baseline.range, board)
    const scored = rangeOfKey(board, key)
    if (scored === undefined) return []
    const { validity, diversity, effectiveChoices } = scored
    const { place: controlPosition } = baseline
    const name = `${rangePhrase(baseline.range, source)}, ${controlWords(controlPosition)}`
    return [{ key, kind: 'control', controlPosition, name, validity, diversity, effectiveChoices, promptCount }]
  })
  return { ...board, baselines: [...board.baselines, ...paretoFront(tempered), ...controls] }
}

/** Returns the baselines of a sweep as points. Kinds with several parameters keep those on the Pareto front. */
export function baselinePoints(baselines: readonly (LiveScore & { baseline: SamplingBaseline })[]): BaselinePoint[] {
  const points = baselines.map(({ baseline, ...score }): BaselinePoint => ({
    ...score,
    key: samplingBaselineKey(baseline),
    kind: baseline.kind,
    name: samplingBaselineName(baseline)
  }))
  return SAMPLING_KINDS.flatMap((kind) => {
    const ofKind = points.filter((point) => point.kind === kind)
    return BASELINE_FAMILIES[kind].parameters.length > 1 ? paretoFront(ofKind) : ofKind
  })
}

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

/**
 * Builds the board of a finished sweep and of the search that started from it.
 *
 * @param halved the range whose attention and MLP were scored separately: the one selected by first tokens
 */
export function boardOfSweep(
  sweep: ShownSweep,
  search: SearchDocument | null = null,
  kept: KeptModels = NOTHING_KEPT,
  halved = sweep.selected
): ScoreBoard {
  const promptCount = sweep.prompts.length
  const live = (score: Omit<LiveScore, 'promptCount'>, on = promptCount): LiveScore => ({
    validity: score.validity,
    diversity: score.diversity,
    effectiveChoices: score.effectiveChoices,
    ...(score.distinctRight === undefined ? {} : { distinctRight: score.distinctRight }),
    promptCount: on
  })
  const point = (range: Omit<RangePoint, 'promptCount'>, on = promptCount): RangePoint => ({
    start: range.start,
    end: range.end,
    ...live(range, on),
    ...(range.margins === undefined ? {} : { margins: range.margins })
  })
  const halves = halfKeys(halved, sweep)
  return {
    scoredBy: sweep.scoredBy,
    layerCount: sweep.layerCount,
    source: sweep.source,
    promptCount,
    base: sweep.base === null ? null : live(sweep.base),
    ...(sweep.fewShot && { fewShot: live(sweep.fewShot) }),
    post: live(sweep.post),
    ranges: [
      ...sweep.ranges.map((range) => point(range)),
      ...(sweep.preview?.ranges ?? []).map((range) => point(range, sweep.preview?.prompts.length))
    ],
    others: otherModels(sweep, search, kept).map(({ key, kind, name, mark, layers, score, estimatedFrom }) => ({
      key,
      kind,
      name,
      mark,
      ...(halves !== null && halves.keys.includes(key) && { halfOf: halves.range }),
      changed: layers?.filter((layer) => !isPostLayer(layer)).length ?? null,
      ...live(score, estimatedFrom ?? promptCount)
    })),
    baselines: baselinePoints(sweep.baselines.map((score) => ({ baseline: score.baseline, ...live(score) })))
  }
}

/**
 * Returns the range whose attention and MLP a sweep scored separately, with the keys of both. It is the range selected
 * by first tokens.
 */
function halfKeys(
  selected: RestorationRange | null,
  { layerCount, source }: Pick<ShownSweep, 'layerCount' | 'source'>
): { range: RestorationRange; keys: string[] } | null {
  if (selected === null) return null
  const keys = ScoredHalf.options.map((half) =>
    weightsKey(layersModel(halfStrengths(selected, half, layerCount, source)))
  )
  return { range: selected, keys }
}

/** Collects the entries of a running sweep. A later entry for the same model replaces the earlier one. */
export class LiveBoard {
  private base: LiveScore | null = null
  private post: LiveScore | null = null
  private readonly ranges = new Map<string, RangePoint>()
  private readonly others = new Map<string, OtherPoint>()
  /** The last board returned; null once new entries arrive. The charts redraw only for a new object. */
  private copy: ScoreBoard | null = null

  constructor(
    private readonly scoredBy: ScoredByBrief,
    private readonly restoring: RestorationSource,
    private readonly promptCount: number
  ) {}

  apply(entries: readonly LiveEntry[]): void {
    this.copy = null
    for (const { model, score } of entries) {
      if (model.kind === 'base') this.base = score
      else if (model.kind === 'post') this.post = score
      else if (model.kind === 'range') this.ranges.set(spanKey(model.range), { ...model.range, ...score })
      else {
        const kind = model.kind === 'uniform-blend' ? blendKind(model) : model.kind
        const scored = modelOf(model, this.restoring)
        const name = modelName(scored)
        const point = { key: weightsKey(scored), kind, name, mark: null, changed: null, ...score }
        this.others.set(`${kind} ${name}`, point)
      }
    }
  }

  /** Returns a board that later entries do not change. It is the same object until new entries arrive. */
  read(): ScoreBoard {
    this.copy ??= this.copied()
    return this.copy
  }

  private copied(): ScoreBoard {
    const { scoredBy, promptCount, base, post } = this
    const { layerCount, source } = this.restoring
    const others = [...this.others.values()]
    return {
      scoredBy,
      layerCount,
      source,
      promptCount,
      base,
      post,
      ranges: [...this.ranges.values()],
      others,
      baselines: []
    }
  }
}

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
export interface RangesByLimit {
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
