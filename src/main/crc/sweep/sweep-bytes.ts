import { elementAt } from '../../../contract/model/look-up'
import { type PreparedSweep, whatIfBytes } from './prepare-sweep'

/** Bytes of a model's score on a prompt without its probabilities. */
const SCORE_BYTES = 120
const PROBABILITY_BYTES = 15
/** Bytes of a probability in a checkpoint: a float64 in base64. */
const CHECKPOINT_PROBABILITY_BYTES = 11

/**
 * Estimates the bytes that a sweep writes: its document, and the checkpoint that stays until the document
 * exists.
 *
 * @param missing indices of the prompts that have not been computed yet
 */
export function sweepBytes(
  { models, baselines, groups, whatIf, scoredBy }: PreparedSweep,
  missing: readonly number[]
): number {
  const modelCount = models.length + baselines.length
  const answerCount = groups.reduce((sum, answers) => sum + answers.length, 0)
  const missingCount = missing.reduce((sum, prompt) => sum + elementAt(groups, prompt, 'prompt').length, 0)
  const others = whatIf.length === 0 ? 0 : whatIfBytes(modelCount, groups, scoredBy)
  return (
    modelCount *
      (groups.length * SCORE_BYTES +
        answerCount * PROBABILITY_BYTES +
        missingCount * CHECKPOINT_PROBABILITY_BYTES) +
    others
  )
}
