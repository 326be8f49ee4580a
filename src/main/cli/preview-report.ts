import type { SweepDocument } from '../../contract/documents/crc'
import { previewFacts } from '../../contract/words/preview-words'
import { style } from './output'

/** What a preview's numbers rest on; nothing of a whole sweep. */
export function describePreview({ preview, ...sweep }: SweepDocument): string[] {
  if (preview === null) return []
  const { basis, elsewhere, isDoubtful } = previewFacts({
    ...sweep,
    promptCount: sweep.prompts.length,
    preview
  })
  const chance = isDoubtful ? style('yellow', elsewhere) : elsewhere
  return [
    `${style('bold', 'A preview')}: ${basis}. ${chance}\nThe same command without --preview computes what is missing.`
  ]
}
