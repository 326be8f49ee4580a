import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { PromptScore, RecipeScore, Selection } from '../../documents/crc'
import { KnownPart } from '../../documents/known-part'
import { PairId } from '../../documents/project'
import { ShownSweep } from '../../documents/shown-sweep'
import { SweepComparison } from '../../documents/sweep-comparison'
import { SweepEvent, SweepProgress } from '../../documents/sweep-events'
import { SweepPlan } from '../../documents/sweep-plan'
import { WhatIf, WhatIfSweep } from '../../documents/what-if'
import { Recipe, RestorationRange } from '../../model/recipe'
import { ofPair, ofSweep, underLimit, procedure } from './procedure'

export const sweepProcedures = {
  /** Starts the project's sweep of all ranges and kept recipes; refused while one runs. It outlives the window. */
  start: procedure
    .input(
      ofPair.extend({
        /** Whether to compute also what an interrupted or the last sweep has computed. */
        fresh: z.boolean().default(false),
        /** Whether ranges that cannot be selected are scored on a few prompts only. */
        preview: z.boolean().default(false)
      })
    )
    .output(z.object({ sweepId: z.string() })),
  /** How much of the project's sweep need not be computed, because an interrupted or the last one did. */
  known: procedure.input(ofPair).output(
    z.object({
      known: KnownPart,
      /** Whether a sweep of them was stopped before its end; otherwise the last finished one knows them. */
      interrupted: z.boolean()
    })
  ),
  /**
   * What the project's next sweep would do of what is not known, how much memory and about how long it would take, tried
   * out in a moment; null when nothing is left to compute. Refused while a job of the project runs, and cancelled by
   * one that starts. With `preview` also what a preview of it would take.
   */
  plan: procedure.input(ofPair.extend({ preview: z.boolean().default(false) })).output(SweepPlan.nullable()),
  /** Says which range the user looks at: the next that a running preview scores on all prompts, where its work allows. */
  lookAt: procedure.input(ofPair.extend({ range: RestorationRange })).output(z.void()),
  /** Follows the running sweep; ends at once when none runs. Aborting stops the watching, not the sweep. */
  watch: procedure.input(ofPair).output(eventIterator(SweepEvent)),
  cancel: procedure.input(ofPair).output(z.void()),
  /** Without what each prompt has of its models. */
  get: procedure.input(ofSweep).output(ShownSweep),
  /** What each prompt has of one model, in their order. @param model its key, in the sweep or in the search from it */
  scores: procedure.input(ofSweep.extend({ model: z.string().max(100_000) })).output(z.array(PromptScore)),
  /** Selects again with another rho, and with what a check has found; the stored document keeps what it was saved with. */
  select: procedure.input(underLimit).output(Selection),
  /** The sweep under another limit, sampler or number of draws, from what it has kept; nothing of it is stored. */
  whatIf: procedure.input(ofSweep.extend({ asked: WhatIf })).output(WhatIfSweep),
  /** The sweep beside another of the project, both selecting with this rho; nothing of it is stored. */
  compare: procedure
    .input(
      ofPair.extend({
        sweepId: z.string(),
        /** What names the other, apart from the project. */
        other: z.object({ pair: PairId, sweepId: z.string() }),
        rho: z.number().min(0).max(1)
      })
    )
    .output(SweepComparison),
  /** Scores a recipe as the sweep scored its ranges, and adds it to the sweep; a stream that ends with the score. */
  scoreRecipe: procedure
    .input(ofSweep.extend({ recipe: Recipe }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          z.object({ type: z.literal('progress'), progress: SweepProgress }),
          z.object({ type: z.literal('scored'), score: RecipeScore })
        ])
      )
    )
}
