import { z } from 'zod'
import { AnswerCheck, CheckEvent } from '../../documents/answer-check'
import { Recipe } from '../../model/recipe'
import { jobProcedures, limitInput, procedure, sweepInput } from './procedure'

export const checkProcedures = {
  /** Starts a full-answer check of recipes on a sweep's prompts, or of its best unchecked ranges. */
  start: procedure.input(limitInput.extend({ recipes: z.array(Recipe).max(100) })).output(z.void()),
  ...jobProcedures(CheckEvent),
  get: procedure.input(sweepInput).output(AnswerCheck.nullable())
}
