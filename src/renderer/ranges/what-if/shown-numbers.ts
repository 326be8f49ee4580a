import type { AnswerCheck } from '../../../contract/documents/answer-check'
import type { Selection } from '../../../contract/documents/crc'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import type { WhatIf, WhatIfSweep } from '../../../contract/documents/what-if'

/** The numbers that the view shows: those of a sweep, or those that What if recalculates from it. */
export interface ShownNumbers {
  readonly sweep: ShownSweep | null
  readonly selection: Selection | null
  /** Share of post's validity that the selection keeps. */
  readonly rho: number
  /** The full-answer check; null for none, and under another sampler than the sweep's. */
  readonly check: AnswerCheck | null
  /** The settings that What if recalculates for; null for measured numbers. */
  readonly whatIf: WhatIf | null
}

/** Recalculated numbers, with the settings that What if was asked for. */
export type WhatIfAnswer = WhatIfSweep & { readonly settings: WhatIf }

/**
 * Returns the measured numbers, or those that What if recalculates from them.
 *
 * @param answer answer of What if; null while it is off
 */
export function shownNumbers(measured: Omit<ShownNumbers, 'whatIf'>, answer: WhatIfAnswer | null): ShownNumbers {
  if (answer === null) return { ...measured, whatIf: null }
  const { sweep, selection, settings } = answer
  return {
    sweep,
    selection,
    rho: settings.rho,
    check: settings.sampler === null ? measured.check : null,
    whatIf: settings
  }
}
