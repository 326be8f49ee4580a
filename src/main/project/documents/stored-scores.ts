import type { Score, SweepDocument } from '../../../contract/documents/crc'
import { blendName } from '../../../contract/documents/swept-model'
import { WorkbenchError } from '../../../contract/model/problem'
import type { RestorationRange } from '../../../contract/model/recipe'
import { samplingBaselineName } from '../../../contract/model/sampling-baseline'
import { plural, rangePhrase } from '../../../contract/words/format'
import { averageScores } from '../../crc/task/scoring'

/** What rounding may put between a stored mean and that of the stored values, or above certainty. */
const ROUNDING = 1e-6

const MEASURES = ['validity', 'diversity'] as const

/**
 * Refuses a sweep whose means are not those of its prompts, whose models have scores of other prompts than it names, or whose ranges
 * are none of its model's, which somebody has changed: every command would believe them, or fail over them.
 *
 * @throws WorkbenchError `bad-file` naming the model and what is wrong of it
 */
export function requireTrueScores(sweep: SweepDocument, file: string): void {
  for (const [name, score] of scoresOf(sweep)) {
    const wrong = outside(score) ?? otherPrompts(sweep, score) ?? otherMean(sweep, score)
    if (wrong !== null) refuse(`${file} has for ${name} ${wrong}.`)
  }
  const { layerCount, ranges, preview } = sweep
  const wrong = otherRange(layerCount, [...ranges, ...(preview === null ? [] : preview.ranges)])
  if (wrong !== null) refuse(`${file} has ${wrong}.`)
}

function refuse(what: string): never {
  throw new WorkbenchError(
    'bad-file',
    what,
    'The file was changed after the sweep wrote it: sweep again, or take the file as it was written.'
  )
}

function scoresOf({
  base,
  post,
  ranges,
  recipes,
  checkpoints,
  uniformBlends,
  baselines
}: SweepDocument): [string, Score][] {
  return [
    ...(base === null ? [] : [['base', base] satisfies [string, Score]]),
    ['post', post],
    ...ranges.map((score): [string, Score] => [rangePhrase(score), score]),
    ...recipes.map((score): [string, Score] => [`the recipe "${score.recipe.name}"`, score]),
    ...checkpoints.map((score): [string, Score] => [`the checkpoint "${score.name}"`, score]),
    ...uniformBlends.map((score): [string, Score] => [blendName(score.strength), score]),
    ...baselines.map((score): [string, Score] => [samplingBaselineName(score.baseline), score])
  ]
}

/** A share that is none, of a prompt or as a mean; null where there is none. */
function outside(score: Score): string | null {
  for (const measure of MEASURES) {
    const place = [score, ...score.prompts].findIndex(
      ({ [measure]: value }) => !(value >= 0 && value <= 1 + ROUNDING)
    )
    if (place === 0) return `the ${measure} ${score[measure]}, expected 0 to 1`
    if (place > 0)
      return `on prompt ${place} the ${measure} ${score.prompts[place - 1]?.[measure]}, expected 0 to 1`
  }
  return null
}

/** Scores that stand beside no prompt, or prompts without one; null where each has its own. */
const otherPrompts = ({ prompts }: Pick<SweepDocument, 'prompts'>, score: Score): string | null =>
  score.prompts.length === prompts.length
    ? null
    : `scores of ${plural(score.prompts.length, 'prompt')}, and the sweep is of ${prompts.length}`

/** A range that is none of the model, or one that is there twice; null where there is none. */
function otherRange(layerCount: number, ranges: readonly RestorationRange[]): string | null {
  const seen = new Set<string>()
  for (const { start, end } of ranges) {
    const name = `${start}-${end}`
    if (start < 0 || start > end || end >= layerCount)
      return `the range ${name}, and its models have ${plural(layerCount, 'layer')}`
    if (seen.has(name)) return `the range ${name} twice`
    seen.add(name)
  }
  return null
}

/** A mean that is not that of the prompts; null where all are, or there are no prompts. */
function otherMean({ prompts }: Pick<SweepDocument, 'prompts'>, score: Score): string | null {
  if (prompts.length === 0) return null
  const means = averageScores(prompts, score.prompts)
  const measure = MEASURES.find((one) => Math.abs(means[one] - score[one]) > ROUNDING)
  return measure === undefined
    ? null
    : `the mean ${measure} ${score[measure]}, but its prompts have ${means[measure].toFixed(6)}`
}
