import { totalWork, type WorkCounts } from '../../../contract/documents/sweep-work'
import type { Precision } from '../../../contract/model/device'
import { minPDraw, OPEN_SAMPLING } from '../../../contract/model/sampling'
import type { EngineSweepEvent, SweepRequest } from '../../../contract/procedures/engine'
import { choosePrecision } from '../forward/choose-precision'
import type { ForwardRun } from '../forward/forward'
import { nodesPerRun } from '../forward/nodes-per-run'
import { type GroupTargets, buildGroupTargets, type FinalStates, GroupScorer, trackedTokens } from './group-scorer'
import type { Draws } from '../forward/draws'
import { type ForwardComputation, finiteForward } from '../forward/non-finite'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { type AnswerTrie, buildAnswerTrie } from '../tries/answer-trie'
import { buildRecipeTrie, type Sharing } from '../tries/recipe-trie'
import { countPartEdges, type TriePart } from '../tries/trie-parts'
import { findSharing } from '../weights/sharing'
import { aliveStatesOf } from '../tries/alive-states'
import { MAIN_MEMORY, type Placement, scaleBytes, type SweptModels } from './sweep-memory'
import type { GroupingInParts, GroupInParts } from './sweep-groups'
import { type HeadRun, scoreNextTokens } from './next-tokens'
import { needsBase } from '../../../contract/model/sampling-baseline'
import { type LastStates, baselineTokens } from './baseline-tokens'
import { baselineFlops, progressRows, projectionFlops, storedBytes } from './sweep-plan'
import { SweepResources } from './sweep-resources'
import { plainStage, type SweepSession, sweepSession } from './sweep-session'
import { elementAt } from '../../../contract/model/look-up'
import { joinNumbers } from '../rows/rows'
import { finalRows } from '../tries/prompt-trie'
import { sum } from '../../base/sums'

/**
 * Scores every model on every prompt: the probability of each group of continuations, under `request.sampling` if
 * set. Prompts are divided into groups that keep within `request.memoryBytes`, and models of a group into parts. Each
 * part is one pass over the layers and the head, so every weight is read once per part. Weights of at most two layers
 * are in memory.
 */
export async function* sweep(request: SweepRequest, signal?: AbortSignal): AsyncGenerator<EngineSweepEvent> {
  const startedMs = performance.now()
  const session = request.session === undefined ? null : sweepSession(request.session.id)
  const resources = session === null ? await SweepResources.open(request, null) : await session.begin(request)
  const { pair, device, reader } = resources
  const stopListening = reader.until(signal)
  // Copies are counted since the device was opened, which may have been for an earlier stage.
  const before = { toDevice: 0, fromDevice: 0, ...device.moved }
  let isDone = false
  try {
    const precision = choosePrecision(device, pair, request.precision)
    const sharing = resources.sharingOf(request.models)
    const models = await buildSweptModels(pair, request, { ...device, precision }, sharing)
    const run = new SweepRun(request, { resources, precision, session, signal }, models)
    yield run.plan()
    yield* run.groups()
    isDone = true
    yield {
      type: 'done',
      work: totalWork(run.works),
      reading: { ...run.reading, peakBuffers: reader.peakBuffers },
      moved:
        device.moved === null
          ? null
          : {
              toDevice: device.moved.toDevice - before.toDevice,
              fromDevice: device.moved.fromDevice - before.fromDevice
            },
      seconds: (performance.now() - startedMs) / 1000
    }
  } finally {
    stopListening()
    await (session === null ? resources.close() : session.done(request, isDone))
  }
}

/** Minimum milliseconds between progress events, each of which takes as long as a small model's block. */
const PROGRESS_INTERVAL_MS = 50

interface SweepSetting {
  readonly resources: SweepResources
  readonly precision: Precision
  /** Shares data with other stages of the sweep; null for a sweep of one stage. */
  readonly session: SweepSession | null
  readonly signal: AbortSignal | undefined
}

interface RunningGroup extends GroupInParts {
  readonly targets: GroupTargets
}

/** A running sweep, with the work that it has done and read so far. */
class SweepRun {
  /** Work of the finished parts and groups. */
  readonly works: WorkCounts[] = []
  readonly reading = { readMs: 0, convertMs: 0, waitMs: 0 }
  private readonly tries: readonly AnswerTrie[]
  private readonly tokens: readonly number[]
  private readonly grouping: GroupingInParts
  /** Bytes that the session keeps beside the planned memory. */
  private readonly keptBytes: number
  private readonly readers: number
  private readonly computation: ForwardComputation
  /** Samplers to score, the sweep's first. Null if the sweep's sampler has settings besides temperature and min-p. */
  private readonly draws: Draws | null
  /** Draws of the baselines that are samplers; null if there are none, or as for `draws`. */
  private readonly samplers: Draws | null
  private rowsDone = 0
  private lastProgress = { ms: -Infinity, layer: -1, rows: 0 }

  constructor(
    private readonly request: SweepRequest,
    private readonly setting: SweepSetting,
    private readonly models: SweptModels
  ) {
    const { pair, trie } = models
    const { resources, precision, session } = setting
    const { device } = resources
    this.tries = request.prompts.map(buildAnswerTrie)
    this.tokens = trackedTokens(request.prompts)
    const { grouping, keptBytes, readers } =
      session === null
        ? plainStage(models, this.tries, request, device.name)
        : session.planStage(models, this.tries, request, device.name)
    this.grouping = grouping
    this.keptBytes = keptBytes
    this.readers = readers
    this.computation = { device, precision, pair, trie, models: request.models }
    const { sampling = OPEN_SAMPLING, whatIf = [], baselines = [] } = request
    const sweepDraw = minPDraw(sampling)
    const samplerBaselines = baselines.filter((baseline) => baseline.kind === 'sampler')
    this.draws = sweepDraw === null ? null : resources.drawsOf([sweepDraw, ...whatIf])
    this.samplers = sweepDraw === null || samplerBaselines.length === 0 ? null : resources.drawsOf(samplerBaselines)
  }

  plan(): EngineSweepEvent {
    const { groups, rowBound, peakBytes } = this.grouping
    const rows = groups.flatMap(({ packed, parts }) =>
      parts.map((part) => {
        const { layers, head } = progressRows(this.spec, part, packed)
        return layers + head + (this.hasBaselines(part.leaves) ? this.baselineRows(finalRows(packed).length) : 0)
      })
    )
    return {
      type: 'plan',
      rowsTotal: Math.round(sum(rows)),
      split: { groups: groups.map(({ indices }) => [...indices]), rowBound },
      peakBytes: peakBytes + this.keptBytes,
      identicalLayers: [...this.models.identicalLayers],
      device: this.computation.device.name,
      precision: this.computation.precision
    }
  }

  async *groups(): AsyncGenerator<EngineSweepEvent> {
    const { resources, session } = this.setting
    await (session?.share(resources.reader, this.readers) ?? resources.reader.share(this.readers))
    for (const group of this.grouping.groups) {
      const { indices, packed } = group
      const targets = buildGroupTargets(
        indices,
        indices.map((prompt) => elementAt(this.tries, prompt, 'prompt')),
        packed
      )
      yield* this.parts({ ...group, targets })
      const work = {
        packedTokens: packed.tokens.length,
        promptTokens: indices.reduce(
          (sum, prompt) => sum + elementAt(this.request.prompts, prompt, 'prompt').tokens.length,
          0
        )
      }
      this.works.push({ ...work, blockEvaluations: 0, weightBytesRead: 0 })
      yield { type: 'group', prompts: [...indices], work }
    }
  }

  private async *parts(group: RunningGroup): AsyncGenerator<EngineSweepEvent> {
    const { packed, parts, states, targets } = group
    const { pair, trie } = this.models
    const { resources, signal } = this.setting
    const run: ForwardRun = {
      ...this.computation,
      packed,
      parts,
      signal,
      blocks: (step) => resources.block(step),
      sessions: await resources.layersOf(packed),
      cachedStates: states ?? undefined,
      nodesPerRun: nodesPerRun(this.grouping.rowBound, packed.tokens.length, targets.rows.length)
    }
    let weightBytesRead = 0
    let scorer: GroupScorer | null = null
    let done = 0
    for await (const event of finiteForward(run, this.request.models)) {
      if (event.type === 'final') {
        scorer ??= new GroupScorer(pair, trie, elementAt(parts, done, 'part').leaves, targets)
        scorer.add(event.leaf, event.hidden)
      }
      if (event.type === 'block') {
        this.spend(event)
        weightBytesRead += event.bytesRead
      }
      if (event.type === 'rows') {
        yield* this.advanced(event.rows, event.layer)
      }
      if (event.type === 'part') {
        if (scorer === null) throw new Error('a part of a sweep ended without last states')
        yield* this.score(group, event.part, scorer)
        if (this.lastProgress.rows < this.rowsDone) yield this.progress(this.spec.layerCount - 1)
        const work = { blockEvaluations: countPartEdges(event.part), weightBytesRead }
        this.works.push({ ...work, packedTokens: 0, promptTokens: 0 })
        yield { type: 'part', prompts: [...group.indices], work }
        scorer = null
        weightBytesRead = 0
        done++
      }
    }
  }

  /** Counts computed rows, and yields progress in every new layer and at intervals. */
  private *advanced(rows: number, layer: number): Generator<EngineSweepEvent> {
    this.rowsDone += rows
    if (layer !== this.lastProgress.layer || performance.now() - this.lastProgress.ms >= PROGRESS_INTERVAL_MS) {
      yield this.progress(layer)
    }
  }

  private progress(layer: number): EngineSweepEvent {
    this.lastProgress = { ms: performance.now(), layer, rows: this.rowsDone }
    return { type: 'progress', rowsDone: Math.round(this.rowsDone), layer }
  }

  private async *score(group: RunningGroup, part: TriePart, scorer: GroupScorer): AsyncGenerator<EngineSweepEvent> {
    const { head } = progressRows(this.spec, part, group.packed)
    for (const finals of scorer.finals) {
      const rows = (head * finals.leaves.length) / part.leaves.length
      yield* this.throughHead(rows, scorer, finals)
    }
    if (this.hasBaselines(part.leaves)) yield* this.baselines(scorer)
  }

  /** Scores models that share a head. @param rows the head's work in rows of a layer, for progress */
  private async *throughHead(rows: number, scorer: GroupScorer, finals: FinalStates): AsyncGenerator<EngineSweepEvent> {
    const layer = this.spec.layerCount - 1
    const run: HeadRun = {
      computation: this.computation,
      scorer,
      head: await this.setting.resources.head(finals.origin),
      vocabularySize: memberOf(this.models.pair, finals.origin).spec.vocabularySize,
      tokens: this.tokens,
      sampling: this.request.sampling,
      draws: this.throughDraws,
      signal: this.setting.signal
    }
    const next: Float64Array[] = []
    let scored = 0
    for await (const event of scoreNextTokens(run, finals)) {
      if (event.type === 'slice') {
        this.spend(event)
        yield* this.advanced(event.share * rows, layer)
        continue
      }
      for (const [sampler, rows] of event.next.entries()) {
        const before = next[sampler]
        next[sampler] = before === undefined ? rows : joinNumbers([before, rows])
      }
      while (scored < finals.leaves.length && elementAt(next, 0, 'sampler').length >= scorer.size) {
        const leafProbabilities = next.map((values) => values.subarray(0, scorer.size))
        yield* scorer.score(elementAt(finals.leaves, scored++, 'leaf'), leafProbabilities)
        for (const [sampler, values] of next.entries()) next[sampler] = values.subarray(scorer.size)
      }
    }
  }

  /**
   * Reports whether baselines are scored with these leaves. They are scored in the part that contains post and base.
   */
  private hasBaselines(leaves: readonly number[]): boolean {
    const { baselines = [] } = this.request
    return baselines.length > 0 && leaves.includes(this.leafOf('post'))
  }

  /** Returns the work of the baselines of some rows, in rows of a layer. */
  private baselineRows(count: number): number {
    return baselineFlops(this.spec, count, this.models.baselineCount) / projectionFlops(this.spec, 0, 1, 1)
  }

  private leafOf(kind: 'base' | 'post'): number {
    const model = this.request.models.findIndex((model) => model.kind === kind)
    return elementAt(this.models.trie.leafOf, model, kind)
  }

  private async *baselines(scorer: GroupScorer): AsyncGenerator<EngineSweepEvent> {
    const { baselines = [], models, sampling = OPEN_SAMPLING } = this.request
    const last = async (kind: 'base' | 'post'): Promise<LastStates> => ({
      hidden: scorer.statesOf(this.leafOf(kind)),
      head: await this.setting.resources.head(kind)
    })
    const events = baselineTokens({
      baselines,
      rows: scorer.rows,
      vocabularySize: this.spec.vocabularySize,
      post: await last('post'),
      base: baselines.some(needsBase) ? await last('base') : null,
      sampling,
      draws: this.draws,
      samplers: this.samplers,
      signal: this.setting.signal
    })
    for await (const event of events) {
      if (event.type === 'rows') {
        yield* this.advanced(this.baselineRows(event.count), this.spec.layerCount - 1)
        continue
      }
      for (const [index, rows] of event.drawn.entries()) yield* scorer.events([models.length + index], rows)
    }
  }

  /** The draws of a pass through a head. Null if a sum over the vocabulary gives the requested probabilities. */
  private get throughDraws(): Draws | null {
    const { sampling, whatIf = [] } = this.request
    return sampling === undefined && whatIf.length === 0 ? null : this.draws
  }

  private spend({ readMs, convertMs, waitMs }: SweepRun['reading']): void {
    this.reading.readMs += readMs
    this.reading.convertMs += convertMs
    this.reading.waitMs += waitMs
  }

  private get spec(): PairWeights['post']['spec'] {
    return this.models.pair.post.spec
  }
}

/** Merges the models of a request into a trie, and computes the sizes that decide how much memory they take. */
export async function buildSweptModels(
  pair: PairWeights,
  request: Pick<SweepRequest, 'models' | 'prompts' | 'sampling' | 'whatIf' | 'baselines'>,
  { keepsTensors, copiesTensors, memoryBytes, precision }: Placement = MAIN_MEMORY,
  pendingSharing: Promise<Sharing> = findSharing(pair, request.models)
): Promise<SweptModels> {
  const sharing = await pendingSharing
  const trie = buildRecipeTrie(request.models, sharing)
  return {
    pair,
    trie,
    maxAliveStates: aliveStatesOf(trie),
    trackedTokens: trackedTokens(request.prompts).length,
    baselineCount: request.baselines === undefined ? 0 : request.baselines.length,
    allLogits: request.sampling !== undefined || (request.whatIf !== undefined && request.whatIf.length > 0),
    keptBytes: storedBytes(pair, trie, Infinity).kept,
    scaleBytes: scaleBytes(pair),
    identicalLayers: pair.post.spec.layers.flatMap((_, layer) => (sharing.identical(layer) ? [layer] : [])),
    placement: { keepsTensors, copiesTensors, memoryBytes, precision }
  }
}
