import type { BaselineComparison } from '../../../contract/documents/crc'
import { SamplingBaseline, samplingBaselineText } from '../../../contract/model/sampling-baseline'

/** A baseline as commands name it; null for one that they cannot name. */
export function baselineWord(baseline: BaselineComparison['baseline']): string | null {
  if (baseline.kind === 'uniform-blend') return `blend:${baseline.strength}`
  const sampling = SamplingBaseline.safeParse(baseline)
  return sampling.success ? samplingBaselineText(sampling.data) : null
}
