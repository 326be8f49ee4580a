import { z } from 'zod'
import { MinPDraw, minPDraw, OPEN_SAMPLING } from '../model/sampling'
import { drawsOf, type ScoredByBrief, ScoredTask } from './scored-by'
import { Selection } from './crc'
import { ShownSweep } from './shown-sweep'

/** What is asked of a sweep otherwise than it was: nothing of it is computed by a model, and nothing of it is stored. */
export const WhatIf = z.object({
  rho: z.number().min(0).max(1),
  /** One of the sweep's `whatIf`; null: the sweep's own. */
  sampler: MinPDraw.nullable(),
  /** In how many draws different right answers are counted, of a task; null: the sweep's own. */
  draws: ScoredTask.shape.draws.nullable(),
  /** Base's share of the logits in the mix that is compared; null: what the rule takes. */
  mix: z.number().min(0).max(1).nullable()
})
export type WhatIf = z.infer<typeof WhatIf>

/** What is asked, without a sampler or draws that are the sweep's own: these change nothing, and its check stays what it is. */
export function withoutOwn(asked: WhatIf, sweep: { readonly scoredBy: ScoredByBrief }): WhatIf {
  const { scoredBy } = sweep
  const own = minPDraw(scoredBy.kind === 'task' ? scoredBy.sampling : OPEN_SAMPLING)
  const { sampler, draws } = asked
  const isOwn =
    own !== null && sampler !== null && own.temperature === sampler.temperature && own.minP === sampler.minP
  return {
    ...asked,
    sampler: isOwn ? null : sampler,
    draws: draws === drawsOf(sweep) ? null : draws
  }
}

/** The sweep as it would be, as it is shown, and what would be selected. */
export const WhatIfSweep = z.object({ sweep: ShownSweep, selection: Selection })
export type WhatIfSweep = z.infer<typeof WhatIfSweep>
