import { type EvaluationView, frameKey, mainMeasures } from '../documents/evaluation'
import type { SweepDocument } from '../documents/crc'
import { type Model, weightsKey } from '../model/model'
import { measureOf } from '../model/measures'
import { differenceWords, isLoss } from './evaluation-words'

type Evaluated = Pick<EvaluationView, 'complete'> & {
  readonly run: Pick<EvaluationView['run'], 'task' | 'variants' | 'basePath' | 'postPath'>
  readonly results: Pick<EvaluationView['results'], 'comparedWith' | 'variants'>
}

/**
 * What an evaluation has against a model that a sweep of the same checkpoints recommends: that it loses quality against post, beyond
 * what the prompts leave open.
 *
 * @returns null where it was not evaluated plainly, with no prompting or sampler of its own, and where nothing is lost for sure
 */
export function evaluationLoss(
  { run, results, complete }: Evaluated,
  { basePath, postPath }: Pick<SweepDocument, 'basePath' | 'postPath'>,
  model: Model
): string | null {
  const isOfPair =
    run.basePath.fingerprint === basePath.fingerprint && run.postPath.fingerprint === postPath.fingerprint
  const against = run.variants.find(({ variant }) => variant.name === results.comparedWith)
  if (!complete || !isOfPair || against?.variant.kind !== 'post' || !isPlain(against)) return null
  const wanted = weightsKey(model)
  const own = run.variants.find(
    (entry) =>
      entry.variant.kind === 'recipe' &&
      isPlain(entry) &&
      weightsKey({ kind: 'recipe', recipe: entry.variant.recipe }) === wanted
  )
  const result = results.variants.find(({ variant }) => variant === own?.variant.name)
  const { quality } = mainMeasures(run.task.kind, results.variants)
  const difference = result?.differences[quality]
  if (difference === undefined || !isLoss(quality, difference)) return null
  return `Evaluated on ${run.task.name}: at a loss of quality (${measureOf(quality).label.toLowerCase()} ${differenceWords(quality, difference)})`
}

const isPlain = (entry: EvaluationView['run']['variants'][number]): boolean =>
  frameKey(entry) === frameKey({}) && entry.sampling === undefined && entry.listed === undefined
