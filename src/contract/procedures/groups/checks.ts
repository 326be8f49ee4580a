import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { AnswerCheck, CheckEvent } from '../../documents/answer-check'
import { Recipe } from '../../model/recipe'
import { pairInput, sweepInput, limitInput, procedure } from './procedure'

export const checkProcedures = {
  /** Starts a full-answer check of recipes on a sweep's prompts, or of its best unchecked ranges. */
  start: procedure.input(limitInput.extend({ recipes: z.array(Recipe).max(100) })).output(z.void()),
  watch: procedure.input(pairInput).output(eventIterator(CheckEvent)),
  cancel: procedure.input(pairInput).output(z.void()),
  /** Returns the full-answer check of a sweep, or null if there is none. */
  get: procedure.input(sweepInput).output(AnswerCheck.nullable())
}
