import type { ShownVerdict } from '../../../contract/documents/verdict'
import { isGood } from '../../../contract/words/verdict'
import type { Block } from '../blocks'

/** Shows a verdict: its headline, a warning for each caveat, and the next step. */
export const verdictBlocks = (verdict: ShownVerdict): Block[] => [
  { kind: 'lead', text: verdict.headline },
  ...verdict.caveats.map(({ text }): Block => ({ kind: 'warning', text })),
  ...(verdict.next === null ? [] : [{ kind: isGood(verdict) ? 'note' : 'warning', text: verdict.next.text } as const])
]
