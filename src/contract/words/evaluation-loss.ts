import { type EvaluationView, isPlain, mainMeasures } from '../documents/evaluation'
import type { PairFingerprints } from '../documents/pair'
import { type Model, weightsKey } from '../model/model'
import { measureOf } from '../model/measures'
import { differenceWords, isLoss } from './evaluation-words'

type Run = Pick<EvaluationView['run'], 'task' | 'variants' | 'basePath' | 'postPath'>

interface Evaluated {
  readonly run: Run
  readonly results: Pick<EvaluationView['results'], 'comparedWith' | 'variants'>
}

/**
 * Whether an evaluation of these checkpoints asked a model as it is, with no prompting or sampler of its own. The newest that did, and is
 * complete, says what is held against the model.
 */
export const evaluates = (run: Run, checkpoints: PairFingerprints, model: Model): boolean =>
  run.basePath.fingerprint === checkpoints.base &&
  run.postPath.fingerprint === checkpoints.post &&
  entryOf(run, model) !== undefined

const entryOf = ({ variants }: Pick<Run, 'variants'>, model: Model): Run['variants'][number] | undefined =>
  variants.find((entry) => isPlain(entry) && weightsKey(entry.variant) === weightsKey(model))

/**
 * What an evaluation has against a model that a sweep recommends: that it loses quality against post, beyond what the prompts leave open.
 *
 * @returns null where nothing is lost for sure, and where the model is not compared with post as it is
 */
export function evaluationLoss({ run, results }: Evaluated, model: Model): string | null {
  const against = run.variants.find(({ variant }) => variant.name === results.comparedWith)
  if (against?.variant.kind !== 'post' || !isPlain(against)) return null
  const own = entryOf(run, model)
  const result = results.variants.find(({ variant }) => variant === own?.variant.name)
  const { quality } = mainMeasures(run.task.kind, results.variants)
  const difference = result?.differences[quality]
  if (difference === undefined || !isLoss(quality, difference)) return null
  return `Evaluated on ${run.task.name}: at a loss of quality (${measureOf(quality).label.toLowerCase()} ${differenceWords(quality, difference)})`
}

/** What the newest complete evaluation of a model has against it; null also where none has asked it. @param evaluations newest first */
export function newestLoss(
  evaluations: readonly (Evaluated & Pick<EvaluationView, 'complete'>)[],
  checkpoints: PairFingerprints,
  model: Model
): string | null {
  const newest = evaluations.find(({ run, complete }) => complete && evaluates(run, checkpoints, model))
  return newest === undefined ? null : evaluationLoss(newest, model)
}
