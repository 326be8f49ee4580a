import { isDeepStrictEqual } from 'node:util'
import { type Model, otherCheckpointsOf } from '../../../contract/model/model'
import type { MinPDraw } from '../../../contract/model/sampling'
import type { SweepRequest } from '../../../contract/procedures/engine'
import type { Device } from '../device/device'
import { Draws } from '../forward/draws'
import { type LanguageHead, openLanguageHead, sliceRead } from '../forward/language-head'
import { LayerSessions } from '../forward/layer-session'
import { type OpenRun, openRun } from '../forward/open-run'
import type { PackedPrompts } from '../tries/prompt-trie'
import { type Origin, otherOrigin, type Sharing } from '../tries/recipe-trie'
import type { BlockStep, BlockWeights } from '../weights/block-weights'
import type { WeightCache } from '../weights/weight-cache'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import { PrefetchReader } from '../weights/read-ahead'
import { findSharing, requireModels } from '../weights/sharing'

export type OpenRequest = Pick<SweepRequest, 'base' | 'post' | 'device' | 'models'>

/** The resources of a sweep or its stages: the opened pair and device, the prefetch thread, and graphs. */
export class SweepResources {
  readonly reader: PrefetchReader
  private sharing: Promise<Sharing> | null = null
  private readonly heads = new Map<Origin, LanguageHead>()
  private readonly draws = new Map<string, Draws>()
  private layers: { readonly packed: PackedPrompts; readonly sessions: LayerSessions } | null = null

  /** @param weights caches the weights that are read; null caches none */
  private constructor(
    private readonly request: OpenRequest,
    private readonly open: OpenRun,
    private readonly weights: WeightCache | null
  ) {
    this.reader = open.register(new PrefetchReader(open.pair))
    open.register({ close: async () => this.layers?.sessions.close() })
  }

  /** @throws WorkbenchError as `openRun` */
  static async open(request: OpenRequest, weights: WeightCache | null): Promise<SweepResources> {
    return new SweepResources(request, await openRun(request, request.models), weights)
  }

  get pair(): PairWeights {
    return this.open.pair
  }

  get device(): Device {
    return this.open.device
  }

  covers({ base, post, device, models }: OpenRequest): boolean {
    return (
      isDeepStrictEqual([base, post, device], [this.request.base, this.request.post, this.request.device]) &&
      models.flatMap(otherCheckpointsOf).every(({ path }) => this.pair.others.has(otherOrigin(path)))
    )
  }

  /** Finds the identical blocks of the pair, compared once. @throws WorkbenchError as `requireModels` */
  async sharingOf(models: readonly Model[]): Promise<Sharing> {
    requireModels(this.pair, models)
    return (this.sharing ??= findSharing(this.pair, []))
  }

  block(step: BlockStep): Promise<BlockWeights> {
    const { weights, reader } = this
    return weights === null ? reader.block(step) : weights.block(reader, this.pair.post.spec, step)
  }

  async head(origin: Origin): Promise<LanguageHead> {
    const cached = this.heads.get(origin)
    if (cached !== undefined) return cached
    const { open, reader, weights } = this
    const model = memberOf(this.pair, origin)
    const opened = await openLanguageHead(open.device, model, (slice) => {
      const reads = [sliceRead(model.spec, origin, slice)]
      return weights === null ? reader.read(reads) : weights.read(reader, reads)
    })
    this.heads.set(origin, open.register(opened))
    return opened
  }

  drawsOf(samplers: readonly MinPDraw[]): Draws {
    const key = JSON.stringify(samplers)
    const cached = this.draws.get(key)
    if (cached !== undefined) return cached
    const opened = this.open.register(new Draws(this.device, this.pair.post.spec, samplers))
    this.draws.set(key, opened)
    return opened
  }

  /** Returns the layer sessions for consecutive passes over these prompts. Sessions of other prompts are closed. */
  async layersOf(packed: PackedPrompts): Promise<LayerSessions> {
    if (this.layers !== null && isDeepStrictEqual(this.layers.packed.paths, packed.paths)) {
      if (isDeepStrictEqual(this.layers.packed.tokens, packed.tokens)) return this.layers.sessions
    }
    await this.layers?.sessions.close()
    const sessions = new LayerSessions()
    this.layers = { packed, sessions }
    return sessions
  }

  close(): Promise<void> {
    return this.open.close()
  }
}
