import type { KnownPart } from '../../../contract/documents/known-part'
import { knownPartWords } from '../../../contract/words/known-part'
import { formatCount } from '../../ui/format'

/**
 * Returns the label of the button that starts a sweep.
 *
 * @param preview true for a preview
 */
export const sweepLabel = (preview: boolean): string => `${preview ? 'Preview' : 'Sweep'} all ranges`

export interface ReusableWork {
  known: KnownPart
  /** True if a sweep was stopped before its end. False if it finished with other prompts. */
  interrupted: boolean
}

/** Describes the results that can be reused, the remaining work, and the button that continues. */
export function describeReuse({ known, interrupted }: ReusableWork): {
  message: string
  hint: string
  button: string
} {
  const left = known.of - known.prompts
  const remaining = known.begun === null ? formatCount(left) : 'The rest'
  const verb = remaining === formatCount(left) && left !== 1 ? 'are' : 'is'
  const work = left === 0 ? 'Nothing is left to compute.' : `${remaining} ${verb} left to compute.`
  const hint = `${knownPartWords(known)} can be reused. ${work}`
  return interrupted
    ? { message: 'The sweep is not finished.', hint, button: 'Resume' }
    : {
        message: 'Results of the last sweep can be reused.',
        hint,
        button: 'Sweep the rest'
      }
}
