import type { CheckpointSummary } from '../documents/pair'
import { formatCount } from './format'

/** Formats the size of an MLP: `14,336`, or `8 experts of 14,336, 2 for a token`. */
export function mlpSize({
  intermediateSize,
  experts
}: Pick<CheckpointSummary, 'intermediateSize' | 'experts'>): string {
  if (experts === null) return formatCount(intermediateSize)
  return `${formatCount(experts.count)} experts of ${formatCount(experts.size)}, ${experts.perRow} for a token`
}
