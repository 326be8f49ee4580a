import { setImmediate as nextTurn } from 'node:timers/promises'
import type * as ort from 'onnxruntime-node'
import { weightType } from '../../graphs/block-graph'
import { type DecoderSpec, hasExperts, widestMlp } from '../../family'
import { fullLayout, lastRowsLayout } from '../tries/attention-layout'
import { decodeBlock, type BlockStep, type BlockWeights } from '../weights/block-weights'
import { floatsOf, floatTensor } from '../device/device'
import { embedTokens } from './embed-tokens'
import {
  ExpertSession,
  type Feeds,
  type LayerSession,
  LayerSessions,
  type LayerSource,
  openLayer
} from './layer-session'
import type { RunStates } from './kept-states'
import { LevelStates } from './level-states'
import { chunksOf, type PartStep, partSteps } from './part-steps'
import { openNodeStates, type NodeStates } from './node-states'
import { type ExpertStep, RoutedRows } from './routed-rows'
import { Pace } from '../device/pace'
import { memberOf, specOf } from '../weights/pair-weights'
import { finalRows } from '../tries/prompt-trie'
import { OneAhead } from '../weights/one-ahead'
import type { BlockSource, RecipeTrie } from '../tries/recipe-trie'
import { nodesBefore, type PartNode, type TriePart, wholeTrie } from '../tries/trie-parts'
import { RotaryFeeds } from './rotary-feeds'
import { rowAt } from '../rows/rows'
import { WeightDecoder } from '../weights/weight-decoder'
import { at } from '../../../contract/model/look-up'
import { throwIfCancelled } from '../../base/files/cancelling'

/** One packed prompt group pushed through every model of a trie. */
export interface ForwardRun extends LayerSource {
  readonly trie: RecipeTrie
  /** Parts of the trie, of which one after the other is taken through all layers; left out: all of it at once. */
  readonly parts?: readonly TriePart[]
  /**
   * Nodes to advance at once in all layers but the last, and there; `nodesPerRun` of the usual rows when left out. One by
   * one where their states stay on the device.
   */
  readonly nodesPerRun?: NodesPerRun
  readonly signal?: AbortSignal
  /** Hidden states of every packed row are wanted after the last layer, not only of those that predict a next token. */
  readonly everyRow?: boolean
  /** Also yield the states of every node after every layer but the last, which then do not stay on the device. */
  readonly everyState?: boolean
  /** States of nodes that are there before the run, which its parts go on from; its own are added. Not where they stay on the device. */
  readonly kept?: RunStates
  /** Where blocks come from when not from the pair's files by this thread: a reader beside it, or memory. */
  readonly blocks?: (step: BlockStep) => Promise<BlockWeights>
  /** Graphs of passes over the same prompts to the same end, which stay open; left out: its own. */
  readonly sessions?: LayerSessions
}

export type ForwardEvent =
  | {
      readonly type: 'block'
      readonly bytesRead: number
      /** Time that reading and converting the block took, that of converting alone, and how much was waited for. */
      readonly readMs: number
      readonly convertMs: number
      readonly waitMs: number
    }
  /** The final states of the next of the run's parts have all come. */
  | { readonly type: 'part'; readonly part: TriePart }
  /** Rows that have gone through a block since this was last said. */
  | { readonly type: 'rows'; readonly layer: number; readonly rows: number }
  | {
      readonly type: 'keyValues'
      readonly layer: number
      /** Node on the trie's level `layer`. */
      readonly node: number
      /**
       * Of all packed rows, [1, rows, kvHeads x headSize] each, where the device computes; keys are rotated. Whoever takes them
       * disposes of them before asking for more, see `Device.outlive`.
       */
      readonly keys: ort.Tensor
      readonly values: ort.Tensor
    }
  /** Hidden states of some nodes after a layer, at every packed row, [nodes, rows, hidden]; to be read before the next event. */
  | { readonly type: 'state'; readonly layer: number; readonly hidden: Float32Array }
  | {
      readonly type: 'final'
      /** Node on the trie's last level. */
      readonly leaf: number
      /** Hidden states after the last layer at the packed prompts' `finalRows`, or at every row, [rows, hidden]. */
      readonly hidden: Float32Array
    }

/**
 * Rows to push through a block at once, or through an expert, unless memory is short. Matrix products want some hundreds of rows, and cancelling waits for one run.
 * Between these, the widest activation (the MLP's) is held to 8 MiB: allocators give larger ones back to the system
 * after every run and fault them in again, which costs a tenth of the time.
 */
export function rowsPerRun(spec: DecoderSpec): number {
  return Math.min(Math.max(2 ** 21 / widestMlp(spec), 512), 2048)
}

/** How many nodes one run of a block advances. */
export interface NodesPerRun {
  readonly full: number
  readonly last: number
}

/** @param rows packed rows of a node, `finalRows` of which go through most of the last layer */
export function nodesPerRun(rowBound: number, rows: number, finalRowCount: number): NodesPerRun {
  const nodes = (nodeRows: number): number => Math.max(1, Math.round(rowBound / nodeRows))
  return { full: nodes(rows), last: nodes(Math.max(finalRowCount, rows * INPUT_ROW_SHARE)) }
}

/** In the last layer most is done for the final rows only, so an input row weighs less; not nothing, for it takes memory. */
const INPUT_ROW_SHARE = 1 / 2

/**
 * Layer by layer: read a block, advance the nodes that it feeds, release it. At most two blocks' weights are resident,
 * the one that computes and the one being read. Of a layer with experts, all blocks' nodes go through what comes before the
 * experts, and then through one expert after the other, see `RoutedRows`.
 */
export async function* forward(run: ForwardRun): AsyncGenerator<ForwardEvent> {
  const pass = new ForwardPass(run)
  try {
    yield* pass.layers()
  } finally {
    // A run that ends early holds its block and its states in the device's memory, whose size no garbage collector knows.
    await pass.close()
  }
}

/** A layer on its way. */
interface LayerStep {
  readonly layer: number
  readonly isLast: boolean
  readonly source: BlockSource
  /** By whose config the block is computed. */
  readonly spec: DecoderSpec
  readonly session: LayerSession
  readonly states: LevelStates
  /** Where the layer has experts, the rows that are to go through them. */
  readonly routed: RoutedRows | null
}

/** A run with what it has open on the device. */
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
  /** Weights of the block that computes. */
  private readonly block = new Map<string, ort.Tensor>()
  private expert: ExpertSession | null = null

  constructor(private readonly run: ForwardRun) {
    const { device, pair, packed } = run
    this.spec = pair.post.spec
    const { hiddenSize } = this.spec
    // The choice of experts is made here.
    this.statesStay = run.everyState !== true && !hasExperts(this.spec)
    const rows = packed.tokens.length
    const lastRows = run.everyRow === true ? rows : finalRows(packed).length
    this.perRun = run.nodesPerRun ?? nodesPerRun(rowsPerRun(this.spec), rows, lastRows)
    this.rotary = new RotaryFeeds(this.spec, Math.max(...packed.paths.map((path) => path.length)))
    this.store = openNodeStates(device, rows, hiddenSize, this.statesStay)
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
        // What is known of a part's models is not computed again, so that it may have nothing to do in a layer.
        const routes = steps.length > 0 && this.hasExperts(layer)
        const routed = routes ? new RoutedRows(layer, this.spec.hiddenSize) : null
        const ofLevel = { layer, states: at(states, layer, 'layer'), routed }
        for (const { source, nodes } of steps) {
          const { read, waitMs } = await reads.next()
          yield blockEvent(read, waitMs)
          const step = await this.layerStep(ofLevel, source)
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
        for (const { nodes, output } of routed.finished()) yield* this.arrived(ofLevel, nodes, output)
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
  }

  private hasExperts(layer: number): boolean {
    return at(this.spec.layers, layer, 'layer').experts !== null
  }

  /** Steps of the first of some layers, as far as it is known what is read: which experts are needed shows when a layer has routed. */
  private untilExperts(layers: readonly (readonly PartStep[])[]): BlockStep[] {
    const first = layers.findIndex((steps) => steps.some(({ layer }) => this.hasExperts(layer)))
    return layers.slice(0, first === -1 ? layers.length : first + 1).flat()
  }

  private async layerStep(
    ofLevel: Pick<LayerStep, 'layer' | 'states' | 'routed'>,
    source: BlockSource
  ): Promise<LayerStep> {
    const { packed, everyRow, pair } = this.run
    const { layer } = ofLevel
    const isLast = this.isLast(layer)
    const spec = specOf(pair, source)
    // The last layer may have fewer rows; of a model's config this is fixed in a graph.
    const kind = `${isLast}/${this.hasExperts(layer)}/${spec.normEpsilon}`
    const session = await this.sessions.of(kind, () => {
      const lastRows = isLast && everyRow !== true
      const layout = lastRows ? lastRowsLayout(packed, finalRows(packed)) : fullLayout(packed)
      return openLayer(this.run, spec, layer, layout, !isLast && this.statesStay)
    })
    return { ...ofLevel, isLast, source, spec, session }
  }

  private isLast(layer: number): boolean {
    return layer === this.spec.layerCount - 1
  }

  /** For each level its nodes' states, and above the first those of the roots that are gone on from. */
  private async levelStates(): Promise<LevelStates[]> {
    const { pair, trie, packed, kept } = this.run
    const nodesOf = (level: number): PartNode[] =>
      this.parts.flatMap((part) => at(part.levels, level, 'level'))
    const used = new Set(nodesOf(0).map(({ parent }) => parent))
    let states: ort.Tensor[] = []
    for (const [root, origin] of trie.roots.entries()) {
      if (!used.has(root)) continue
      states[root] = await this.store.add(await embedTokens(memberOf(pair, origin), packed.tokens))
    }
    const levels = trie.levels.map((_, level) => {
      const ofLevel = new LevelStates(this.store, states, nodesOf(level))
      states = ofLevel.children
      return ofLevel
    })
    for (const [level, nodes] of nodesBefore(trie, this.parts).entries()) {
      for (const node of nodes) {
        if (kept === undefined) throw new Error('a part goes on from states that nobody has')
        at(levels, level, 'level').children[node] = await this.store.add(kept.get(level, node))
      }
    }
    return levels
  }

  private readBlocks(steps: readonly BlockStep[]): OneAhead<BlockStep, BlockWeights> {
    const fromFiles = (step: BlockStep): Promise<BlockWeights> => decodeBlock(this.decoder, this.spec, step)
    return new OneAhead(steps, this.run.blocks ?? fromFiles)
  }

  /** A block's weights on the device, with what else a layer's runs need. */
  private async feedsOf({ layer, spec, session }: LayerStep, weights: BlockWeights): Promise<Feeds> {
    const { rope, window } = at(spec.layers, layer, 'layer')
    return { ...(await this.upload(weights)), ...this.rotary.of(rope), ...(await session.masks(window)) }
  }

  private async upload({ tensors }: BlockWeights): Promise<Feeds> {
    const { device, precision } = this.run
    for (const [role, { data, shape }] of tensors) {
      this.block.set(role, await device.resident(data, shape, weightType(role, precision)))
    }
    return Object.fromEntries(this.block)
  }

  /** Lets go of the weights that were computed with. */
  private drop(weights: BlockWeights): void {
    this.dropBlock()
    weights.release()
  }

  private dropBlock(): void {
    for (const tensor of this.block.values()) tensor.dispose()
    this.block.clear()
  }

  /** Advances the nodes of a block, as many at a time as a run may have. */
  private async *advance(
    step: LayerStep,
    nodes: readonly PartNode[],
    feeds: Feeds
  ): AsyncGenerator<ForwardEvent> {
    const { layer, isLast, session, routed } = step
    const most = Math.min(isLast ? this.perRun.last : this.perRun.full, this.store.mostNodes)
    const counts = routed === null
    for (const chunk of chunksOf(nodes, most)) {
      throwIfCancelled(this.run.signal, 'The run')
      yield* this.advanceTogether(step, chunk, feeds)
      // A chunk has one node where more than one of them can be done at a time.
      const done = (await this.pace.ran(isLast || !this.statesStay)) * chunk.length
      if (counts && done > 0) yield { type: 'rows', layer, rows: done * session.outputRowCount }
      // Inference blocks the thread: let a cancel come in.
      await nextTurn()
    }
    const done = await this.pace.settle()
    if (counts && done > 0) yield { type: 'rows', layer, rows: done * session.outputRowCount }
  }

  /** Advances some nodes in one run. */
  private async *advanceTogether(
    step: LayerStep,
    nodes: readonly PartNode[],
    feeds: Feeds
  ): AsyncGenerator<ForwardEvent> {
    const { layer, session, states, spec, source, routed } = step
    const outputs = await session.advance(states.join(nodes), nodes.length, feeds)
    const { hidden, keys, values } = outputs
    states.done(nodes)
    const { experts } = at(spec.layers, layer, 'layer')
    if (routed !== null && experts !== null) routed.add(source, nodes, experts, outputs)
    for (const [i, { node }] of nodes.entries()) {
      if (keys === undefined || values === undefined) continue
      yield { type: 'keyValues', layer, node, keys: nodeOf(keys, i), values: nodeOf(values, i) }
    }
    if (routed === null) yield* this.arrived(step, nodes, hidden)
  }

  /** Takes the rows that need an expert through it. */
  private async *throughExpert(
    routed: RoutedRows,
    step: ExpertStep,
    weights: BlockWeights
  ): AsyncGenerator<ForwardEvent> {
    const expert = (this.expert ??= await ExpertSession.open(this.run, this.spec))
    const feeds = await this.upload(weights)
    const most = this.perRun.full * this.run.packed.tokens.length
    for await (const rows of routed.through(step, most, (input) => expert.run(input, feeds))) {
      throwIfCancelled(this.run.signal, 'The run')
      yield { type: 'rows', layer: step.layer, rows }
      await nextTurn()
    }
  }

  /** Takes over the states of some nodes after a layer. */
  private *arrived(
    { layer, states }: Pick<LayerStep, 'layer' | 'states'>,
    nodes: readonly PartNode[],
    hidden: ort.Tensor
  ): Generator<ForwardEvent> {
    const isLast = this.isLast(layer)
    if (!isLast) {
      if (this.run.everyState === true) yield { type: 'state', layer, hidden: floatsOf(hidden) }
      states.keep(nodes, hidden)
      for (const { node } of nodes) {
        this.run.kept?.put(layer, node, floatsOf(at(states.children, node, 'state')))
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

/** One node of a run's output, [1, rows, width]; an output that stays on the device has no other. */
function nodeOf(output: ort.Tensor, index: number): ort.Tensor {
  const [nodeCount = 1, ...dims] = output.dims
  if (nodeCount === 1) return output
  const all = floatsOf(output)
  return floatTensor(rowAt(all, index, all.length / nodeCount), [1, ...dims])
}
