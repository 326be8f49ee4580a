import type { DecoderSpec } from '../family/decoder-spec'
import type { NormPosition } from '../family/family'
import type { Role } from '../family/tensor-roles'
import type { OnnxGraph } from './onnx-model'

/** The functions of `LayerBuilder` that modules for single families need. Without it, they would import each other. */
export interface LayerParts {
  readonly graph: OnnxGraph
  readonly spec: DecoderSpec
  weight(role: Role): string
  norm(path: string, value: string, place: NormPosition): string
  project(path: string, rows: string, role: Role, biasRole?: Role): string
  splitColumns(path: string, value: string, sizes: readonly number[]): string[]
}
