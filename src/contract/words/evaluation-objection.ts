import { type EvaluationView, isPlain, mainMeasures, type Objection } from '../documents/evaluation'
import type { PairFingerprints } from '../documents/pair'
import { type Model, weightsKey } from '../model/model'
import { measureOf } from '../model/measures'
import { evaluationVerdicts } from './evaluation-verdict'
import { differenceWords, isLoss } from './evaluation-words'

type Run = Pick<EvaluationView['run'], 'task' | 'variants' | 'basePath' | 'postPath'>

interface Evaluated {
  readonly run: Run
  readonly results: Pick<EvaluationView['results'], 'comparedWith' | 'variants' | 'besideRanges'>
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
 * What an evaluation has against a model that a sweep recommends, beyond what the prompts leave open: that it loses quality against post,
 * and that something else that was evaluated with it does better.
 *
 * @returns null where neither is sure, and where the model is not compared with post as it is
 */
export function evaluationObjection({ run, results }: Evaluated, model: Model): Objection | null {
  const against = run.variants.find(({ variant }) => variant.name === results.comparedWith)
  if (against?.variant.kind !== 'post' || !isPlain(against)) return null
  const own = entryOf(run, model)
  const result = results.variants.find(({ variant }) => variant === own?.variant.name)
  const main = mainMeasures(run.task.kind, results.variants)
  const verdict = evaluationVerdicts(results, main).find(({ variant }) => variant === result?.variant)
  const difference = result?.differences[main.quality]
  const loss =
    difference !== undefined && isLoss(main.quality, difference)
      ? `at a loss of quality (${measureOf(main.quality).label.toLowerCase()} ${differenceWords(main.quality, difference)})`
      : null
  const found = [loss, verdict?.but ?? null].filter((words) => words !== null)
  if (found.length === 0) return null
  return {
    words: `Evaluated on ${run.task.name}: ${found.join('; ')}`,
    mark: loss === null ? 'outdone' : 'loses quality'
  }
}

/** What the newest complete evaluation of a model has against it; null also where none has asked it. @param evaluations newest first */
export function newestObjection(
  evaluations: readonly (Evaluated & Pick<EvaluationView, 'complete'>)[],
  checkpoints: PairFingerprints,
  model: Model
): Objection | null {
  const newest = evaluations.find(({ run, complete }) => complete && evaluates(run, checkpoints, model))
  return newest === undefined ? null : evaluationObjection(newest, model)
}
