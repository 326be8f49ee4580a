export { computeAlike, decoderSpec, supportedTypes, type DecoderSpec } from './decoder-spec'
export {
  anyExperts,
  anyRecurrence,
  type CachedPart,
  cachedParts,
  hasExperts,
  layerKind,
  layerKinds,
  rotarySizeOf,
  specOfLayer,
  widestMlp
} from './expert-layers'
export { hasSelectionScores, type Experts } from './experts'
export type { LayerSpec } from './layer-specs'
export { outputSize, type Recurrence, stateSize } from './recurrent'
export { canonicalTensorName } from './stored-names'
export { requireComponents, tensorStrength } from './tensor-strength'
export { TEXT_SECTION } from './nested-text'
export type { Role } from './tensor-roles'
export {
  expertTensors,
  layerTensors,
  sharedTensors,
  wholeModelTensors,
  type LayerTensorSpec,
  type TensorSpec,
  type WholeModelTensor
} from './tensors'
