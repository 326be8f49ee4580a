import type { KnownPart } from '../../../contract/documents/known-part'
import { knownPartWords } from '../../../contract/words/known-part'
import { formatCount } from '../../ui/format'

/** What the button that begins a sweep says. @param preview whether that scores most ranges on some prompts only */
export const sweepLabel = (preview: boolean): string => `${preview ? 'Preview' : 'Sweep'} all ranges`

/** What of the next sweep need not be computed. */
export interface KnownOfNext {
  known: KnownPart
  /** Whether a sweep was stopped before its end, rather than finished with other prompts. */
  interrupted: boolean
}

/** What is known, what that saves, and the name of the button that goes on from there. */
export function knownWords({ known, interrupted }: KnownOfNext): {
  message: string
  hint: string
  button: string
} {
  const left = known.of - known.prompts
  const others = left === 1 ? 'the other one is' : `the other ${formatCount(left)} are`
  const rest =
    left === 0
      ? 'nothing is left to compute.'
      : `only ${known.begun === null ? others : 'the rest is'} computed.`
  const hint = `${knownPartWords(known)} are known; ${rest}`
  return interrupted
    ? { message: 'The sweep is not finished.', hint, button: 'Resume' }
    : {
        message: 'The last sweep serves the next one too.',
        hint,
        button: 'Sweep the rest'
      }
}
