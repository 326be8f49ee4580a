import type { DecoderSpec } from '../family/decoder-spec'
import { layerNorm, rmsNorm } from './norms'
import type { OnnxGraph } from './onnx-model'
import { joinStreams } from './streams'

/** Lists the lengths of the parts of the final norm's weights: weight, bias, and projections of further streams. */
function finalNormParts({ family, hiddenSize, streams }: DecoderSpec): number[] {
  const ofNorm = family.normKind === 'layerWithBias' ? [hiddenSize, hiddenSize] : [hiddenSize]
  return [...ofNorm, ...new Array<number>((streams?.count ?? 1) - 1).fill(hiddenSize ** 2)]
}

/** Counts the elements of the final norm's weights, which are one input of a graph. */
export function finalNormSize(spec: DecoderSpec): number {
  return finalNormParts(spec).reduce((sum, size) => sum + size)
}

/** Applies the norm after the last layer, [rows, finalRowSize] to [rows, hidden]. @param weights [finalNormSize] */
export function finalNorm(graph: OnnxGraph, spec: DecoderSpec, value: string, weights: string): string {
  const { family, hiddenSize, streams } = spec
  const sizes = finalNormParts(spec)
  const [weight = weights, ...others] =
    sizes.length === 1
      ? [weights]
      : graph.nodeWithOutputs(
          'final/parts',
          'Split',
          [weights, graph.constant('final/sizes', BigInt64Array.from(sizes, BigInt))],
          sizes.length,
          { axis: { int: 0 } }
        )
  if (family.normKind !== 'rms') return layerNorm(graph, spec, 'final', value, weight, others[0])
  const projections = others.map((part, i) => graph.reshape(`final/projection${i}`, part, [hiddenSize, hiddenSize]))
  const joined = streams === null ? value : joinStreams(graph, spec, value, projections)
  return rmsNorm(graph, spec, 'final', joined, weight)
}
