import type { Experts } from '../family/experts'
import type { LayerBuilder } from './layer-builder'
import { rmsNorm, rmsNormBy } from './norms'
import { OnnxGraph } from './onnx-model'
import { type ExpertScores, expertScores, sharedExpert, withSharedExpert } from './router'

/** Rows of a layer up to its experts, [rows, hidden] each. A row is the vector of a token. */
interface ExpertRows {
  /** Inputs of the experts. */
  readonly normed: string
  readonly scores: ExpertScores
  /** Rows to which the results of experts are added. */
  readonly sum: string
  /** Null if the layer ends with the sum. */
  readonly ending: ExpertEnding<string> | null
}

/**
 * Values for the end of a layer with experts beside an MLP, as names in a graph or as tensors. With an RMS norm n, the
 * layer ends with residual + gain · n(mlp + expertGain · n(sum of experts)).
 */
export type ExpertEnding<Value> = Readonly<Record<(typeof ENDING_ROWS)[number] | (typeof ENDING_GAINS)[number], Value>>

/** Parts of an ending by row, [rows, hidden], and gains of norms, [hidden]. */
export const ENDING_ROWS = ['residual', 'mlp'] as const
export const ENDING_GAINS = ['expertGain', 'gain'] as const

/**
 * Computes the router's scores and the parts beside the experts.
 * @param rows rows after attention @param blockInput rows before attention, read by an MLP in parallel to it
 */
export function expertRows(layer: LayerBuilder, experts: Experts, rows: string, blockInput: string): ExpertRows {
  const { graph, spec } = layer
  const normed = layer.mlpInput(rows, blockInput)
  if (!experts.besideMlp)
    return {
      normed,
      scores: expertScores(layer, normed, experts),
      sum: withSharedExpert(layer, rows, normed),
      ending: null
    }
  const norm = (path: string, value: string, role: 'normBeforeExperts' | 'normAfterShared'): string =>
    rmsNorm(graph, spec, path, value, layer.weight(role))
  const byLayer = (path: string, value: string): string =>
    spec.family.layerScale ? graph.node(path, 'Mul', [value, layer.weight('layerScale')]) : value
  const size = graph.constant('mlp/router/size', spec.hiddenSize ** -0.5)
  const routerGain = graph.node('mlp/router/gain', 'Mul', [layer.weight('routerScale'), size])
  const routed = rmsNormBy(graph, 'mlp/router', rows, routerGain, spec.normEpsilon)
  return {
    normed: norm('mlp/experts', rows, 'normBeforeExperts'),
    scores: expertScores(layer, routed, experts),
    // Zeros, because the ending adds the results of the experts.
    sum: graph.node('mlp/experts/none', 'Mul', [rows, graph.constant('mlp/experts/nought', 0)]),
    ending: {
      residual: byLayer('mlp/ending/residual', rows),
      mlp: norm('mlp/shared/after', sharedExpert(layer, normed), 'normAfterShared'),
      expertGain: layer.weight('normAfterExperts'),
      gain: byLayer('mlp/ending/gain', layer.weight('normAfterMlp'))
    }
  }
}

/** Ends a layer with experts beside an MLP. @param sum sum of the experts' results, [rows, hidden] */
export function endExperts(graph: OnnxGraph, ending: ExpertEnding<string>, sum: string, epsilon: number): string {
  const { residual, mlp, expertGain, gain } = ending
  const ofExperts = rmsNormBy(graph, 'mlp/ending/experts', sum, expertGain, epsilon)
  const both = graph.node('mlp/ending/both', 'Add', [mlp, ofExperts])
  return graph.node('mlp/ending', 'Add', [residual, rmsNormBy(graph, 'mlp/ending', both, gain, epsilon)])
}

/** Builds the graph that ends a layer with an MLP and experts. Its inputs are named like the values of the ending. */
export function endingGraph(
  { hiddenSize, normEpsilon }: LayerBuilder['spec'],
  names: Readonly<Record<'into' | 'out', string>>
): Uint8Array {
  const graph = new OnnxGraph('ending')
  const rows = (name: string): string => graph.input(name, 'float32', ['rows', hiddenSize])
  const gain = (name: string): string => graph.input(name, 'float32', [hiddenSize])
  const ending = { residual: rows('residual'), mlp: rows('mlp'), expertGain: gain('expertGain'), gain: gain('gain') }
  graph.output(endExperts(graph, ending, rows(names.into), normEpsilon), names.out, ['rows', hiddenSize])
  return graph.encode()
}
