import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { Recipe } from '../../model/recipe'
import { ProbeEvent } from '../probe'
import { pairInput, procedure } from './procedure'

export const probeProcedures = {
  /**
   * Streams the next-token probabilities of post, a recipe and base after a prompt in the project's rendering, one
   * model after the other. It is rejected while a job of the project runs, and cancelled by one that starts.
   */
  next: procedure
    .input(pairInput.extend({ recipe: Recipe, prompt: z.string().min(1).max(100_000) }))
    .output(eventIterator(ProbeEvent))
}
