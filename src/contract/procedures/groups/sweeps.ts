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
import { jobProcedures, limitInput, pairInput, procedure, sweepInput } from './procedure'

export const sweepProcedures = {
  /** Starts the project's sweep of all ranges and kept recipes, which continues if the window closes. */
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
      /** True if the results come from a stopped sweep, false if from the last finished one. */
      interrupted: z.boolean()
    })
  ),
  /** Returns the work, memory and time that the next sweep needs; null if all its results exist. */
  plan: procedure.input(pairInput.extend({ preview: z.boolean().default(false) })).output(SweepPlan.nullable()),
  /** Sets the range that the user looks at. A running preview scores it next on all prompts, if its work allows. */
  prioritize: procedure.input(pairInput.extend({ range: RestorationRange })).output(z.void()),
  ...jobProcedures(SweepEvent),
  get: procedure.input(sweepInput).output(ShownSweep),
  /** Returns the scores of one model for each prompt. @param model key of the model in the sweep or its search */
  scores: procedure.input(sweepInput.extend({ model: z.string().max(100_000) })).output(z.array(PromptScore)),
  /** Selects again with another rho and the results of a check. The stored document stays unchanged. */
  select: procedure.input(limitInput).output(Selection),
  /** Returns the sweep under other settings, computed from its stored data. */
  whatIf: procedure.input(sweepInput.extend({ asked: WhatIf })).output(WhatIfSweep),
  /** Compares the sweep with another sweep of the project. Both select a range with this rho. Nothing is stored. */
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
