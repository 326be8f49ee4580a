import { elementAt } from '../../contract/model/look-up'
import type { Experts } from '../family/experts'
import type { LayerBuilder } from './layer-builder'
import type { OnnxGraph } from './onnx-model'

/** Scores of the experts for rows, [rows, experts] each, in float32. */
export interface ExpertScores {
  /** Scores that weigh the experts. */
  readonly scores: string
  /** Scores that choose them; the same value unless a bias or groups change the choice. */
  readonly choice: string
}

/** Computes the scores of the experts for normed rows, [rows, hidden]. */
export function expertScores(layer: LayerBuilder, normed: string, experts: Experts): ExpertScores {
  const { graph } = layer
  const logits = graph.node('mlp/router/Gemm', 'Gemm', [normed, layer.weight('router')], {
    transB: { int: 1 }
  })
  const scores =
    experts.scores === 'softmax'
      ? graph.node('mlp/routing', 'Softmax', [logits], { axis: { int: -1 } })
      : graph.node('mlp/routing', 'Sigmoid', [logits])
  const biased = experts.biased ? graph.node('mlp/choice', 'Add', [scores, layer.weight('routerBias')]) : scores
  const weights = experts.besideMlp
    ? graph.node('mlp/routing/scaled', 'Mul', [scores, layer.weight('routerExpertScale')])
    : scores
  return { scores: weights, choice: maskOtherGroups(graph, biased, experts) }
}

/** Lowers the scores of experts outside the best groups of a row below all others, so that they are not chosen. */
function maskOtherGroups(graph: OnnxGraph, scores: string, { count, groups }: Experts): string {
  if (groups === null) return scores
  const path = 'mlp/groups'
  const grouped = graph.reshape(path, scores, [-1, groups.count, count / groups.count])
  const largest = topK(graph, `${path}/largest`, grouped, groups.rank === 'byLargest' ? 1 : 2)
  const ranks = graph.node(`${path}/ranks`, 'ReduceSum', [largest.values, integerConstant(graph, `${path}/axis`, -1)], {
    keepdims: { int: 0 }
  })
  const best = topK(graph, `${path}/best`, ranks, groups.perRow)
  const nought = (name: string, value: string): string =>
    graph.node(`${path}/${name}`, 'Mul', [value, graph.constant(`${path}/${name}/nought`, 0)])
  const low = graph.constant(`${path}/low`, -1e30)
  const lowered = graph.node(`${path}/lowered`, 'Add', [nought('others', ranks), low])
  const mask = graph.node(`${path}/mask`, 'ScatterElements', [lowered, best.indices, nought('chosen', best.values)], {
    axis: { int: 1 }
  })
  const masked = graph.node(`${path}/masked`, 'Add', [
    grouped,
    graph.reshape(`${path}/mask/groups`, mask, [-1, groups.count, 1])
  ])
  return graph.reshape(`${path}/experts`, masked, [-1, count])
}

/** Computes each expert's factor for each row, [experts, rows]; 0 if the row did not choose the expert. */
export function expertShares(
  graph: OnnxGraph,
  { scores, choice }: ExpertScores,
  { perRow, normed, scale, besideMlp }: Experts
): string {
  const chosen = topK(graph, 'mlp/chosen', choice, perRow)
  const ofChosen =
    scores === choice
      ? chosen.values
      : graph.node('mlp/chosen/scores', 'GatherElements', [scores, chosen.indices], { axis: { int: -1 } })
  const sum = (): string =>
    graph.node(
      'mlp/chosen/sum',
      'ReduceSum',
      [besideMlp ? chosen.values : ofChosen, integerConstant(graph, 'mlp/chosen/axis', -1)],
      { keepdims: { int: 1 } }
    )
  const weights = normed ? graph.node('mlp/chosen/normed', 'Div', [ofChosen, sum()]) : ofChosen
  const scaled =
    scale === 1 ? weights : graph.node('mlp/chosen/scaled', 'Mul', [weights, graph.constant('mlp/chosen/scale', scale)])
  const nothing = graph.node('mlp/nothing', 'Mul', [scores, graph.constant('mlp/nought', 0)])
  const shares = graph.node('mlp/shares', 'ScatterElements', [nothing, chosen.indices, scaled], {
    axis: { int: 1 }
  })
  return graph.node('mlp/shares/transposed', 'Transpose', [shares], { perm: { ints: [1, 0] } })
}

/** Adds the output of the shared expert, which computes every row, to rows. Returns rows unchanged without one. */
export function withSharedExpert(layer: LayerBuilder, rows: string, normed: string): string {
  if (!layer.hasWeight('sharedDown')) return rows
  return layer.graph.node('mlp/shared/sum', 'Add', [rows, sharedExpert(layer, normed)])
}

/** Computes the expert that every row goes through, for normed rows. */
export function sharedExpert(layer: LayerBuilder, normed: string): string {
  const { graph } = layer
  const separate = (): string[] => [
    layer.project('mlp/shared/gate_proj', normed, 'sharedGate'),
    layer.project('mlp/shared/up_proj', normed, 'sharedUp')
  ]
  const joined = (): string[] => {
    const both = layer.project('mlp/shared/gate_up_proj', normed, 'sharedGateUp')
    return graph.nodeWithOutputs('mlp/shared/gate_up', 'Split', [both], 2, {
      axis: { int: -1 },
      num_outputs: { int: 2 }
    })
  }
  const [gate, up] = layer.hasWeight('sharedGateUp') ? joined() : separate()
  if (gate === undefined || up === undefined) throw new Error('a shared expert has two parts')
  const inner = graph.node('mlp/shared/gated', 'Mul', [layer.activation(gate), up])
  const projected = layer.project('mlp/shared/down_proj', inner, 'sharedDown')
  const output = layer.toResidual('mlp/shared', projected)
  const weigh = (): string => {
    const router = layer.weight('sharedRouter')
    const logit = graph.node('mlp/shared/router', 'Gemm', [normed, router], { transB: { int: 1 } })
    return graph.node('mlp/shared', 'Mul', [output, graph.node('mlp/shared/share', 'Sigmoid', [logit])])
  }
  return layer.hasWeight('sharedRouter') ? weigh() : output
}

function topK(graph: OnnxGraph, path: string, value: string, count: number): { values: string; indices: string } {
  const parts = graph.nodeWithOutputs(path, 'TopK', [value, integerConstant(graph, `${path}/count`, count)], 2, {
    axis: { int: -1 }
  })
  return { values: elementAt(parts, 0, 'part'), indices: elementAt(parts, 1, 'part') }
}

export function integerConstant(graph: OnnxGraph, path: string, value: number): string {
  return graph.constant(path, BigInt64Array.of(BigInt(value)))
}
