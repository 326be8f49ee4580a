import { setImmediate as nextTurn } from 'node:timers/promises'
import type * as ort from 'onnxruntime-node'
import type { Precision } from '../../../contract/device'
import { WorkbenchError } from '../../../contract/problem'
import { BLOCK_INPUTS, BLOCK_OUTPUTS, blockGraph, weightType } from '../../graphs/block-graph'
import { wholeModelTensors } from '../../family'
import { fullLayout, lastRowsLayout, segmentMask, type AttentionLayout } from '../tries/attention-layout'
import { decodeBlock, type BlockStep, type BlockWeights } from '../weights/block-weights'
import { floatsOf, floatTensor, integerTensor, runTensors, type Device } from '../device/device'
import { openNodeStates } from './node-states'
import { Pace } from '../device/pace'
import { memberOf, type ModelWeights, type PairWeights } from '../weights/pair-weights'
import { finalRows, type PackedPrompts } from '../tries/prompt-trie'
import type { RecipeTrie } from '../tries/recipe-trie'
import { RotaryFeeds } from './rotary-feeds'
import { rowAt } from '../rows/rows'
import { gatherFloatRows } from '../weights/stored-rows'
import { WeightDecoder } from '../weights/weight-decoder'
import { at, got } from '../../base/look-up'

/** One packed prompt group pushed through every model of a trie. */
export interface ForwardRun {
  readonly device: Device
  readonly precision: Precision
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  readonly packed: PackedPrompts
  /**
   * Nodes to advance at once in all layers but the last, and there; `nodesPerRun` of the usual rows when left out. One by
   * one where their states stay on the device.
   */
  readonly nodesPerRun?: NodesPerRun
  readonly signal?: AbortSignal
  /** Also yield the keys and values of every node, for generating on from these prompts. */
  readonly withKeyValues?: boolean
  /** Hidden states of every packed row are wanted after the last layer, not only of those that predict a next token. */
  readonly everyRow?: boolean
  /** Also yield the states of every node after every layer but the last, which then do not stay on the device. */
  readonly everyState?: boolean
  /** Where blocks come from when not from the pair's files by this thread: a reader beside it, or memory. */
  readonly blocks?: (step: BlockStep) => Promise<BlockWeights>
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
 * Rows to push through a block at once, unless memory is short. Matrix products want some hundreds of rows, and cancelling waits for one run.
 * Between these, the widest activation (the MLP's) is held to 8 MiB: allocators give larger ones back to the system
 * after every run and fault them in again, which costs a tenth of the time.
 */
export function rowsPerRun(intermediateSize: number): number {
  return Math.min(Math.max(2 ** 21 / intermediateSize, 512), 2048)
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
 * the one that computes and the one being read.
 */
export async function* forward(run: ForwardRun): AsyncGenerator<ForwardEvent> {
  const { device, pair, trie, packed } = run
  const spec = pair.post.spec
  const decoder = new WeightDecoder(pair)
  const blocks = run.blocks ?? ((step) => decodeBlock(decoder, spec, step))
  const lastRowCount = run.everyRow === true ? packed.tokens.length : finalRows(packed).length
  const perRun =
    run.nodesPerRun ?? nodesPerRun(rowsPerRun(spec.intermediateSize), packed.tokens.length, lastRowCount)
  const rotary = new RotaryFeeds(spec, Math.max(...packed.paths.map((path) => path.length)))
  const steps = trie.levels.flatMap((level, layer) =>
    level.blocks.map((source, block) => ({ layer, block, source, later: level.blocks.slice(block + 1) }))
  )
  const read = (index: number) => {
    const step = steps[index]
    if (step === undefined) return null
    const weights = blocks(step)
    // A read that fails while nobody awaits it yet must not count as unhandled.
    weights.catch(() => undefined)
    return weights
  }
  const resident = new Map<string, ort.Tensor>()
  const release = (): void => {
    for (const tensor of resident.values()) tensor.dispose()
    resident.clear()
  }
  const statesStay = run.everyState !== true
  const store = openNodeStates(device, packed.tokens.length, spec.hiddenSize, statesStay)
  const pace = new Pace(device)
  const opened: LayerSession[] = []
  const open = async (layout: AttentionLayout, statesStay: boolean): Promise<LayerSession> => {
    const session = await openLayer(run, layout, statesStay)
    opened.push(session)
    return session
  }
  try {
    const full = spec.layerCount > 1 ? await open(fullLayout(packed), statesStay) : null
    const last = await open(
      run.everyRow === true ? fullLayout(packed) : lastRowsLayout(packed, finalRows(packed)),
      false
    )
    let states: ort.Tensor[] = []
    for (const origin of trie.roots) {
      states.push(await store.add(await embedTokens(memberOf(pair, origin), packed.tokens)))
    }
    let next: ort.Tensor[] = []
    let uses: number[] = []
    let ahead = read(0)
    for (const [index, { layer, block }] of steps.entries()) {
      const level = trie.levels[layer]
      const session = layer === spec.layerCount - 1 ? last : full
      const layerSpec = spec.layers[layer]
      if (level === undefined || session === null || layerSpec === undefined || ahead === null) {
        throw new Error(`the recipe trie and the model disagree about layer ${layer}`)
      }
      if (block === 0) {
        next = []
        uses = countUses(level.nodes, states.length)
      }
      const waitingSinceMs = performance.now()
      const weights = await ahead
      const waitMs = performance.now() - waitingSinceMs
      ahead = read(index + 1)
      const { bytesRead, readMs, convertMs } = weights
      yield { type: 'block', bytesRead, readMs, convertMs, waitMs }
      for (const [role, { data, shape }] of weights.tensors) {
        resident.set(role, await device.resident(data, shape, weightType(role, run.precision)))
      }
      const constants = { ...rotary.of(layerSpec.rope), ...(await session.masks(layerSpec.window)) }

      const nodes = level.nodes.flatMap((edge, node) =>
        edge.block === block ? [{ node, parent: edge.parent }] : []
      )
      const step = Math.min(session === last ? perRun.last : perRun.full, store.mostNodes)
      for (let first = 0; first < nodes.length; first += step) {
        if (run.signal?.aborted === true) throw new WorkbenchError('cancelled', 'The run was cancelled.')
        const chunk = nodes.slice(first, first + step)
        const parents = chunk.map(({ parent }) => at(states, parent, 'state'))
        const { hidden, keys, values } = await session.advance(store.join(parents), chunk.length, {
          ...Object.fromEntries(resident),
          ...constants
        })
        for (const { parent } of chunk) {
          uses[parent] = (uses[parent] ?? 1) - 1
          const state = states[parent]
          if (uses[parent] === 0 && state !== undefined) store.free(state)
        }
        if (!statesStay && session !== last) yield { type: 'state', layer, hidden: floatsOf(hidden) }
        const kept = session === last ? [] : store.keep(hidden)
        for (const [i, { node }] of chunk.entries()) {
          if (keys !== undefined && values !== undefined) {
            yield { type: 'keyValues', layer, node, keys: nodeOf(keys, i), values: nodeOf(values, i) }
          }
          const state = kept[i]
          if (state !== undefined) next[node] = state
          if (session === last) yield { type: 'final', leaf: node, hidden: floatsOf(nodeOf(hidden, i)) }
        }
        // A chunk has one node where more than one of them can be done at a time.
        const done = (await pace.ran(session === last || !statesStay)) * chunk.length
        if (done > 0) yield { type: 'rows', layer, rows: done * session.outputRowCount }
        // Inference blocks the thread: let a cancel come in.
        await nextTurn()
      }
      const done = await pace.settle()
      if (done > 0) yield { type: 'rows', layer, rows: done * session.outputRowCount }
      release()
      weights.release()
      if (block === level.blocks.length - 1) states = next
    }
  } finally {
    // A run that ends early holds its block and its states in the device's memory, whose size no garbage collector knows.
    release()
    store.close()
    for (const session of opened) await session.close()
  }
}

/**
 * The precision a run is computed in: as asked, or what suits device and family.
 *
 * @throws WorkbenchError `unsupported` for float16 where it gains nothing or would overflow
 */
export function choosePrecision(device: Device, pair: PairWeights, asked: Precision | undefined): Precision {
  const { family } = pair.post.spec
  if (asked === 'fp16' && !device.gainsFromHalf) {
    throw new WorkbenchError(
      'unsupported',
      `The device ${device.name} computes in fp32 only.`,
      PRECISION_HINT
    )
  }
  if (asked === 'fp16' && !family.halfPrecision) {
    throw new WorkbenchError('unsupported', `${family.label} overflows in fp16.`, PRECISION_HINT)
  }
  return asked ?? (device.gainsFromHalf && family.halfPrecision ? 'fp16' : 'fp32')
}

const PRECISION_HINT = 'Leave the precision out, and what suits device and model is used.'

function countUses(nodes: readonly { parent: number }[], parentCount: number): number[] {
  const uses = new Array<number>(parentCount).fill(0)
  for (const { parent } of nodes) uses[parent] = (uses[parent] ?? 0) + 1
  return uses
}

/**
 * Scaled embeddings of tokens, [tokens, hidden].
 *
 * @throws WorkbenchError `bad-input` naming a token outside the vocabulary
 */
export async function embedTokens(model: ModelWeights, tokens: ArrayLike<number>): Promise<Float32Array> {
  const { spec } = model
  const { hiddenSize, vocabularySize } = spec
  const { name } = wholeModelTensors(spec).embedding
  const scale = Math.fround(spec.embeddingScale)
  const distinct = [...new Set(Array.from(tokens))]
  const unknown = distinct.find((token) => token >= vocabularySize)
  if (unknown !== undefined) {
    throw new WorkbenchError(
      'bad-input',
      `Token ${unknown} is outside the model's vocabulary of ${vocabularySize} tokens.`
    )
  }
  const rows = await gatherFloatRows(model, name, distinct, hiddenSize)
  const rowOf = new Map(distinct.map((token, i) => [token, rowAt(rows, i, hiddenSize)]))
  const hidden = new Float32Array(tokens.length * hiddenSize)
  Array.from(tokens).forEach((token, i) => {
    hidden.set(got(rowOf, token, 'embedding of token'), i * hiddenSize)
  })
  return scale === 1 ? hidden : hidden.map((value) => value * scale)
}

/** What a run of a block gives for its nodes, [nodes, rows, width] each. */
interface LayerOutputs {
  readonly hidden: ort.Tensor
  readonly keys?: ort.Tensor
  readonly values?: ort.Tensor
}

/** A block graph for one layout, ready to run with any layer's weights. */
interface LayerSession {
  readonly outputRowCount: number
  masks(window: number | null): Promise<Readonly<Record<string, ort.Tensor>>>
  /**
   * Advances some nodes by one layer.
   *
   * @param hidden their states, [nodes, inputRowCount, hidden]
   */
  advance(
    hidden: ort.Tensor,
    nodeCount: number,
    feeds: Readonly<Record<string, ort.Tensor>>
  ): Promise<LayerOutputs>
  close(): Promise<void>
}

/** @param statesStay whether hidden states go on to another layer, rather than to whoever asked for them */
async function openLayer(
  { device, pair, packed, precision, withKeyValues }: ForwardRun,
  layout: AttentionLayout,
  statesStay: boolean
): Promise<LayerSession> {
  const { spec } = pair.post
  const { outputRowCount, keptRows } = layout
  const positions = new Map<number, Record<string, ort.Tensor>>()
  const positionFeeds = (nodeCount: number): Record<string, ort.Tensor> => {
    const known = positions.get(nodeCount)
    if (known !== undefined) return known
    const feeds: Record<string, ort.Tensor> = {
      [BLOCK_INPUTS.keyPositions]: repeatedPositions(packed.positions, nodeCount)
    }
    if (keptRows !== null) {
      const kept = keptRows.map((row) => at(packed.positions, row, 'row'))
      feeds[BLOCK_INPUTS.queryPositions] = repeatedPositions(kept, nodeCount)
    }
    positions.set(nodeCount, feeds)
    return feeds
  }
  const { hidden, keys, values } = BLOCK_OUTPUTS
  const session = await device.createSession(blockGraph(spec, layout, precision, withKeyValues), {
    outputsStay: [...(statesStay ? [hidden] : []), ...(withKeyValues === true ? [keys, values] : [])]
  })
  const masks = new Map<number | null, Record<string, ort.Tensor>>()
  return {
    outputRowCount,
    masks: async (window) => {
      const known = masks.get(window)
      if (known !== undefined) return known
      const ofWindow: Record<string, ort.Tensor> = {}
      masks.set(window, ofWindow)
      for (const [i, segment] of layout.segments.entries()) {
        const { pathCount, queryLength, keyLength } = segment
        const dims = [pathCount, 1, queryLength, keyLength]
        ofWindow[BLOCK_INPUTS.mask(i)] = await device.resident(segmentMask(segment, window), dims)
      }
      return ofWindow
    },
    advance: async (input, nodeCount, feeds) => {
      const outputs = await runTensors(session, {
        [BLOCK_INPUTS.hidden]: input,
        ...positionFeeds(nodeCount),
        ...feeds
      })
      const hidden = outputs[BLOCK_OUTPUTS.hidden]
      if (hidden === undefined) throw new Error('a block gave no hidden states')
      return { hidden, keys: outputs[BLOCK_OUTPUTS.keys], values: outputs[BLOCK_OUTPUTS.values] }
    },
    close: async () => {
      for (const mask of [...masks.values()].flatMap((ofWindow) => Object.values(ofWindow))) mask.dispose()
      await session.release()
    }
  }
}

/** One node of a run's output, [1, rows, width]; an output that stays on the device has no other. */
function nodeOf(output: ort.Tensor, index: number): ort.Tensor {
  const [nodeCount = 1, ...dims] = output.dims
  if (nodeCount === 1) return output
  const all = floatsOf(output)
  return floatTensor(rowAt(all, index, all.length / nodeCount), [1, ...dims])
}

function repeatedPositions(positions: Int32Array, nodeCount: number): ort.Tensor {
  const data = new BigInt64Array(nodeCount * positions.length)
  data.forEach((_, i) => (data[i] = BigInt(at(positions, i % positions.length, 'position'))))
  return integerTensor(data, [data.length, 1])
}
