import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { Recipe } from '../../model/recipe'
import { DEFAULT_TOP, ProbeEvent } from '../probe'
import { pairInput, procedure } from './procedure'

export const probeProcedures = {
  /** Streams the next-token probabilities of post, a recipe and base after a prompt. */
  next: procedure
    .input(
      pairInput.extend({
        /** Null to ask only post and base. */
        recipe: Recipe.nullable(),
        prompt: z.string().min(1).max(100_000),
        top: z.number().int().min(1).max(1000).default(DEFAULT_TOP)
      })
    )
    .output(eventIterator(ProbeEvent))
}
