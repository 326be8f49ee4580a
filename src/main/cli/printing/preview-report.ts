import { hasPreview, type PreviewEvidence, previewFacts } from '../../../contract/words/preview-words'
import { style } from './output'

/** Describes the basis of a preview; empty for a full sweep. */
export function describePreview(evidence: PreviewEvidence & { prompts: readonly unknown[] }): string[] {
  if (!hasPreview(evidence)) return []
  const { basis, chanceOfOther, isDoubtful } = previewFacts({
    ...evidence,
    promptCount: evidence.prompts.length
  })
  const chance = isDoubtful ? style('yellow', chanceOfOther) : chanceOfOther
  return [`${style('bold', 'Preview')}: ${basis}. ${chance}\nSweep without --preview to compute the rest.`]
}
