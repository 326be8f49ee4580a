import { OnnxGraph } from './onnx-model'

export const DRAW_INPUTS = {
  /** Logits of a slice of the vocabulary, [rows, tokens of the slice]. */
  logits: (slice: number): string => `logits${slice}`,
  /** For each row a number from 0 (included) to 1 (excluded), float64 [rows, 1]. */
  uniforms: 'uniforms'
} as const

/** Ids of drawn tokens, float32 [rows, 1]; NaN for a row that has a logit which is not finite. */
export const DRAWN_TOKENS = 'tokens'

/** Settings under which the graph of a head draws; all others take the logits to the engine's sampler. */
export interface GraphDrawing {
  /** Above 0. */
  readonly temperature: number
  /** Tokens less than this times as likely as the likeliest never come; 0 keeps all. */
  readonly minP: number
}

/**
 * Tokens are drawn in two steps, first a chunk of the vocabulary and then one of its tokens, so that no running sum goes
 * over the whole vocabulary. Sums of so few weights are exact to 1e-7 in float32, and running sums are in float64.
 */
const CHUNK = 128

/**
 * Keeps shares of a whole below it, so that the first running sum above a share exists and is that of something that can
 * come, whatever is rounded.
 */
const ALMOST_ONE = 1 - 2 ** -40

/** Draws a token of each row from logits that come in slices of the vocabulary. @param slices tokens of each, in their order */
export function drawGraph(slices: readonly number[], drawing: GraphDrawing): Uint8Array {
  const graph = new OnnxGraph('draw')
  const inputs = slices.map((count, slice) =>
    graph.input(DRAW_INPUTS.logits(slice), 'float32', ['rows', count])
  )
  const [only] = inputs
  const logits =
    only !== undefined && inputs.length === 1
      ? only
      : graph.node('draw/logits', 'Concat', inputs, { axis: { int: -1 } })
  const uniforms = graph.input(DRAW_INPUTS.uniforms, 'float64', ['rows', 1])
  const vocabularySize = slices.reduce((sum, count) => sum + count, 0)
  graph.output(drawTokens(graph, logits, uniforms, vocabularySize, drawing), DRAWN_TOKENS, ['rows', 1])
  return graph.encode()
}

/**
 * Draws a token of each row, as the engine's sampler does: the first, in the order of ids, at which the weights so far sum
 * up to more than the row's uniform number times all of them. Weights are exp((logit - largest) / temperature), in float32.
 *
 * @param logits [rows, vocabularySize]
 * @param uniforms from 0 (included) to 1 (excluded), float64 [rows, 1]
 * @returns ids as float32, [rows, 1]: exact, for there are fewer than 2^24; NaN for a row that has a logit which is not finite
 */
function drawTokens(
  graph: OnnxGraph,
  logits: string,
  uniforms: string,
  vocabularySize: number,
  { temperature, minP }: GraphDrawing
): string {
  const lastAxis = graph.constant('draw/axis', BigInt64Array.of(-1n))
  const largest = graph.node('draw/largest', 'ReduceMax', [logits, lastAxis], { keepdims: { int: 1 } })
  const below = graph.node('draw/below', 'Sub', [logits, largest])
  const scaled =
    temperature === 1
      ? below
      : graph.node('draw/scaled', 'Mul', [below, graph.constant('draw/scale', 1 / temperature)])
  const exponentials = graph.node('draw/exp', 'Exp', [scaled])
  const weights =
    minP === 0
      ? exponentials
      : graph.node('draw/kept', 'ThresholdedRelu', [exponentials], { alpha: { float: nextBelow(minP) } })
  const chunkCount = Math.ceil(vocabularySize / CHUNK)
  const missing = chunkCount * CHUNK - vocabularySize
  const padded =
    missing === 0
      ? weights
      : graph.node('draw/padded', 'Pad', [
          weights,
          graph.constant('draw/padding', BigInt64Array.of(0n, 0n, 0n, BigInt(missing)))
        ])
  const chunks = graph.reshape('draw/chunks', padded, [-1, chunkCount, CHUNK])
  const sums = graph.node('draw/sums', 'ReduceSum', [chunks, lastAxis], { keepdims: { int: 0 } })
  const chunk = pick(graph, 'draw/chunk', sums, chunkCount, uniforms)
  const ofChunk = graph.node('draw/ofChunk', 'GatherND', [chunks, chunk.index], { batch_dims: { int: 1 } })
  const token = pick(graph, 'draw/token', ofChunk, CHUNK, chunk.within)
  const first = graph.node('draw/first', 'Mul', [
    chunk.index,
    graph.constant('draw/chunkSize', BigInt64Array.of(BigInt(CHUNK)))
  ])
  const id = graph.cast('draw/id', graph.node('draw/sum', 'Add', [first, token.index]), 'float32')
  // Zero times a sum that is not finite is NaN, and -Infinity among the logits shows nowhere else.
  const total = graph.node('draw/total', 'ReduceSum', [logits, lastAxis], { keepdims: { int: 1 } })
  const nothing = graph.node('draw/nothing', 'Mul', [total, graph.constant('draw/none', 0)])
  return graph.node('draw/checked', 'Add', [id, nothing])
}

/**
 * The first of each row's weights, [rows, count], with which they sum up to more than a share of all of them, float64
 * [rows, 1]: its index, and how far into it the share reaches, from 0 to 1.
 */
function pick(
  graph: OnnxGraph,
  path: string,
  weights: string,
  count: number,
  share: string
): { index: string; within: string } {
  const at = (name: string): string => `${path}/${name}`
  const axis = graph.constant(at('axis'), BigInt64Array.of(1n), [])
  const axes = graph.constant(at('axes'), BigInt64Array.of(1n))
  const wide = graph.cast(at('wide'), weights, 'float64')
  const running = graph.node(at('running'), 'CumSum', [wide, axis])
  const last = graph.constant(at('last'), BigInt64Array.of(-1n))
  const total = graph.node(at('total'), 'Gather', [running, last], { axis: { int: 1 } })
  const bounded = graph.node(at('bounded'), 'Clip', [
    share,
    graph.constant(at('zero'), Float64Array.of(0), []),
    graph.constant(at('almostOne'), Float64Array.of(ALMOST_ONE), [])
  ])
  const target = graph.node(at('target'), 'Mul', [total, bounded])
  const passed = graph.cast(at('passed'), graph.node(at('passes'), 'LessOrEqual', [running, target]), 'int64')
  const passedCount = graph.node(at('passedCount'), 'ReduceSum', [passed, axes], { keepdims: { int: 1 } })
  // Of weights that are NaN all may pass.
  const highest = graph.constant(at('highest'), BigInt64Array.of(BigInt(count - 1)))
  const index = graph.node(at('index'), 'Min', [passedCount, highest])
  const ofIndex = (name: string, of: string): string =>
    graph.node(at(name), 'GatherElements', [of, index], { axis: { int: 1 } })
  const weight = ofIndex('weight', wide)
  const before = graph.node(at('before'), 'Sub', [ofIndex('upTo', running), weight])
  const rest = graph.node(at('rest'), 'Sub', [target, before])
  return { index, within: graph.node(at('within'), 'Div', [rest, weight]) }
}

/** The largest float32 below a positive number's: what is above the one is at least the other. */
function nextBelow(value: number): number {
  const single = new DataView(new ArrayBuffer(Float32Array.BYTES_PER_ELEMENT))
  single.setFloat32(0, value)
  single.setUint32(0, single.getUint32(0) - 1)
  return single.getFloat32(0)
}
