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
import { pairInput, sweepInput, limitInput, procedure } from './procedure'

export const sweepProcedures = {
  /**
   * Starts the project's sweep of all ranges and kept recipes. It is rejected while one runs. The sweep continues if
   * the window closes.
   */
  start: procedure
    .input(
      pairInput.extend({
        /** True to compute again the results of an interrupted or the last sweep. */
        fresh: z.boolean().default(false),
        /** True if ranges that cannot be selected are scored on a few prompts only. */
        preview: z.boolean().default(false),
        /** True if a full-answer check of the best ranges follows, unless the sweep selects none. */
        check: z.boolean().default(false)
      })
    )
    .output(z.object({ sweepId: z.string() })),
  /** Returns the part of the project's sweep with results from an interrupted or the last sweep. */
  known: procedure.input(pairInput).output(
    z.object({
      known: KnownPart,
      /**
       * True if the results come from a sweep that was stopped before its end. Otherwise they come from the last
       * finished one.
       */
      interrupted: z.boolean()
    })
  ),
  /**
   * Returns the remaining work of the project's next sweep, its memory and approximate time, from a short measurement.
   * Returns null if nothing is left to compute. It is rejected while a job of the project runs, and cancelled by one
   * that starts. `preview` adds the work of a preview.
   */
  plan: procedure
    .input(pairInput.extend({ preview: z.boolean().default(false) }))
    .output(SweepPlan.nullable()),
  /** Sets the range that the user looks at. A running preview scores it next on all prompts, if its work allows. */
  lookAt: procedure.input(pairInput.extend({ range: RestorationRange })).output(z.void()),
  /** Follows the running sweep. It ends at once if none runs. Aborting stops watching, not the sweep. */
  watch: procedure.input(pairInput).output(eventIterator(SweepEvent)),
  cancel: procedure.input(pairInput).output(z.void()),
  /** Returns a sweep without its scores of each prompt. */
  get: procedure.input(sweepInput).output(ShownSweep),
  /**
   * Returns the scores of one model for each prompt, in the prompts' order.
   * @param model key of the model in the sweep or in the search from it
   */
  scores: procedure.input(sweepInput.extend({ model: z.string().max(100_000) })).output(z.array(PromptScore)),
  /** Selects again with another rho and the results of a check. The stored document stays unchanged. */
  select: procedure.input(limitInput).output(Selection),
  /**
   * Returns the sweep under another limit, sampler or number of draws, computed from its stored data. Nothing is
   * stored.
   */
  whatIf: procedure.input(sweepInput.extend({ asked: WhatIf })).output(WhatIfSweep),
  /** Compares the sweep with another of the project, both selecting with this rho. Nothing is stored. */
  compare: procedure
    .input(
      pairInput.extend({
        sweepId: z.string(),
        /** Identifies the other sweep within the project. */
        other: z.object({ pair: PairId, sweepId: z.string() }),
        rho: z.number().min(0).max(1)
      })
    )
    .output(SweepComparison),
  /** Scores a recipe like the sweep's ranges, and adds it to the sweep. The stream ends with the score. */
  scoreRecipe: procedure
    .input(sweepInput.extend({ recipe: Recipe }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          z.object({ type: z.literal('progress'), progress: SweepProgress }),
          z.object({ type: z.literal('scored'), score: RecipeScore })
        ])
      )
    )
}
