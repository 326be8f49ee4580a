import type { Objection } from '../documents/evaluation'
import type { HeadlineState } from '../documents/headline'

/** What stands at the selected range wherever it is marked, and whether that is said as of one that may be restored. */
export interface SelectedMark {
  readonly label: string
  readonly good: boolean
}

/**
 * As the headline has it, so that no mark claims more than the sentence.
 *
 * @param objection what an evaluation has against the range; null where it has nothing
 * @returns null where the prompts, or the sampler, do not fit post, so that ranges say nothing
 */
export function selectedMark(state: HeadlineState, objection: Objection['mark'] | null): SelectedMark | null {
  if (state === 'unfit-prompts' || state === 'none') return null
  if (state === 'guess') return { label: 'best guess', good: false }
  if (state === 'unstable') return { label: 'selected, unstable', good: false }
  if (state === 'fails') return { label: 'selected, fails check', good: false }
  if (objection !== null) return { label: objection, good: false }
  return { label: 'selected', good: true }
}
