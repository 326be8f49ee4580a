import { totalWork, type Work } from '../../../contract/documents/crc'
import type { Precision } from '../../../contract/model/device'
import type { EngineSweepEvent, SweepRequest } from '../../../contract/procedures/engine'
import type { Device } from '../device/device'
import { choosePrecision, type ForwardRun, nodesPerRun } from '../forward/forward'
import { type FinalStates, GroupScorer, trackedTokens } from './group-scorer'
import { type LanguageHead, openLanguageHead, sliceRead } from '../forward/language-head'
import { type Computation, finiteForward } from '../forward/non-finite'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { openRun } from '../forward/open-run'
import { ReadAhead } from '../weights/read-ahead'
import { type AnswerTrie, buildAnswerTrie } from '../tries/answer-trie'
import type { PackedPrompts } from '../tries/prompt-trie'
import { buildRecipeTrie, countEdges } from '../tries/recipe-trie'
import { findSharing } from '../weights/sharing'
import type { SweptModels } from './sweep-memory'
import { keptGroups } from './kept-groups'
import { type HeadRun, nextTokens } from './next-tokens'
import { type LastStates, rivalTokens } from './rival-tokens'
import { type Grouping, progressRows, storedBytes } from './sweep-plan'
import { at } from '../../base/look-up'

/**
 * Scores every model on every prompt: the probability of each of the prompt's groups of continuations, under
 * `request.sampling` when there is one.
 *
 * Prompts are split into groups that keep the process within `request.memoryBytes` and last no longer than one would like to
 * lose, see `keptGroups`; each group is one layer-major pass
 * over all models, and one over the head, so every weight byte is read once per group. Weights are read and converted
 * beside the computing: at most two blocks are in memory.
 *
 * @throws WorkbenchError when the pair cannot be read or computed, numbers are not finite (see `whyNonFinite`), a token is
 *   outside the vocabulary, the memory allowed is too small, or `signal` fires
 */
export async function* sweep(request: SweepRequest, signal?: AbortSignal): AsyncGenerator<EngineSweepEvent> {
  const startedMs = performance.now()
  const open = await openRun(request, request.models)
  try {
    const { pair, device } = open
    const reader = open.own(new ReadAhead(pair, signal))
    const precision = choosePrecision(device, pair, request.precision)
    const models = await sweptModels(pair, request, device.keepsTensors ? precision : null)
    const run = new SweepRun(request, { device, precision, reader, signal }, models)
    yield run.plan()
    yield* run.groups()
    yield {
      type: 'done',
      work: totalWork(run.works),
      reading: { ...run.reading, peakBuffers: reader.peakBuffers },
      moved: device.moved === null ? null : { ...device.moved },
      seconds: (performance.now() - startedMs) / 1000
    }
  } finally {
    await open.close()
  }
}

/** What a sweep computes with. */
interface SweepMeans {
  readonly device: Device
  readonly precision: Precision
  readonly reader: ReadAhead
  readonly signal: AbortSignal | undefined
}

/** A sweep on its way: what it has done and read so far. */
class SweepRun {
  /** Of the groups that are done. */
  readonly works: Work[] = []
  /** Time that reading and converting weights took, that of converting alone, and how much was waited for. */
  readonly reading = { readMs: 0, convertMs: 0, waitMs: 0 }
  private readonly tries: readonly AnswerTrie[]
  /** All that is asked about. */
  private readonly tokens: readonly number[]
  private readonly grouping: Grouping
  private readonly computation: Computation
  private rowsDone = 0

  /** @throws WorkbenchError as `keptGroups` */
  constructor(
    private readonly request: SweepRequest,
    private readonly means: SweepMeans,
    private readonly models: SweptModels
  ) {
    const { pair, trie } = models
    const { device, precision } = means
    this.tries = request.prompts.map(buildAnswerTrie)
    this.tokens = trackedTokens(request.prompts)
    const places = this.tries.map((asked) => asked.places)
    this.grouping = keptGroups(models, places, request.memoryBytes, device.name)
    this.computation = { device, precision, pair, trie, models: request.models }
  }

  plan(): EngineSweepEvent {
    const { groups, peakBytes } = this.grouping
    const rowsOf = groups.map(({ packed }) => this.rowsOf(packed))
    return {
      type: 'plan',
      rowsTotal: rowsOf.reduce((sum, { layers, head }) => sum + layers + head, 0),
      groupCount: groups.length,
      peakBytes,
      identicalLayers: [...this.models.identicalLayers],
      device: this.means.device.name,
      precision: this.means.precision
    }
  }

  async *groups(): AsyncGenerator<EngineSweepEvent> {
    const { pair, trie } = this.models
    for (const [group, { indices, packed }] of this.grouping.groups.entries()) {
      const tries = indices.map((index) => at(this.tries, index, 'prompt'))
      const scorer = new GroupScorer(pair, trie, indices, tries, packed)
      const weightBytesRead = yield* this.throughLayers(group, packed, scorer)
      for (const finals of scorer.finals) yield* this.throughHead(group, packed, scorer, finals)
      yield* this.rivals(scorer)
      const work: Work = {
        blockEvaluations: countEdges(trie),
        packedTokens: packed.tokens.length,
        promptTokens: indices.reduce(
          (sum, index) => sum + at(this.request.prompts, index, 'prompt').tokens.length,
          0
        ),
        weightBytesRead
      }
      this.works.push(work)
      yield { type: 'group', prompts: [...indices], work }
    }
  }

  /** Takes a group through all layers, to its scorer. @returns bytes of weights that were read */
  private async *throughLayers(
    group: number,
    packed: PackedPrompts,
    scorer: GroupScorer
  ): AsyncGenerator<EngineSweepEvent, number> {
    const { reader, signal } = this.means
    const run: ForwardRun = {
      ...this.computation,
      packed,
      signal,
      blocks: (step) => reader.block(step),
      nodesPerRun: nodesPerRun(this.grouping.rowBound, packed.tokens.length, scorer.rows.length)
    }
    let weightBytesRead = 0
    for await (const event of finiteForward(run, this.request.models)) {
      if (event.type === 'final') scorer.add(event.leaf, event.hidden)
      if (event.type === 'block') {
        this.spend(event)
        weightBytesRead += event.bytesRead
      }
      if (event.type === 'rows') {
        this.rowsDone += event.rows
        yield { type: 'progress', rowsDone: this.rowsDone, layer: event.layer, group }
      }
    }
    return weightBytesRead
  }

  /** Takes a group's last states of one origin through its head. */
  private async *throughHead(
    group: number,
    packed: PackedPrompts,
    scorer: GroupScorer,
    finals: FinalStates
  ): AsyncGenerator<EngineSweepEvent> {
    const { device, reader, signal } = this.means
    const { pair } = this.models
    const layer = pair.post.spec.layerCount - 1
    const headRows = this.rowsOf(packed).head / scorer.finals.length
    const model = memberOf(pair, finals.origin)
    const head = await openLanguageHead(device, model, (slice) =>
      reader.read([sliceRead(model.spec, finals.origin, slice)])
    )
    try {
      const run: HeadRun = {
        computation: this.computation,
        scorer,
        head,
        vocabularySize: model.spec.vocabularySize,
        tokens: this.tokens,
        sampling: this.request.sampling,
        signal
      }
      const next: Float64Array[] = []
      let scored = 0
      for await (const event of nextTokens(run, finals)) {
        if (event.type === 'slice') {
          this.spend(event)
          this.rowsDone += event.share * headRows
          yield { type: 'progress', rowsDone: Math.round(this.rowsDone), layer, group }
          continue
        }
        next.push(...event.next)
        while (next.length >= scorer.rows.length) {
          yield* scorer.score(at(finals.leaves, scored++, 'leaf'), next.splice(0, scorer.rows.length))
        }
      }
    } finally {
      await head.close()
    }
  }

  /** What the request's rivals make of the last states of post and base. */
  private async *rivals(scorer: GroupScorer): AsyncGenerator<EngineSweepEvent> {
    const { rivals = [], models, sampling } = this.request
    if (rivals.length === 0) return
    const { pair, trie } = this.models
    const heads: LanguageHead[] = []
    const last = async (kind: 'base' | 'post'): Promise<LastStates> => {
      const leaf = at(
        trie.leafOf,
        models.findIndex((model) => model.kind === kind),
        kind
      )
      const head = await openLanguageHead(this.means.device, pair[kind])
      heads.push(head)
      return { hidden: scorer.statesOf(leaf), head }
    }
    try {
      const next = await rivalTokens({
        rivals,
        rows: scorer.rows,
        vocabularySize: pair.post.spec.vocabularySize,
        post: await last('post'),
        base: rivals.some(({ kind }) => kind !== 'sampler') ? await last('base') : null,
        sampling,
        signal: this.means.signal
      })
      for (const [index, rows] of next.entries()) yield scorer.event(models.length + index, rows)
    } finally {
      for (const head of heads) await head.close()
    }
  }

  private spend({ readMs, convertMs, waitMs }: SweepRun['reading']): void {
    this.reading.readMs += readMs
    this.reading.convertMs += convertMs
    this.reading.waitMs += waitMs
  }

  private rowsOf(packed: PackedPrompts): ReturnType<typeof progressRows> {
    return progressRows(this.models.pair.post.spec, this.models.trie, packed)
  }
}

/**
 * The models of a request as a trie, with what decides how much memory they take.
 *
 * @param uploadedIn see `SweptModels`
 */
export async function sweptModels(
  pair: PairWeights,
  request: Pick<SweepRequest, 'models' | 'prompts' | 'sampling'>,
  uploadedIn: SweptModels['uploadedIn'] = null
): Promise<SweptModels> {
  const sharing = await findSharing(pair)
  const trie = buildRecipeTrie(request.models, sharing)
  return {
    pair,
    trie,
    trackedTokens: trackedTokens(request.prompts).length,
    allLogits: request.sampling !== undefined,
    keptBytes: storedBytes(pair, trie).kept,
    identicalLayers: pair.post.spec.layers.flatMap((_, layer) => (sharing.identical(layer) ? [layer] : [])),
    uploadedIn
  }
}
