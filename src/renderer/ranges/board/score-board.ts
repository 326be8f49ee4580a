import { type KeptModels, NOTHING_KEPT } from '../../../contract/documents/kept-models'
import { type CategoryScore, LayerHalf, type Selection } from '../../../contract/documents/crc'
import type { BriefScore, ShownSweep } from '../../../contract/documents/shown-sweep'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import { type Rival, rivalKey, rivalName } from '../../../contract/model/rival'
import type { RestoredTo } from '../../../contract/model/checkpoint'
import { paretoFront } from '../../../contract/model/pareto-front'
import type { RestorationRange } from '../../../contract/model/recipe'
import type { SearchDocument } from '../../../contract/documents/search'
import type { LiveEntry, LiveScore } from '../../../contract/documents/sweep-events'
import { modelOf } from '../../../contract/documents/swept-model'
import { layersModel, modelName, type Restoring, weightsKey } from '../../../contract/model/model'
import { halfStrengths, isPostLayer, rangeKey, spanKey } from '../../../contract/model/strengths'
import { isBelowLimit } from '../../../contract/words/preview-words'
import { rangePhrase } from '../../../contract/words/format'
import { baselineName } from '../../../contract/words/baseline-words'
import { type OtherModel, otherModels } from '../../recipes/scored-models'

/** A range with its score so far. */
export interface RangePoint extends RestorationRange, LiveScore {
  /** Half the widths of the 95 % intervals; left out while a sweep runs, null where the prompts are too few to tell. */
  margins?: BriefScore['margins']
}

/** A model that is no range: a blend of the soup, a recipe that was swept, scored or found by a search, or another checkpoint. */
export interface OtherPoint extends LiveScore {
  /** Which model it is: points of one key are one model under several names. */
  key: string
  kind: OtherModel['kind']
  name: string
  /** Of a kept recipe or checkpoint: its number in the order of keeping. */
  mark: number | null
  /** Of attention or MLP of a range alone: the range. */
  halfOf?: RestorationRange
  /** How many layers are not post's, all of them in a blend; null while the recipe itself is not at hand, and where there is none. */
  changed: number | null
}

/** The score of the model of a key; none while it has not been scored. */
export const scoreOf = (board: ScoreBoard, key: string): LiveScore | undefined =>
  rangeOf(board, key) ?? [...board.others, ...board.rivals].find((other) => other.key === key)

/** A range in a file of numbers: `4-11`, `4-11 from NAME`. */
export const rangeText = (range: RestorationRange, { source }: Pick<ScoreBoard, 'source'>): string =>
  `${spanKey(range)}${source === null ? '' : ` from ${source.name}`}`

/** The range of a key; undefined for a key of another model. */
export const rangeOf = (board: ScoreBoard, key: string | null): RangePoint | undefined =>
  board.ranges.find((range) => rangeKey(range, board) === key)

/** Keys of the models whose scores lie between these, ends included. */
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
    ...[...board.others, ...board.rivals]
      .filter((point) => inside(point) && isInspectable(board, point.key))
      .map(({ key }) => key)
  ]
}

/** Whether the inspector can show the model of a key. The selected range under another sampler is a point of the charts and no model of its own. */
export const isInspectable = ({ rivals }: Pick<ScoreBoard, 'rivals'>, key: string): boolean =>
  !rivals.some((point) => point.kind === 'tempered' && point.key === key)

/** What the charts draw: the scores of a finished sweep or of one that still runs. */
export interface ScoreBoard {
  scoredBy: ScoredByBrief
  layerCount: number
  /** What ranges and blends are restored to; null: base. */
  source: RestoredTo
  promptCount: number
  base: LiveScore | null
  post: LiveScore | null
  ranges: readonly RangePoint[]
  others: readonly OtherPoint[]
  rivals: readonly RivalPoint[]
}

/**
 * Another way to more diverse answers: what restores nothing, the selected range under other samplers, one half of its layers alone,
 * or a range of its length at another place.
 */
export interface RivalPoint extends LiveScore {
  key: string
  kind: Rival['kind'] | 'tempered' | 'half' | 'control'
  name: string
  /** Of a control: where its layers lie. */
  controlPlace?: 'earliest' | 'median' | 'latest'
}

/** What a control is among the ranges of its length. */
export const controlWords = (place: NonNullable<RivalPoint['controlPlace']>): string =>
  `the ${place} of that length`

/** With what is known only once a range is selected: itself under the sweep's other samplers, and the controls of its length. */
export function withSelection(
  board: ScoreBoard,
  selection: Pick<Selection, 'selected' | 'tempered' | 'rivals'> | null
): ScoreBoard {
  if (selection === null || selection.selected === null) return board
  const { promptCount, layerCount, source } = board
  const range = rangePhrase(selection.selected, source)
  const own = board.scoredBy.kind === 'task' ? board.scoredBy.sampling : { temperature: 1, minP: 0 }
  const tempered = selection.tempered
    // Drawn as the sweep draws it is the range itself, which stands there already.
    .filter(({ temperature, minP }) => temperature !== own.temperature || minP !== own.minP)
    .map(({ temperature, minP, ...score }): RivalPoint => ({
      ...score,
      key: `tempered ${temperature} ${minP}`,
      kind: 'tempered',
      name: `selected ${range} at temperature ${temperature}, min-p ${minP}`,
      promptCount
    }))
  const controls = selection.rivals.flatMap((compared): RivalPoint[] => {
    const { rival } = compared
    if (rival.kind === 'half') {
      const key = weightsKey(layersModel(halfStrengths(rival.range, rival.half, layerCount, source)))
      const scored = board.others.find((point) => point.key === key)
      return scored === undefined ? [] : [{ ...scored, kind: 'half', name: baselineName(compared) }]
    }
    if (rival.kind !== 'control') return []
    const key = rangeKey(rival.range, board)
    const scored = rangeOf(board, key)
    if (scored === undefined) return []
    const { validity, diversity, effectiveChoices } = scored
    const { place: controlPlace } = rival
    const name = `${rangePhrase(rival.range, source)}, ${controlWords(controlPlace)}`
    return [{ key, kind: 'control', controlPlace, name, validity, diversity, effectiveChoices, promptCount }]
  })
  return { ...board, rivals: [...board.rivals, ...paretoFront(tempered), ...controls] }
}

/** Rivals of a sweep, as points; of the samplers, a grid, those that no other sampler beats. */
export function rivalPoints(rivals: readonly (LiveScore & { rival: Rival })[]): RivalPoint[] {
  const points = rivals.map(({ rival, ...score }): RivalPoint => ({
    ...score,
    key: rivalKey(rival),
    kind: rival.kind,
    name: rivalName(rival)
  }))
  const samplers = paretoFront(points.filter(({ kind }) => kind === 'sampler'))
  return [...samplers, ...points.filter(({ kind }) => kind !== 'sampler')]
}

/** Whether a score rests on fewer prompts than the board has: it is an estimate, or more of it is still to come. */
export const isPartial = (
  { promptCount }: Pick<LiveScore, 'promptCount'>,
  board: Pick<ScoreBoard, 'promptCount'>
): boolean => promptCount < board.promptCount

/** What a score rests on, as the columns of a table: what it is, on how many prompts, and ± of validity and of diversity. */
export const basisCells = (
  point: { promptCount: number; margins?: RangePoint['margins'] },
  board: Pick<ScoreBoard, 'promptCount'>
): (string | number | null)[] => [
  isPartial(point, board) ? 'estimated' : 'exact',
  point.promptCount,
  point.margins?.validity ?? null,
  point.margins?.diversity ?? null
]

/** What these columns are called. */
export const basisColumns = ({ validity, diversity }: Record<'validity' | 'diversity', string>): string[] => [
  'basis',
  'prompts',
  `${validity} ±`,
  `${diversity} ±`
]

/** Much is said of the same thousands of ranges whenever scores arrive. */
const partialOf = new WeakMap<ScoreBoard, readonly RangePoint[]>()

/** The ranges whose scores rest on some prompts only. */
export function partialRanges(board: ScoreBoard): readonly RangePoint[] {
  const partial = partialOf.get(board) ?? board.ranges.filter((point) => isPartial(point, board))
  partialOf.set(board, partial)
  return partial
}

/** The ranges that rest on all prompts; where there are none, or no others, the very ranges of the board. */
export function firmRanges(board: ScoreBoard): readonly RangePoint[] {
  const partial = partialRanges(board).length
  return partial === 0 || partial === board.ranges.length
    ? board.ranges
    : board.ranges.filter((point) => !isPartial(point, board))
}

/**
 * The ranges that no other beats in both measures: of those that rest on all prompts, and that no check has thrown out.
 *
 * @param rejected keys of those that it has
 */
export const frontRanges = (board: ScoreBoard, rejected: ReadonlySet<string>): RangePoint[] =>
  paretoFront(
    rejected.size === 0
      ? firmRanges(board)
      : firmRanges(board).filter((range) => !rejected.has(rangeKey(range, board)))
  )

/** The board of a finished sweep and of the search that started from it. @param halved the range whose attention and MLP were scored alone */
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
    post: live(sweep.post),
    ranges: [
      ...sweep.ranges.map((range) => point(range)),
      ...(sweep.preview?.ranges ?? []).map((range) => point(range, sweep.preview?.prompts.length))
    ],
    others: otherModels(sweep, search, kept).map(
      ({ key, kind, name, mark, layers, score, estimatedFrom }) => ({
        key,
        kind,
        name,
        mark,
        ...(halves !== null && halves.keys.includes(key) && { halfOf: halves.range }),
        changed: layers?.filter((layer) => !isPostLayer(layer)).length ?? null,
        ...live(score, estimatedFrom ?? promptCount)
      })
    ),
    rivals: rivalPoints(sweep.rivals.map((score) => ({ rival: score.rival, ...live(score) })))
  }
}

/** The range whose attention and MLP a sweep has scored alone, and the keys of both: what first tokens alone select. */
function halfKeys(
  selected: RestorationRange | null,
  { layerCount, source }: Pick<ShownSweep, 'layerCount' | 'source'>
): { range: RestorationRange; keys: string[] } | null {
  if (selected === null) return null
  const keys = LayerHalf.options.map((half) =>
    weightsKey(layersModel(halfStrengths(selected, half, layerCount, source)))
  )
  return { range: selected, keys }
}

/** Gathers the entries of a running sweep; a later entry for the same model replaces the earlier one. */
export class LiveBoard {
  private base: LiveScore | null = null
  private post: LiveScore | null = null
  private readonly ranges = new Map<string, RangePoint>()
  private readonly others = new Map<string, OtherPoint>()
  /** As last read, until entries come: while only the progress changes, nothing is drawn anew. */
  private copy: ScoreBoard | null = null

  constructor(
    private readonly scoredBy: ScoredByBrief,
    private readonly restoring: Restoring,
    private readonly promptCount: number
  ) {}

  apply(entries: readonly LiveEntry[]): void {
    this.copy = null
    for (const { model, score } of entries) {
      if (model.kind === 'base') this.base = score
      else if (model.kind === 'post') this.post = score
      else if (model.kind === 'range') this.ranges.set(spanKey(model.range), { ...model.range, ...score })
      else {
        const { kind } = model
        const scored = modelOf(model, this.restoring)
        const name = modelName(scored)
        const point = { key: weightsKey(scored), kind, name, mark: null, changed: null, ...score }
        this.others.set(`${kind} ${name}`, point)
      }
    }
  }

  /** A copy that later entries do not change; the same one until there are any. */
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
      rivals: []
    }
  }
}

/** rho x Q(post), or null before post has a score. */
export const minimumValidity = (board: ScoreBoard, rho: number): number | null =>
  board.post === null ? null : rho * board.post.validity

/** Whether a range is below the limit, an estimate by more than its margin: one that is being scored has none yet. */
export const isBelow = (
  point: Pick<RangePoint, 'validity' | 'promptCount' | 'margins'>,
  board: Pick<ScoreBoard, 'promptCount'>,
  minimum: number | null
): boolean =>
  minimum !== null &&
  isBelowLimit(point.validity, isPartial(point, board) ? (point.margins?.validity ?? null) : null, minimum)

/** A board's ranges below a limit, and the others. */
export interface AcrossLimit {
  below: readonly RangePoint[]
  feasible: readonly RangePoint[]
}

/** Of the limit asked for last. */
const acrossOf = new WeakMap<ScoreBoard, AcrossLimit & { minimum: number | null }>()

/** The ranges on both sides of a limit of validity, worked out once for all who draw a board. */
export function acrossLimit(board: ScoreBoard, minimum: number | null): AcrossLimit {
  const known = acrossOf.get(board)
  if (known?.minimum === minimum) return known
  const below: RangePoint[] = []
  const feasible: RangePoint[] = []
  for (const point of board.ranges) (isBelow(point, board, minimum) ? below : feasible).push(point)
  const across = { minimum, below, feasible }
  acrossOf.set(board, across)
  return across
}

/** The axis [low, high] that holds all values: rounded outwards to tenths, never beyond 0..1. */
export function axisBounds(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1]
  // A loop: spreading thousands of values into Math.min can exhaust the stack.
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
