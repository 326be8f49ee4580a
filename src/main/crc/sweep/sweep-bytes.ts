import { elementAt } from '../../../contract/model/look-up'
import { type PreparedSweep, whatIfBytes } from './prepare-sweep'

/** Of a model on a prompt: its three measures with their names, and a place for each answer's probability. */
const SCORE_BYTES = 120
const PROBABILITY_BYTES = 15
/** The same in a checkpoint: a float64 in base64. */
const KEPT_PROBABILITY_BYTES = 11

/**
 * About what a sweep writes, in bytes: its document, and the checkpoint that stays until the document is there.
 *
 * @param missing indices of the prompts that have not been computed yet
 */
export function sweepBytes(
  { models, rivals, groups, whatIf, scoredBy }: PreparedSweep,
  missing: readonly number[]
): number {
  const modelCount = models.length + rivals.length
  const answerCount = groups.reduce((sum, answers) => sum + answers.length, 0)
  const missingCount = missing.reduce((sum, prompt) => sum + elementAt(groups, prompt, 'prompt').length, 0)
  const others = whatIf.length === 0 ? 0 : whatIfBytes(modelCount, groups, scoredBy)
  return (
    modelCount *
      (groups.length * SCORE_BYTES +
        answerCount * PROBABILITY_BYTES +
        missingCount * KEPT_PROBABILITY_BYTES) +
    others
  )
}
