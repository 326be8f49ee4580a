import { OnnxGraph } from './onnx-model'

/* The graph that draws the next token of each row, so that logits need not leave the device. */

export const DRAW_INPUTS = {
  /** Logits of a slice of the vocabulary, [rows, tokens of the slice]. */
  logits: (slice: number): string => `logits${slice}`,
  /** Random numbers, one per row, from 0 (included) to 1 (excluded), float64 [rows, 1]. */
  uniforms: 'uniforms'
} as const

/** Ids of drawn tokens, float32 [rows, 1]; NaN for a row with a logit that is not finite. */
export const DRAWN_TOKENS = 'tokens'

/** Settings with which a graph draws tokens; with other settings the engine's sampler draws from logits. */
export interface GraphDrawing {
  /** Temperature above 0. */
  readonly temperature: number
  /** Lowest probability of a token, relative to the likeliest; 0 keeps all tokens. */
  readonly minP: number
}

/** Number of tokens in a chunk. A draw chooses a chunk and then a token, so that short sums stay exact to 1e-7. */
const CHUNK = 128

/** Keeps shares below 1, so that despite rounding a running sum above the share exists. */
const ALMOST_ONE = 1 - 2 ** -40

/** Draws a token of each row from logits in slices of the vocabulary. @param slices tokens of each slice, in order */
export function drawGraph(slices: readonly number[], drawing: GraphDrawing): Uint8Array {
  const graph = new OnnxGraph('draw')
  const inputs = slices.map((count, slice) => graph.input(DRAW_INPUTS.logits(slice), 'float32', ['rows', count]))
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
 * Draws a token of each row. Weights are exp((logit - largest) / temperature). A target is the row's uniform number
 * times the sum of all weights. The token is drawn at which the running sum in the order of ids exceeds the target.
 * @param logits [rows, vocabularySize].
 * @param uniforms from 0 to below 1, float64 [rows, 1].
 * @returns ids as float32, [rows, 1]; NaN for a row with a logit that is not finite
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
    temperature === 1 ? below : graph.node('draw/scaled', 'Mul', [below, graph.constant('draw/scale', 1 / temperature)])
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
  const chunkWeights = graph.node('draw/ofChunk', 'GatherND', [chunks, chunk.index], {
    batch_dims: { int: 1 }
  })
  const token = pick(graph, 'draw/token', chunkWeights, CHUNK, chunk.within)
  const first = graph.node('draw/first', 'Mul', [
    chunk.index,
    graph.constant('draw/chunkSize', BigInt64Array.of(BigInt(CHUNK)))
  ])
  const id = graph.cast('draw/id', graph.node('draw/sum', 'Add', [first, token.index]), 'float32')
  // If the sum of the logits is not finite, zero times the sum is NaN. So -Infinity among the logits is noticed too.
  const total = graph.node('draw/total', 'ReduceSum', [logits, lastAxis], { keepdims: { int: 1 } })
  const nothing = graph.node('draw/nothing', 'Mul', [total, graph.constant('draw/none', 0)])
  return graph.node('draw/checked', 'Add', [id, nothing])
}

/**
 * Picks the first weight of each row whose running sum exceeds a share of their total.
 * @param weights [rows, count].
 * @param share from 0 to below 1, float64 [rows, 1].
 * @returns the index of the weight, and the position of the share within it, from 0 to below 1
 */
function pick(
  graph: OnnxGraph,
  path: string,
  weights: string,
  count: number,
  share: string
): { index: string; within: string } {
  const pathOf = (name: string): string => `${path}/${name}`
  const axis = graph.constant(pathOf('axis'), BigInt64Array.of(1n), [])
  const axes = graph.constant(pathOf('axes'), BigInt64Array.of(1n))
  const wide = graph.cast(pathOf('wide'), weights, 'float64')
  const running = graph.node(pathOf('running'), 'CumSum', [wide, axis])
  const last = graph.constant(pathOf('last'), BigInt64Array.of(-1n))
  const total = graph.node(pathOf('total'), 'Gather', [running, last], { axis: { int: 1 } })
  const bounded = graph.node(pathOf('bounded'), 'Clip', [
    share,
    graph.constant(pathOf('zero'), Float64Array.of(0), []),
    graph.constant(pathOf('almostOne'), Float64Array.of(ALMOST_ONE), [])
  ])
  const target = graph.node(pathOf('target'), 'Mul', [total, bounded])
  const passed = graph.cast(pathOf('passed'), graph.node(pathOf('passes'), 'LessOrEqual', [running, target]), 'int64')
  const passedCount = graph.node(pathOf('passedCount'), 'ReduceSum', [passed, axes], { keepdims: { int: 1 } })
  // If weights are NaN, all may count as passed.
  const highest = graph.constant(pathOf('highest'), BigInt64Array.of(BigInt(count - 1)))
  const index = graph.node(pathOf('index'), 'Min', [passedCount, highest])
  const atIndex = (name: string, values: string): string =>
    graph.node(pathOf(name), 'GatherElements', [values, index], { axis: { int: 1 } })
  const weight = atIndex('weight', wide)
  const before = graph.node(pathOf('before'), 'Sub', [atIndex('upTo', running), weight])
  const remainder = graph.node(pathOf('rest'), 'Sub', [target, before])
  return { index, within: graph.node(pathOf('within'), 'Div', [remainder, weight]) }
}

/** Gives the largest float32 below a positive number, so that `value > nextBelow` equals `value >= number`. */
function nextBelow(value: number): number {
  const single = new DataView(new ArrayBuffer(Float32Array.BYTES_PER_ELEMENT))
  single.setFloat32(0, value)
  single.setUint32(0, single.getUint32(0) - 1)
  return single.getFloat32(0)
}
