import { type EvaluationView, isPlain, mainMeasures } from '../documents/evaluation'
import type { PairFingerprints } from '../documents/pair'
import type { EvaluationFinding } from '../documents/verdict'
import { isExternal, type Model, weightsKey } from '../model/model'
import { needsBase } from '../model/sampling-baseline'
import { betterVariants, type Change, changeOf } from './evaluation-verdict'
import { isLoss } from './evaluation-words'
import { modelPhrase } from './model-phrase'

export type EvaluatedRun = Pick<EvaluationView['run'], 'id' | 'task' | 'variants' | 'basePath' | 'postPath'>

interface Evaluated {
  readonly run: EvaluatedRun
  readonly results: Pick<EvaluationView['results'], 'comparedWith' | 'variants' | 'besideRanges'>
}

/** Reports whether an evaluation is of these checkpoints, contains the model, and measures more than refusals. */
export const evaluates = (run: EvaluatedRun, checkpoints: PairFingerprints, model: Model): boolean =>
  run.task.kind !== 'refusals' && includes(run, checkpoints, model)

/** Reports whether an evaluation of these checkpoints includes a model without prompting or sampler of its own. */
export const includes = (run: EvaluatedRun, checkpoints: PairFingerprints, model: Model): boolean =>
  run.basePath.fingerprint === checkpoints.base &&
  run.postPath.fingerprint === checkpoints.post &&
  entryOf(run, model) !== undefined

/** Finds the variant of a model without prompting or sampler of its own. */
export const entryOf = (
  { variants }: Pick<EvaluatedRun, 'variants'>,
  model: Model
): EvaluatedRun['variants'][number] | undefined =>
  variants.find((entry) => isPlain(entry) && weightsKey(entry.variant) === weightsKey(model))

/** Summarises how an evaluation compares a model with plain post; null if it does not compare them. */
export function evaluationFinding({ run, results }: Evaluated, model: Model): EvaluationFinding | null {
  const against = run.variants.find(({ variant }) => variant.name === results.comparedWith)
  if (against?.variant.kind !== 'post' || !isPlain(against)) return null
  const entry = entryOf(run, model)
  const result = results.variants.find(({ variant }) => variant === entry?.variant.name)
  if (result === undefined) return null
  const main = mainMeasures(run.task.kind, results.variants)
  const difference = result.differences[main.quality]
  const post = results.variants.find(({ variant }) => variant === results.comparedWith)
  const diversity: Change = changeOf(main.diversity, result.differences[main.diversity])
  return {
    evaluationId: run.id,
    task: run.task.name,
    diversity,
    loss:
      difference !== undefined && isLoss(main.quality, difference)
        ? {
            measure: main.quality,
            mean: difference.mean,
            postMean: post?.measures[main.quality]?.mean ?? null
          }
        : null,
    better: betterOf({ run, results }, result.variant, main)
  }
}

/** Returns the most diverse variant that is surely better than the given one. */
export function betterOf(
  { run, results }: { run: Pick<EvaluatedRun, 'variants'>; results: Evaluated['results'] },
  variant: string,
  main: ReturnType<typeof mainMeasures>
): EvaluationFinding['better'] {
  const [first] = betterVariants(results, variant, main)
  const entry = run.variants.find(({ variant: { name } }) => name === first?.variant)
  if (first === undefined || entry === undefined) return null
  const { variant: model } = entry
  const { name } = model
  return {
    name,
    phrase: modelPhrase(model, name),
    model: isExternal(model) ? null : model,
    basis: 'evaluation',
    modelsPerToken: isExternal(model) ? null : model.kind === 'baseline' && needsBase(model.baseline) ? 2 : 1,
    failsCheck: false,
    inBoth: first.changes.diversity === 'better' && first.changes.quality === 'better'
  }
}

/** Returns the finding of the newest complete evaluation of a model. @param evaluations newest first */
export function newestFinding(
  evaluations: readonly (Evaluated & Pick<EvaluationView, 'complete'>)[],
  checkpoints: PairFingerprints,
  model: Model
): EvaluationFinding | null {
  const newest = evaluations.find(({ run, complete }) => complete && evaluates(run, checkpoints, model))
  return newest === undefined ? null : evaluationFinding(newest, model)
}
