import type { BaselineComparison } from '../../../contract/documents/crc'
import { SamplingBaseline, samplingBaselineText } from '../../../contract/model/sampling-baseline'

/** Returns the word that names a baseline on the command line; null for a baseline without such a word. */
export function baselineWord(baseline: BaselineComparison['baseline']): string | null {
  if (baseline.kind === 'uniform-blend') return `blend:${baseline.strength}`
  if (baseline.kind === 'depth-ramp') return `ramp:${baseline.strength},${baseline.last}`
  const sampling = SamplingBaseline.safeParse(baseline)
  return sampling.success ? samplingBaselineText(sampling.data) : null
}
