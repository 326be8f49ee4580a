import { z } from 'zod'
import { MinPDraw, minPDraw, OPEN_SAMPLING } from '../model/sampling'
import { drawsOf, type ScoredByBrief, ScoredTask } from './scored-by'
import { Selection } from './crc'
import { ShownSweep } from './shown-sweep'

/** Settings under which a stored sweep is recalculated, without computing models and without storing the result. */
export const WhatIf = z.object({
  rho: z.number().min(0).max(1),
  /** One of the sweep's `whatIf` samplers. Null means the sweep's own sampler. */
  sampler: MinPDraw.nullable(),
  /** Number of draws in which a task's different correct answers are counted. Null means the sweep's own number. */
  draws: ScoredTask.shape.draws.nullable(),
  /** Base's share of the logits in the compared mix. Null means the mix that the selection rule picks. */
  mix: z.number().min(0).max(1).nullable()
})
export type WhatIf = z.infer<typeof WhatIf>

/** Returns the settings without those equal to the sweep's own, so that its check stays valid. */
export function dropUnchangedSettings(asked: WhatIf, sweep: { readonly scoredBy: ScoredByBrief }): WhatIf {
  const { scoredBy } = sweep
  const sweepSampler = minPDraw(scoredBy.kind === 'task' ? scoredBy.sampling : OPEN_SAMPLING)
  const { sampler, draws } = asked
  const isSweepSampler =
    sweepSampler !== null &&
    sampler !== null &&
    sweepSampler.temperature === sampler.temperature &&
    sweepSampler.minP === sampler.minP
  return { ...asked, sampler: isSweepSampler ? null : sampler, draws: draws === drawsOf(sweep) ? null : draws }
}

export const WhatIfSweep = z.object({ sweep: ShownSweep, selection: Selection })
export type WhatIfSweep = z.infer<typeof WhatIfSweep>
