import type * as ort from 'onnxruntime-node'
import type { Precision } from '../../../contract/model/device'
import { cachedParts, type DecoderSpec } from '../../family'
import { BLOCK_INPUTS, BLOCK_OUTPUTS, blockGraph, EXPERT_ROWS, expertGraph } from '../../graphs/block-graph'
import { ENDING_GAINS, ENDING_ROWS, endingGraph, type ExpertEnding } from '../../graphs/expert-rows'
import { elementAt } from '../../../contract/model/look-up'
import { floatsOf, floatTensor, integerTensor, runTensors, type Device } from '../device/device'
import { segmentMask, type AttentionLayout } from '../tries/attention-layout'
import { finalRows, type PackedPrompts } from '../tries/prompt-trie'
import { recurrentLayout } from '../tries/recurrent-layout'
import type { PairWeights } from '../weights/pair-weights'

export interface LayerSource {
  readonly device: Device
  readonly precision: Precision
  readonly pair: PairWeights
  /** The prompts' tokens as rows, with equal beginnings only once. */
  readonly packed: PackedPrompts
  /** True to output the keys and values of every node, which generation from these prompts needs. */
  readonly withKeyValues?: boolean
}

/** Inputs of a graph by name. */
export type Feeds = Readonly<Record<string, ort.Tensor>>

/** Outputs of a layer's first part that its experts need: normed rows, [nodes, rows, hidden], and router scores. */
export interface Routed {
  readonly normed: ort.Tensor
  readonly routing: ort.Tensor
  /** Values for the end of the layer after the sum of its experts; null if the layer ends with the sum. */
  readonly ending: ExpertEnding<ort.Tensor> | null
}

/**
 * Cached tensors of one part of a layer. Attention has rotated keys and values, [nodes, rows, kvHeads x headSize]. A
 * recurrent state has convolution inputs and states.
 */
export interface CachedTensors {
  readonly keys: ort.Tensor
  readonly values: ort.Tensor
}

/** Outputs of a run of a block for its nodes, [nodes, rows, width] each. */
export interface LayerOutputs {
  readonly hidden: ort.Tensor
  readonly cached: readonly CachedTensors[]
  /** Inputs of experts, whose results are not yet in `hidden`; null in layers without experts. */
  readonly routed: Routed | null
}

/**
 * Opens a session for `layer`, and all layers with the same graph.
 *
 * @param statesStay true to keep states on the device
 */
export async function openLayer(
  source: LayerSource,
  spec: DecoderSpec,
  layer: number,
  layout: AttentionLayout,
  statesStay: boolean
): Promise<LayerSession> {
  const { device, precision, withKeyValues } = source
  const { hidden, keys, values } = BLOCK_OUTPUTS
  const { attends, recurrent } = elementAt(spec.layers, layer, 'layer')
  const cached = withKeyValues === true ? [...cachedParts(spec, layer).keys()] : []
  const ends = withKeyValues === true ? finalRows(source.packed) : new Int32Array()
  const recurrence = recurrent === null ? null : recurrentLayout(source.packed, ends)
  const shape = { ...layout, recurrence }
  const castsWeights = device.copiesTensors
  const graph = blockGraph(spec, layer, shape, precision, { withKeyValues, castsWeights })
  const session = await device.createSession(graph, {
    outputsStay: [...(statesStay ? [hidden] : []), ...cached.flatMap((part) => [keys(part), values(part)])]
  })
  return new LayerSession(source, layout, session, attends, cached)
}

/** A session of one block graph. It runs with the weights of any layer that has this graph. */
export class LayerSession {
  private readonly masksOf = new Map<number | null, Record<string, ort.Tensor>>()
  private readonly positionsOf = new Map<number, Feeds>()

  constructor(
    private readonly source: LayerSource,
    private readonly layout: AttentionLayout,
    private readonly session: ort.InferenceSession,
    /** True if the layer has attention, so that the graph needs positions and masks. */
    private readonly attends: boolean,
    /** Indices of the layer's parts whose cached tensors the graph outputs. */
    private readonly cached: readonly number[]
  ) {}

  get outputRowCount(): number {
    return this.layout.outputRowCount
  }

  async masks(window: number | null): Promise<Feeds> {
    if (!this.attends) return {}
    const cached = this.masksOf.get(window)
    if (cached !== undefined) return cached
    const masks: Record<string, ort.Tensor> = {}
    this.masksOf.set(window, masks)
    for (const [i, segment] of this.layout.segments.entries()) {
      const { pathCount, queryLength, keyLength } = segment
      const dims = [pathCount, queryLength, 1, keyLength]
      masks[BLOCK_INPUTS.mask(i)] = await this.source.device.resident(segmentMask(segment, window), dims)
    }
    return masks
  }

  /** Advances some nodes by one layer. @param input states of the nodes, [nodes, inputRowCount, hidden] */
  async advance(input: ort.Tensor, nodeCount: number, feeds: Feeds): Promise<LayerOutputs> {
    const outputs = await runTensors(this.session, {
      [BLOCK_INPUTS.hidden]: input,
      ...this.positions(nodeCount),
      ...feeds
    })
    const hidden = outputs[BLOCK_OUTPUTS.hidden]
    if (hidden === undefined) throw new Error('a block gave no hidden states')
    const { [BLOCK_OUTPUTS.normed]: normed, [BLOCK_OUTPUTS.routing]: routing } = outputs
    const hasExperts = normed !== undefined && routing !== undefined
    return {
      hidden,
      cached: this.cached.map((part) => cachedOf(outputs, part)),
      routed: hasExperts ? { normed, routing, ending: endingOf(outputs) } : null
    }
  }

  async close(): Promise<void> {
    for (const mask of [...this.masksOf.values()].flatMap((masks) => Object.values(masks))) mask.dispose()
    await this.session.release()
  }

  private positions(nodeCount: number): Feeds {
    if (!this.attends) return {}
    const cached = this.positionsOf.get(nodeCount)
    if (cached !== undefined) return cached
    const { positions } = this.source.packed
    const feeds: Record<string, ort.Tensor> = {
      [BLOCK_INPUTS.keyPositions]: repeatedPositions(positions, nodeCount)
    }
    const { keptRows } = this.layout
    if (keptRows !== null) {
      const queryPositions = keptRows.map((row) => elementAt(positions, row, 'row'))
      feeds[BLOCK_INPUTS.queryPositions] = repeatedPositions(queryPositions, nodeCount)
    }
    this.positionsOf.set(nodeCount, feeds)
    return feeds
  }
}

/** The open sessions for the same prompts, one for each kind of layer. The last layer has a separate kind. */
export class LayerSessions {
  private readonly sessions = new Map<string, LayerSession>()

  async open(kind: string, create: () => Promise<LayerSession>): Promise<LayerSession> {
    const existing = this.sessions.get(kind)
    if (existing !== undefined) return existing
    const opened = await create()
    this.sessions.set(kind, opened)
    return opened
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) await session.close()
    this.sessions.clear()
  }
}

function cachedOf(outputs: Feeds, part: number): CachedTensors {
  const { [BLOCK_OUTPUTS.keys(part)]: keys, [BLOCK_OUTPUTS.values(part)]: values } = outputs
  if (keys === undefined || values === undefined) throw new Error('a block gave no keys and values')
  return { keys, values }
}

function endingOf({ residual, mlp, expertGain, gain }: Feeds): ExpertEnding<ort.Tensor> | null {
  if (residual === undefined || mlp === undefined || expertGain === undefined || gain === undefined) return null
  return { residual, mlp, expertGain, gain }
}

/** A session that computes an expert for rows, or the end of a layer after its experts. */
export class ExpertSession {
  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly width: number
  ) {}

  static async open({ device, precision }: LayerSource, spec: DecoderSpec): Promise<ExpertSession> {
    const graph = expertGraph(spec, precision, device.copiesTensors)
    return new ExpertSession(await device.createSession(graph), spec.hiddenSize)
  }

  static async openEnding({ device }: LayerSource, spec: DecoderSpec): Promise<ExpertSession> {
    return new ExpertSession(await device.createSession(endingGraph(spec, EXPERT_ROWS)), spec.hiddenSize)
  }

  /**
   * Computes the end of a layer.
   *
   * @param sum weighted sum of the experts' outputs. Sum and result: [nodes, rows, hidden]
   */
  async end(ending: ExpertEnding<ort.Tensor>, sum: ort.Tensor): Promise<ort.Tensor> {
    const rows = (tensor: ort.Tensor): ort.Tensor =>
      floatTensor(floatsOf(tensor), [tensor.size / this.width, this.width])
    const feeds = Object.fromEntries([
      ...ENDING_ROWS.map((part) => [part, rows(ending[part])] as const),
      ...ENDING_GAINS.map((part) => [part, ending[part]] as const)
    ])
    return floatTensor(await this.run(floatsOf(sum), feeds), sum.dims)
  }

  /** Computes an expert. Rows and result: [rows, hidden]. */
  async run(rows: Float32Array, weights: Feeds): Promise<Float32Array> {
    const input = floatTensor(rows, [rows.length / this.width, this.width])
    const { [EXPERT_ROWS.out]: output } = await runTensors(this.session, {
      [EXPERT_ROWS.into]: input,
      ...weights
    })
    if (output === undefined) throw new Error('an expert gave nothing')
    return floatsOf(output)
  }

  close(): Promise<void> {
    return this.session.release()
  }
}

function repeatedPositions(positions: Int32Array, nodeCount: number): ort.Tensor {
  const data = new BigInt64Array(nodeCount * positions.length)
  data.forEach((_, i) => (data[i] = BigInt(elementAt(positions, i % positions.length, 'position'))))
  return integerTensor(data, [data.length, 1])
}
