export { computeAlike, decoderSpec, type Activation, type DecoderSpec } from './decoder-spec'
export type { LayerSpec } from './layer-specs'
export { requireComponents, tensorStrength } from './tensor-strength'
export {
  canonicalTensorName,
  layerTensors,
  wholeModelTensors,
  type Half,
  type LayerTensorSpec,
  type Role,
  type TensorSpec
} from './tensors'
