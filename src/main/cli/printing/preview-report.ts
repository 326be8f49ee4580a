import { hasPreview, type PreviewEvidence, previewFacts } from '../../../contract/words/preview-words'
import { style } from './output'

/** Describes the basis of a preview; empty for a full sweep. */
export function describePreview(evidence: PreviewEvidence & { prompts: readonly unknown[] }): string[] {
  if (!hasPreview(evidence)) return []
  const { basis, others, isDoubtful } = previewFacts({
    ...evidence,
    promptCount: evidence.prompts.length
  })
  const sentence = isDoubtful ? style('yellow', others) : others
  return [`${style('bold', 'Preview')}: ${basis}. ${sentence}\nSweep without --preview to compute the rest.`]
}
