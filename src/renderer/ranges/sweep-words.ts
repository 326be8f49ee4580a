import { formatCount, plural } from '../ui/format'

/** What of the next sweep need not be computed. */
export interface KnownPrompts {
  knownPrompts: number
  promptCount: number
  /** Whether a sweep was stopped before its end, rather than finished with other prompts. */
  interrupted: boolean
}

/** What is known, what that saves, and the name of the button that goes on from there. */
export function knownWords({ knownPrompts, promptCount, interrupted }: KnownPrompts): {
  message: string
  hint: string
  button: string
} {
  const left = promptCount - knownPrompts
  const known = `${formatCount(knownPrompts)} of ${plural(promptCount, 'prompt')} are known`
  const rest =
    left === 0
      ? 'nothing is left to compute.'
      : `only the other ${left === 1 ? 'one is' : `${formatCount(left)} are`} computed.`
  return interrupted
    ? { message: 'The sweep is not finished.', hint: `${known}; ${rest}`, button: 'Resume' }
    : {
        message: 'The last sweep serves the next one too.',
        hint: `${known}; ${rest}`,
        button: left === 0 ? 'Sweep again' : 'Sweep the rest'
      }
}
