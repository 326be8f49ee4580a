import type { HeadlineState } from '../documents/headline'

/** What stands at the selected range wherever it is marked, and whether that is said as of one that may be restored. */
export interface SelectedMark {
  readonly label: string
  readonly good: boolean
}

/**
 * As the headline has it, so that no mark claims more than the sentence.
 *
 * @param loses whether an evaluation found that the range loses quality
 * @returns null where the prompts, or the sampler, do not fit post, so that ranges say nothing
 */
export function selectedMark(state: HeadlineState, loses: boolean): SelectedMark | null {
  if (state === 'unfit-prompts' || state === 'none') return null
  if (state === 'guess') return { label: 'best guess', good: false }
  if (state === 'fails') return { label: 'selected, fails check', good: false }
  if (loses) return { label: 'loses quality', good: false }
  return { label: 'selected', good: true }
}
