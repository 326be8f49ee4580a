import { elementAt } from '../../contract/model/look-up'
import type { Experts } from '../family/experts'
import type { LayerBuilder } from './layer-builder'
import type { OnnxGraph } from './onnx-model'
import { endExperts, expertRows } from './expert-rows'
import { expertShares, integerConstant } from './router'

/**
 * Builds the second half of a layer with experts, residual included, [rows, hidden]. Each expert is a branch of the
 * graph that runs only if a row chose the expert. Of equal scores the first is chosen.
 * @param rows rows after attention @param blockInput rows before attention
 * @param expertOf creates the builder of an expert in its branch
 */
export function routedMlp(
  layer: LayerBuilder,
  experts: Experts,
  rows: string,
  blockInput: string,
  expertOf: (graph: OnnxGraph, expert: number) => LayerBuilder
): string {
  const { graph, spec } = layer
  const { normed, scores, ending, ...start } = expertRows(layer, experts, rows, blockInput)
  const shares = expertShares(graph, scores, experts)
  const largest = graph.node('mlp/largest', 'ReduceMax', [shares, integerConstant(graph, 'mlp/largest/axis', 1)], {
    keepdims: { int: 0 }
  })
  const needs = perExpert(graph, 'mlp/needs', largest, experts)
  const dims = ['rows', spec.hiddenSize]
  let { sum } = start
  for (const [expert, share] of perExpert(graph, 'mlp/share', shares, experts).entries()) {
    const path = `mlp/expert${expert}`
    const taken = graph.branch(`${path}/taken`)
    const added = addExpert(taken, expertOf(taken, expert), { normed, share, sum })
    taken.output(added, `${path}/taken/out`, dims)
    const passed = graph.branch(`${path}/passed`)
    passed.output(sum, `${path}/passed/out`, dims)
    const needed = graph.node(`${path}/needed`, 'Greater', [
      elementAt(needs, expert, 'expert'),
      graph.constant(`${path}/none`, 0)
    ])
    sum = graph.node(path, 'If', [needed], {
      then_branch: { graph: taken },
      else_branch: { graph: passed }
    })
  }
  return ending === null ? sum : endExperts(graph, ending, sum, spec.normEpsilon)
}

/** Splits a value, [experts, ...], into one value for each expert. */
function perExpert(graph: OnnxGraph, path: string, value: string, { count }: Experts): string[] {
  const sizes = graph.constant(`${path}/sizes`, new BigInt64Array(count).fill(1n))
  return graph.nodeWithOutputs(path, 'Split', [value, sizes], count, { axis: { int: 0 } })
}

/** Computes an expert for the rows with a share of it, and adds its weighted results to the sum. */
function addExpert(
  graph: OnnxGraph,
  expert: LayerBuilder,
  { normed, share, sum }: Readonly<Record<'normed' | 'share' | 'sum', string>>
): string {
  const shares = graph.reshape('share', share, [-1])
  const routed = graph.reshape('routed', graph.node('nonzero', 'NonZero', [shares]), [-1])
  const results = expert.mlpOutput(graph.node('rows', 'Gather', [normed, routed], { axis: { int: 0 } }))
  const weights = graph.reshape(
    'weights',
    graph.node('weights/gathered', 'Gather', [shares, routed], { axis: { int: 0 } }),
    [-1, 1]
  )
  const weighted = graph.node('weighted', 'Mul', [results, weights])
  return graph.node('sum', 'ScatterND', [sum, graph.reshape('indices', routed, [-1, 1]), weighted], {
    reduction: { string: 'add' }
  })
}
