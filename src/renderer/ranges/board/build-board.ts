import { type KeptModels, NOTHING_KEPT } from '../../../contract/documents/kept-models'
import { ScoredHalf, type Selection } from '../../../contract/documents/crc'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import {
  BASELINE_FAMILIES,
  SAMPLING_KINDS,
  type SamplingBaseline,
  samplingBaselineKey,
  samplingBaselineName
} from '../../../contract/model/sampling-baseline'
import { paretoFront } from '../../../contract/model/pareto-front'
import type { RestorationRange } from '../../../contract/model/recipe'
import type { SearchDocument } from '../../../contract/documents/search'
import type { LiveEntry, LiveScore } from '../../../contract/documents/sweep-events'
import { modelOf } from '../../../contract/documents/swept-model'
import { layersModel, modelName, type RestorationSource, weightsKey } from '../../../contract/model/model'
import { halfStrengths, isPostLayer, rangeKey, rangeOfKey, spanKey } from '../../../contract/model/strengths'
import { rangePhrase } from '../../../contract/words/format'
import { baselineName } from '../../../contract/words/baseline-words'
import { blendKind, otherModels } from '../../recipes/scored-models'
import {
  type RangePoint,
  type OtherPoint,
  type ScoreBoard,
  type BaselinePoint,
  controlWords,
  emptyBoard
} from './score-board'

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
    const board = emptyBoard({ scoredBy, layerCount, source, promptCount })
    return { ...board, base, post, ranges: [...this.ranges.values()], others: [...this.others.values()] }
  }
}
