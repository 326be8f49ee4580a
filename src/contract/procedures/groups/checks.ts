import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { AnswerCheck, CheckEvent } from '../../documents/answer-check'
import { Recipe } from '../../model/recipe'
import { ofPair, ofSweep, underLimit, procedure } from './procedure'

export const checkProcedures = {
  /**
   * Starts checking recipes on whole answers to a sweep's prompts, or without any the best ranges that were not checked yet;
   * refused while a job of the project runs. It outlives the window.
   */
  start: procedure.input(underLimit.extend({ recipes: z.array(Recipe).max(100) })).output(z.void()),
  /** Follows the running check; ends at once when none runs. Aborting stops the watching, not the check. */
  watch: procedure.input(ofPair).output(eventIterator(CheckEvent)),
  cancel: procedure.input(ofPair).output(z.void()),
  /** What was checked of a sweep; null when nothing was. */
  get: procedure.input(ofSweep).output(AnswerCheck.nullable())
}
