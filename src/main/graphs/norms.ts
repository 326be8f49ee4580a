import type { DecoderSpec } from '../family/decoder-spec'
import type { OnnxGraph } from './onnx-model'

/** Applies an RMS norm over the last axis, in float32: x / sqrt(mean(x^2) + epsilon) * (offset + weight). */
export function rmsNorm(graph: OnnxGraph, spec: DecoderSpec, path: string, value: string, weight: string): string {
  return rmsNormBy(graph, path, value, gain(graph, spec, path, weight), spec.normEpsilon)
}

/** Applies an RMS norm with this weight and epsilon over the last axis, in float32. */
export function rmsNormBy(graph: OnnxGraph, path: string, value: string, weight: string, epsilon: number): string {
  return graph.node(`${path}/norm`, 'SimplifiedLayerNormalization', [value, weight], {
    axis: { int: -1 },
    epsilon: { float: epsilon },
    stash_type: { int: 1 }
  })
}

/** Weights of a norm without a stored weight. */
export function ones(size: number): Float32Array {
  return new Float32Array(size).fill(1)
}

/** Applies a layer norm in float32: (x - mean) / sqrt(variance + epsilon) * (offset + weight) + bias. */
export function layerNorm(
  graph: OnnxGraph,
  spec: DecoderSpec,
  path: string,
  value: string,
  weight = graph.constant(`${path}/ones`, ones(spec.hiddenSize)),
  bias?: string
): string {
  const inputs = [value, gain(graph, spec, path, weight), ...(bias === undefined ? [] : [bias])]
  return graph.node(`${path}/norm`, 'LayerNormalization', inputs, {
    axis: { int: -1 },
    epsilon: { float: spec.normEpsilon }
  })
}

/** Adds the family's offset to a norm's weight: 1 if weights are stored around zero. */
function gain(graph: OnnxGraph, { family }: DecoderSpec, path: string, weight: string): string {
  return family.normOffset === 0
    ? weight
    : graph.node(`${path}/gain`, 'Add', [weight, graph.constant(`${path}/offset`, family.normOffset)])
}
