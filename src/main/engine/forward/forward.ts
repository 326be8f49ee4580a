import { setImmediate as nextTurn } from 'node:timers/promises'
import type * as ort from 'onnxruntime-node'
import { weightType } from '../../graphs/block-graph'
import { type DecoderSpec, hasExperts, layerKind, widestMlp } from '../../family'
import { attentionLayout } from '../tries/attention-layout'
import { decodeBlock, type BlockStep, type BlockWeights } from '../weights/block-weights'
import { floatsOf, floatTensor } from '../device/device'
import { embedTokens } from './embed-tokens'
import {
  type CachedTensors,
  ExpertSession,
  type Feeds,
  type LayerSession,
  LayerSessions,
  type LayerSource,
  openLayer
} from './layer-session'
import type { RunStates } from './state-cache'
import { LevelStates } from './level-states'
import { chunksOf, type PartStep, partSteps } from './part-steps'
import { openNodeStates, type NodeStates } from './node-states'
import { type ExpertStep, type RoutedChunk, RoutedRows } from './routed-rows'
import { Pace } from '../device/pace'
import { memberOf, specOf } from '../weights/pair-weights'
import { finalRows } from '../tries/prompt-trie'
import { OneStepPrefetch } from '../weights/one-step-prefetch'
import type { BlockSource, RecipeTrie } from '../tries/recipe-trie'
import { nodesBefore, type PartNode, type TriePart, wholeTrie } from '../tries/trie-parts'
import { RotaryFeeds } from './rotary-feeds'
import { rowAt } from '../rows/rows'
import { WeightDecoder } from '../weights/weight-decoder'
import { type NodesPerRun, nodesPerRun } from './nodes-per-run'
import { elementAt } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'

// A forward pass of many models over many prompts. A node of the trie is the hidden states of all models that are equal
// up to a layer. A block is a layer's weights in some of these models. Packed rows are the prompts' tokens, with equal
// beginnings only once.

export interface ForwardRun extends LayerSource {
  readonly trie: RecipeTrie
  /** Parts of the trie. Each part passes through all layers before the next part begins. By default one part. */
  readonly parts?: readonly TriePart[]
  /** Nodes to advance at once in all layers but the last, and in the last. Nodes on the device advance one by one. */
  readonly nodesPerRun?: NodesPerRun
  readonly signal?: AbortSignal
  /** True if hidden states after the last layer are needed for every packed row. */
  readonly everyRow?: boolean
  /** True to yield the states of every node after every layer but the last, in main memory. */
  readonly everyState?: boolean
  /** Cached states from which the parts continue, and to which the run's are added; not on a device. */
  readonly cachedStates?: RunStates
  /** Supplies the weights of blocks, from a reading thread or from memory; by default from the pair's files. */
  readonly blocks?: (step: BlockStep) => Promise<BlockWeights>
  /** Open graphs of passes over the same prompts with the same last rows. */
  readonly sessions?: LayerSessions
}

export type ForwardEvent =
  | {
      readonly type: 'block'
      readonly bytesRead: number
      /** Milliseconds of reading and converting the block, of converting only, and of waiting for it. */
      readonly readMs: number
      readonly convertMs: number
      readonly waitMs: number
    }
  /** All final states of the run's next part have been yielded. */
  | { readonly type: 'part'; readonly part: TriePart }
  /** Rows that have gone through a block since the last event of this type. */
  | { readonly type: 'rows'; readonly layer: number; readonly rows: number }
  | {
      readonly type: 'keyValues'
      readonly layer: number
      /** Node on the trie's level `layer`. */
      readonly node: number
      /** Cached tensors of each part of the layer, for all packed rows. The consumer disposes of them. */
      readonly parts: readonly CachedTensors[]
    }
  /** Rows of some nodes after a layer, [nodes, rows, rowSize], valid until the next event. */
  | { readonly type: 'state'; readonly layer: number; readonly hidden: Float32Array }
  | {
      readonly type: 'final'
      readonly leaf: number
      /** Hidden states after the last layer at the packed prompts' `finalRows`, or at every row, [rows, hidden]. */
      readonly hidden: Float32Array
    }

/**
 * Returns the rows that go through a block or an expert at once, unless memory is short. Matrix products need some
 * hundreds of rows, and a cancellation waits for one run. Between these limits, the widest activation (the MLP's) is at
 * most 8 MiB. Allocators return larger ones to the system after every run and fault them in again, which costs a tenth
 * of the time.
 * @param copiesTensors true if each run copies its weights to a device. A run then has up to 32,768 rows, so that the
 *   states of an 8B model outweigh its weights. An activation has at most 2^29 elements, because kernels may count
 *   them in 31 bits.
 */
export function rowsPerRun(spec: DecoderSpec, copiesTensors: boolean): number {
  const width = widestMlp(spec)
  return copiesTensors
    ? Math.min(2 ** Math.floor(Math.log2(2 ** 29 / width)), 32_768)
    : Math.min(Math.max(2 ** 21 / width, 512), 2048)
}

/**
 * Runs a pass layer by layer, with the weights of at most two blocks in memory. In a layer with experts, all nodes
 * first pass the part before the experts, and then one expert after the other (see `RoutedRows`).
 */
export async function* forward(run: ForwardRun): AsyncGenerator<ForwardEvent> {
  const pass = new ForwardPass(run)
  try {
    yield* pass.layers()
  } finally {
    // A run that ends early has its block and its states in the device's memory, whose size no garbage collector knows.
    await pass.close()
  }
}

interface LayerStep {
  readonly layer: number
  readonly isLast: boolean
  readonly source: BlockSource
  /** The spec by which the block is computed. */
  readonly spec: DecoderSpec
  readonly session: LayerSession
  readonly states: LevelStates
  /** The rows that will go through experts. Null if the layer has none. */
  readonly routed: RoutedRows | null
}

/** A run with its open resources on the device. */
class ForwardPass {
  private readonly spec: DecoderSpec
  private readonly statesStay: boolean
  private readonly perRun: NodesPerRun
  private readonly rotary: RotaryFeeds
  private readonly store: NodeStates
  private readonly pace: Pace
  private readonly parts: readonly TriePart[]
  private readonly decoder: WeightDecoder
  private readonly sessions: LayerSessions
  private readonly block = new Map<string, ort.Tensor>()
  private expert: ExpertSession | null = null
  private ending: ExpertSession | null = null

  constructor(private readonly run: ForwardRun) {
    const { device, pair, packed } = run
    this.spec = pair.post.spec
    const { rowSize } = this.spec
    // Experts are chosen on the host, so states cannot stay on the device.
    this.statesStay = run.everyState !== true && !hasExperts(this.spec)
    const rows = packed.tokens.length
    const lastRows = run.everyRow === true ? rows : finalRows(packed).length
    this.perRun = run.nodesPerRun ?? nodesPerRun(rowsPerRun(this.spec, device.copiesTensors), rows, lastRows)
    this.rotary = new RotaryFeeds(this.spec, Math.max(...packed.paths.map((path) => path.length)))
    this.store = openNodeStates(device, rows, rowSize, this.statesStay)
    this.pace = new Pace(device)
    this.parts = run.parts ?? [wholeTrie(run.trie)]
    this.sessions = run.sessions ?? new LayerSessions()
    this.decoder = new WeightDecoder(pair)
  }

  async *layers(): AsyncGenerator<ForwardEvent> {
    const states = await this.levelStates()
    for (const part of this.parts) {
      const layers = partSteps(this.run.trie, part)
      const reads = this.readBlocks(this.untilExperts(layers))
      for (const [layer, steps] of layers.entries()) {
        // Models with stored scores are not computed, so a part may have nothing to compute in a layer.
        const routes = steps.length > 0 && this.hasExperts(layer)
        const routed = routes ? new RoutedRows(layer, this.spec.hiddenSize) : null
        const levelStep = { layer, states: elementAt(states, layer, 'layer'), routed }
        for (const { source, nodes } of steps) {
          const { read, waitMs } = await reads.next()
          yield blockEvent(read, waitMs)
          const step = await this.layerStep(levelStep, source)
          yield* this.advance(step, nodes, await this.feedsOf(step, read))
          this.drop(read)
        }
        if (routed === null) continue
        const experts = routed.steps()
        reads.add([...experts, ...this.untilExperts(layers.slice(layer + 1))])
        for (const step of experts) {
          const { read, waitMs } = await reads.next()
          yield blockEvent(read, waitMs)
          yield* this.throughExpert(routed, step, read)
          this.drop(read)
        }
        for (const chunk of routed.finished())
          yield* this.takeStates(levelStep, chunk.nodes, await this.endChunk(chunk))
        routed.close()
      }
      yield { type: 'part', part }
    }
  }

  async close(): Promise<void> {
    this.dropBlock()
    this.store.close()
    if (this.run.sessions === undefined) await this.sessions.close()
    await this.expert?.close()
    await this.ending?.close()
  }

  private hasExperts(layer: number): boolean {
    return elementAt(this.spec.layers, layer, 'layer').experts !== null
  }

  /** Returns the steps up to the first layer with experts, which must have routed its rows before more is read. */
  private untilExperts(layers: readonly (readonly PartStep[])[]): BlockStep[] {
    const first = layers.findIndex((steps) => steps.some(({ layer }) => this.hasExperts(layer)))
    return layers.slice(0, first === -1 ? layers.length : first + 1).flat()
  }

  private async layerStep(
    levelStep: Pick<LayerStep, 'layer' | 'states' | 'routed'>,
    source: BlockSource
  ): Promise<LayerStep> {
    const { packed, everyRow, pair } = this.run
    const { layer } = levelStep
    const isLast = this.isLast(layer)
    const spec = specOf(pair, source)
    // Layers with the same graph share a session.
    const kind = `${isLast}/${layerKind(spec, layer)}`
    const session = await this.sessions.open(kind, () => {
      const layout = attentionLayout(packed, isLast && everyRow !== true ? finalRows(packed) : null)
      return openLayer(this.run, spec, layer, layout, !isLast && this.statesStay)
    })
    return { ...levelStep, isLast, source, spec, session }
  }

  private isLast(layer: number): boolean {
    return layer === this.spec.layerCount - 1
  }

  /** Opens the states of each level. The first level's parents are the roots from which the parts continue. */
  private async levelStates(): Promise<LevelStates[]> {
    const { device, pair, trie, packed, cachedStates } = this.run
    const nodesOf = (level: number): PartNode[] => this.parts.flatMap((part) => elementAt(part.levels, level, 'level'))
    const used = new Set(nodesOf(0).map(({ parent }) => parent))
    let states: ort.Tensor[] = []
    for (const [root, origin] of trie.roots.entries()) {
      if (!used.has(root)) continue
      states[root] = await this.store.add(await embedTokens(device, memberOf(pair, origin), packed.tokens))
    }
    const levels = trie.levels.map((_, level) => {
      const statesOfLevel = new LevelStates(this.store, states, nodesOf(level))
      states = statesOfLevel.children
      return statesOfLevel
    })
    for (const [level, nodes] of nodesBefore(trie, this.parts).entries()) {
      for (const node of nodes) {
        if (cachedStates === undefined) throw new Error('a part continues from states that are not cached')
        elementAt(levels, level, 'level').children[node] = await this.store.add(cachedStates.get(level, node))
      }
    }
    return levels
  }

  private readBlocks(steps: readonly BlockStep[]): OneStepPrefetch<BlockStep, BlockWeights> {
    const fromFiles = (step: BlockStep): Promise<BlockWeights> => decodeBlock(this.decoder, this.spec, step)
    return new OneStepPrefetch(steps, this.run.blocks ?? fromFiles)
  }

  /** Creates the inputs of a block's graph that all its nodes share: weights, rotary tables and masks. */
  private async feedsOf({ layer, spec, session }: LayerStep, weights: BlockWeights): Promise<Feeds> {
    const { rope, window, attends } = elementAt(spec.layers, layer, 'layer')
    const rotary = attends ? this.rotary.of(rope) : {}
    return { ...(await this.upload(weights)), ...rotary, ...(await session.masks(window)) }
  }

  private async upload({ tensors }: BlockWeights): Promise<Feeds> {
    const { device, precision } = this.run
    for (const [role, { data, shape }] of tensors) {
      this.block.set(role, await device.resident(data, shape, weightType(role, precision)))
    }
    return Object.fromEntries(this.block)
  }

  private drop(weights: BlockWeights): void {
    this.dropBlock()
    weights.release()
  }

  private dropBlock(): void {
    for (const tensor of this.block.values()) tensor.dispose()
    this.block.clear()
  }

  private async *advance(step: LayerStep, nodes: readonly PartNode[], feeds: Feeds): AsyncGenerator<ForwardEvent> {
    const { layer, isLast, session, routed } = step
    const maxNodes = Math.min(isLast ? this.perRun.last : this.perRun.full, this.store.maxNodes)
    const countsRows = routed === null
    for (const chunk of chunksOf(nodes, maxNodes)) {
      throwIfCancelled(this.run.signal, 'The run')
      yield* this.advanceChunk(step, chunk, feeds)
      // A chunk has one node if several runs may be in progress.
      const done = (await this.pace.ran(isLast || !this.statesStay)) * chunk.length
      if (countsRows && done > 0) yield { type: 'rows', layer, rows: done * session.outputRowCount }
      // Inference blocks the thread. Yield, so that a cancellation can arrive.
      await nextTurn()
    }
    const done = await this.pace.finishRuns()
    if (countsRows && done > 0) yield { type: 'rows', layer, rows: done * session.outputRowCount }
  }

  private async *advanceChunk(step: LayerStep, nodes: readonly PartNode[], feeds: Feeds): AsyncGenerator<ForwardEvent> {
    const { layer, session, states, spec, source, routed } = step
    const outputs = await session.advance(states.join(nodes), nodes.length, feeds)
    const { hidden, cached } = outputs
    states.done(nodes)
    const { experts } = elementAt(spec.layers, layer, 'layer')
    if (routed !== null && experts !== null) routed.add(source, nodes, experts, outputs)
    for (const [i, { node }] of nodes.entries()) {
      if (cached.length === 0) continue
      const parts = cached.map(({ keys, values }) => ({ keys: nodeOf(keys, i), values: nodeOf(values, i) }))
      yield { type: 'keyValues', layer, node, parts }
    }
    if (routed === null) yield* this.takeStates(step, nodes, hidden)
  }

  private async *throughExpert(
    routed: RoutedRows,
    step: ExpertStep,
    weights: BlockWeights
  ): AsyncGenerator<ForwardEvent> {
    const expert = (this.expert ??= await ExpertSession.open(this.run, this.spec))
    const feeds = await this.upload(weights)
    const maxRows = this.perRun.full * this.run.packed.tokens.length
    for await (const rows of routed.computeExpert(step, maxRows, (input) => expert.run(input, feeds))) {
      throwIfCancelled(this.run.signal, 'The run')
      yield { type: 'rows', layer: step.layer, rows }
      await nextTurn()
    }
  }

  /** Returns the states of a chunk after its layer, [nodes, rows, hidden]. */
  private async endChunk({ output, ending }: RoutedChunk): Promise<ort.Tensor> {
    if (ending === null) return output
    this.ending ??= await ExpertSession.openEnding(this.run, this.spec)
    return this.ending.end(ending, output)
  }

  /** Stores or yields the states of nodes after a layer. */
  private *takeStates(
    { layer, states }: Pick<LayerStep, 'layer' | 'states'>,
    nodes: readonly PartNode[],
    hidden: ort.Tensor
  ): Generator<ForwardEvent> {
    const isLast = this.isLast(layer)
    if (!isLast) {
      if (this.run.everyState === true) yield { type: 'state', layer, hidden: floatsOf(hidden) }
      states.keep(nodes, hidden)
      for (const { node } of nodes) {
        this.run.cachedStates?.store(layer, node, floatsOf(elementAt(states.children, node, 'state')))
      }
      return
    }
    for (const [i, { node }] of nodes.entries()) {
      yield { type: 'final', leaf: node, hidden: floatsOf(nodeOf(hidden, i)) }
    }
  }
}

function blockEvent({ bytesRead, readMs, convertMs }: BlockWeights, waitMs: number): ForwardEvent {
  return { type: 'block', bytesRead, readMs, convertMs, waitMs }
}

/** Returns one node of a run's output, [1, rows, width]. An output that stays on the device has only one node. */
function nodeOf(output: ort.Tensor, index: number): ort.Tensor {
  const [nodeCount = 1, ...dims] = output.dims
  if (nodeCount === 1) return output
  const all = floatsOf(output)
  return floatTensor(rowAt(all, index, all.length / nodeCount), [1, ...dims])
}
