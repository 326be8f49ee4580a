export { computeAlike, decoderSpec, supportedTypes, type DecoderSpec } from './decoder-spec'
export {
  anyExperts,
  anyRecurrence,
  cachedSizes,
  hasExperts,
  layerKind,
  layerKinds,
  widestMlp
} from './expert-layers'
export { choosesApart, type Experts } from './experts'
export type { LayerSpec } from './layer-specs'
export { outputSize, type Recurrence, stateSize } from './recurrent'
export { requireComponents, tensorStrength } from './tensor-strength'
export {
  canonicalTensorName,
  expertTensors,
  layerTensors,
  sharedTensors,
  wholeModelTensors,
  type LayerTensorSpec,
  type Role,
  type TensorSpec
} from './tensors'
