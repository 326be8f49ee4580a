export { computeAlike, decoderSpec, type Activation, type DecoderSpec, type LayerSpec } from './decoder-spec'
export {
  canonicalTensorName,
  layerTensors,
  wholeModelTensors,
  type Half,
  type LayerTensorSpec,
  type Role,
  type TensorSpec
} from './tensors'
