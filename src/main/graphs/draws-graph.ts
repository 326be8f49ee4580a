import type { MinPDraw } from '../../contract/model/sampling'
import type { DecoderSpec } from '../family/decoder-spec'
import { headLogits } from './head-graph'
import { OnnxGraph } from './onnx-model'
import { elementAt } from '../../contract/model/look-up'

/* Graphs that compute probabilities of requested tokens under several samplers ("draws") at once. */

/**
 * Source of the logits: `hidden` states, which the graph takes through the head, or `logits` of one model. `mix` and
 * `filter` combine logits of post and base (see `mixedLogits`).
 */
export type DrawnFrom = 'hidden' | 'logits' | 'mix' | 'filter'

export const DRAWS_INPUTS = {
  /** Ids of the tokens whose probabilities are requested, [rows, requested]. */
  requested: 'requested',
  /** Logits of one model, of post and of base, [rows, vocabulary]. */
  logits: 'logits',
  post: 'post',
  base: 'base',
  /** Share of base in a mix; in a filter, the logarithm of the required share of post's greatest probability. */
  share: 'share'
} as const

export const DRAWS_OUTPUTS = {
  /** Logits of the requested tokens minus the row's greatest, [rows, requested]. */
  below: 'below',
  /** Sums of the weights exp(below / temperature) of tokens that are not cut off, [rows, samplers]. */
  sums: 'sums',
  /** Sum of each row's logits, [rows, 1]. It is not finite if a logit is not. */
  total: 'total'
} as const

/** Factor of the min-p limit. min-p keeps tokens exactly at the limit, which rounding in float32 could drop. */
const EDGE = 1 - 1e-6

/** Smallest weight that min-p keeps, if the likeliest token has 1. */
export const minWeight = (minP: number): number => minP * EDGE

/** Computes sums over the vocabulary under several temperatures and min-p values, with the logits in the graph. */
export function drawsGraph(spec: DecoderSpec, from: DrawnFrom, draws: readonly MinPDraw[]): Uint8Array {
  const graph = new OnnxGraph(`draws/${from}`)
  const tokenIds = graph.input(DRAWS_INPUTS.requested, 'int64', ['rows', 'requested'])
  const logits = logitsFrom(graph, spec, from)
  const axes = graph.constant('axes', BigInt64Array.of(-1n))
  const reduced = (path: string, operator: 'ReduceMax' | 'ReduceSum', value: string): string =>
    graph.node(path, operator, [value, axes], { keepdims: { int: 1 } })
  const below = graph.node('less', 'Sub', [logits, reduced('maximum', 'ReduceMax', logits)])
  const weightsAt = new Map<number, string>()
  const sums = draws.map(({ temperature, minP }, index) => {
    const weights = weightsAt.get(temperature) ?? weightsOf(graph, below, temperature)
    weightsAt.set(temperature, weights)
    const alpha = { alpha: { float: minWeight(minP) } }
    const filtered = minP === 0 ? weights : graph.node(`kept${index}`, 'ThresholdedRelu', [weights], alpha)
    return reduced(`sum${index}`, 'ReduceSum', filtered)
  })
  const requestedBelow = graph.node('less/requested', 'GatherElements', [below, tokenIds], { axis: { int: -1 } })
  graph.output(requestedBelow, DRAWS_OUTPUTS.below, ['rows', 'requested'])
  const joined =
    sums.length === 1 ? elementAt(sums, 0, 'sum') : graph.node('sums/joined', 'Concat', sums, { axis: { int: 1 } })
  graph.output(joined, DRAWS_OUTPUTS.sums, ['rows', draws.length])
  graph.output(reduced('all', 'ReduceSum', logits), DRAWS_OUTPUTS.total, ['rows', 1])
  return graph.encode()
}

/** Computes exp(below / temperature), [rows, vocabulary]. */
function weightsOf(graph: OnnxGraph, below: string, temperature: number): string {
  const path = `temperature${temperature}`
  const tempered =
    temperature === 1 ? below : graph.node(path, 'Mul', [below, graph.constant(`${path}/rate`, 1 / temperature)])
  return graph.node(`${path}/weights`, 'Exp', [tempered])
}

/** Declares the inputs of a source. @returns logits, [rows, vocabulary] */
function logitsFrom(graph: OnnxGraph, spec: DecoderSpec, from: DrawnFrom): string {
  const rows = (name: string): string => graph.input(name, 'float32', ['rows', 'tokens'])
  if (from === 'logits') return rows(DRAWS_INPUTS.logits)
  if (from === 'hidden') return headLogits(graph, spec)
  const [post, base] = [rows(DRAWS_INPUTS.post), rows(DRAWS_INPUTS.base)]
  const share = graph.input(DRAWS_INPUTS.share, 'float32', [1])
  if (from === 'mix') {
    // post + share x (base - post)
    const difference = graph.node('mix/apart', 'Sub', [base, post])
    return graph.node('mix/mixed', 'Add', [post, graph.node('mix/shared', 'Mul', [difference, share])])
  }
  const axes = graph.constant('filter/axes', BigInt64Array.of(-1n))
  const greatest = graph.node('filter/greatest', 'ReduceMax', [post, axes], { keepdims: { int: 1 } })
  const lowest = graph.node('filter/lowest', 'Add', [greatest, share])
  const plausible = graph.node('filter/plausible', 'GreaterOrEqual', [post, lowest])
  return graph.node('filter/left', 'Where', [plausible, base, graph.constant('filter/none', NEVER)])
}

/** Logit of a token that cannot be drawn; finite, because sums must be finite. */
const NEVER = -1e30
