import type { Precision } from '../../../contract/model/device'
import { unsupportedError } from '../../../contract/model/problem'
import { anyRecurrence, type DecoderSpec, hasExperts } from '../../family'
import type { Device } from '../device/device'
import type { PairWeights } from '../weights/pair-weights'

/**
 * Returns the precision of projections: the requested one, otherwise float16 if it is faster on the device and allowed.
 * @throws WorkbenchError `unsupported` if the request suits neither the device nor the model
 */
export function choosePrecision(device: Device, pair: PairWeights, requested: Precision | undefined): Precision {
  const { family } = pair.post.spec
  const mayUseFp16 = allowsFp16(pair.post.spec)
  if (requested === 'fp16' && !device.gainsFromFp16) {
    throw unsupportedError(`The device ${device.name} computes in fp32 only.`, PRECISION_HINT)
  }
  if (requested === 'fp16' && !mayUseFp16) {
    const why = family.experts === null ? 'overflows in fp16' : 'may choose other experts in fp16'
    throw unsupportedError(`${family.label} ${why}.`, PRECISION_HINT)
  }
  return requested ?? (device.gainsFromFp16 && mayUseFp16 ? 'fp16' : 'fp32')
}

/** Reports whether projections may be computed in float16. A state sums rounding errors over all tokens. */
export function allowsFp16(spec: DecoderSpec): boolean {
  return spec.family.halfPrecision && anyRecurrence(spec) === null && !hasExperts(spec)
}

const PRECISION_HINT = 'Omit the precision to use the one that suits device and model.'
