import type { WeightStorage } from '../../contract/model/sampling'
import type { DecoderSpec } from '../family/decoder-spec'
import { residentConstants, residentLayout, type ResidentTensor } from './resident-weights'
import { finishLogits, quantisedBits, quantisedProduct } from './layer-builder'
import { finalNorm, finalNormSize } from './final-norm'
import { OnnxGraph } from './onnx-model'
import { mapGet } from '../../contract/model/look-up'

/* Graphs of the language head, which turns states after the last layer into logits, and of the norm before it. */

export const HEAD_INPUTS = {
  /** [rows, finalRowSize], after the last layer. */
  hidden: 'hidden',
  /** Weight and bias, and projections of hidden states, [finalNormSize]. */
  finalNorm: 'finalNorm',
  /** Rows of the head, [tokens, hidden]. */
  head: 'head'
} as const

export const HEAD_OUTPUTS = {
  logits: 'logits',
  maximum: 'maximum',
  sum: 'sum',
  total: 'total',
  normed: 'normed'
} as const

/**
 * Builds the final norm and head for a slice of the vocabulary. The kind `logits` outputs [rows, tokens]. The kind
 * `logSumExp` outputs the maximum m, the sum of exp(logit - m) and the total of the logits, [rows, 1] each. The total
 * is not finite if a logit is not.
 */
export function headGraph(spec: DecoderSpec, kind: 'logits' | 'logSumExp'): Uint8Array {
  const graph = new OnnxGraph(`head/${kind}`)
  const logits = headLogits(graph, spec)
  if (kind === 'logits') {
    graph.output(logits, HEAD_OUTPUTS.logits, ['rows', 'tokens'])
    return graph.encode()
  }
  const axes = graph.constant('head/axes', BigInt64Array.of(-1n))
  const maximum = graph.node('head/maximum', 'ReduceMax', [logits, axes], { keepdims: { int: 1 } })
  const exponentials = graph.node('head/exp', 'Exp', [graph.node('head/shifted', 'Sub', [logits, maximum])])
  graph.output(maximum, HEAD_OUTPUTS.maximum, ['rows', 1])
  graph.output(graph.node('head/sum', 'ReduceSum', [exponentials, axes], { keepdims: { int: 1 } }), HEAD_OUTPUTS.sum, [
    'rows',
    1
  ])
  const total = graph.node('head/total', 'ReduceSum', [logits, axes], { keepdims: { int: 1 } })
  graph.output(total, HEAD_OUTPUTS.total, ['rows', 1])
  return graph.encode()
}

/** Declares the inputs of a norm and a slice of a head. @returns logits, [rows, tokens] */
export function headLogits(graph: OnnxGraph, spec: DecoderSpec): string {
  const head = graph.input(HEAD_INPUTS.head, 'float32', ['tokens', spec.hiddenSize])
  const raw = graph.node('head/Gemm', 'Gemm', [normedStates(graph, spec), head], { transB: { int: 1 } })
  return finishLogits(graph, spec, raw)
}

/** Declares the inputs of a norm. @returns normed states, [rows, hidden] */
function normedStates(graph: OnnxGraph, spec: DecoderSpec): string {
  const hidden = graph.input(HEAD_INPUTS.hidden, 'float32', ['rows', spec.finalRowSize])
  const norm = graph.input(HEAD_INPUTS.finalNorm, 'float32', [finalNormSize(spec)])
  return finalNorm(graph, spec, hidden, norm)
}

/** Builds only the final norm: `normed`, [rows, hidden], from `hidden` and `finalNorm`. */
export function finalNormGraph(spec: DecoderSpec): Uint8Array {
  const graph = new OnnxGraph('finalNorm')
  graph.output(normedStates(graph, spec), HEAD_OUTPUTS.normed, ['rows', spec.hiddenSize])
  return graph.encode()
}

/** Name under which a session gets the weights of a resident head, which stays in memory during generation. */
export const HEAD_FILE = 'head'

/** Gives the format of a resident head. Logits are compared, so float16 and int4 are not exact enough. */
export function headWeights(weights: WeightStorage): 'fp32' | 'int8' {
  return quantisedBits(weights) === null ? 'fp32' : 'int8'
}

/** Lays out the final norm and `tokenCount` rows of the head for a session. */
export function headLayout(spec: DecoderSpec, weights: 'fp32' | 'int8', tokenCount: number): ResidentTensor[] {
  const { finalNorm: norm, head } = HEAD_INPUTS
  return residentLayout(
    [
      { name: norm, shape: [finalNormSize(spec)], parts: [norm] },
      { name: head, shape: [tokenCount, spec.hiddenSize], parts: [head] }
    ],
    weights
  )
}

/** Builds the final norm and head with constant weights: [rows, finalRowSize] to logits, [rows, tokenCount]. */
export function residentHeadGraph(spec: DecoderSpec, weights: 'fp32' | 'int8', tokenCount: number): Uint8Array {
  const graph = new OnnxGraph('head/resident')
  const { hiddenSize } = spec
  const layout = headLayout(spec, weights, tokenCount)
  const constants = residentConstants(graph, HEAD_FILE, layout, { precision: 'fp32', weights })
  const head = mapGet(constants, HEAD_INPUTS.head, 'constant')
  const hidden = graph.input(HEAD_INPUTS.hidden, 'float32', ['rows', spec.finalRowSize])
  const normed = finalNorm(graph, spec, hidden, mapGet(constants, HEAD_INPUTS.finalNorm, 'constant'))
  const bits = quantisedBits(weights)
  const raw =
    bits === null
      ? graph.node('head/Gemm', 'Gemm', [normed, head], { transB: { int: 1 } })
      : quantisedProduct(graph, 'head', normed, head, [tokenCount, hiddenSize], bits)
  graph.output(finishLogits(graph, spec, raw), HEAD_OUTPUTS.logits, ['rows', tokenCount])
  return graph.encode()
}
