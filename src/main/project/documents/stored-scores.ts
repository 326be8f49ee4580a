import type { Score, SweepDocument } from '../../../contract/documents/crc'
import { blendName } from '../../../contract/documents/swept-model'
import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { fileError } from '../../../contract/model/problem'
import type { RestorationRange } from '../../../contract/model/recipe'
import { samplingBaselineName } from '../../../contract/model/sampling-baseline'
import { plural, rangePhrase } from '../../../contract/words/format'
import { averageScores } from '../../crc/task/scoring'

/** Maximum rounding error of a mean. A sum of probabilities may exceed 1 by as much. */
const ROUNDING = 1e-6

const MEASURES = ['validity', 'diversity'] as const

/** Refuses a sweep whose scores contradict each other, because somebody changed the file. @throws WorkbenchError */
export function requireTrueScores(sweep: SweepDocument, file: string): void {
  for (const [name, score] of scoresOf(sweep)) {
    const fault = valueFault(score) ?? promptFault(sweep, score) ?? meanFault(sweep, score)
    if (fault !== null) refuse(`${file} has for ${name} ${fault}.`)
  }
  const { layerCount, ranges, preview } = sweep
  const fault = rangeFault(layerCount, [...ranges, ...(preview === null ? [] : preview.ranges)])
  if (fault !== null) refuse(`${file} has ${fault}.`)
}

function refuse(what: string): never {
  throw fileError(
    what,
    'The file was changed after the sweep wrote it: sweep again, or take the file as it was written.'
  )
}

function scoresOf({
  base,
  fewShot,
  post,
  ranges,
  recipes,
  checkpoints,
  uniformBlends,
  baselines
}: SweepDocument): [string, Score][] {
  return [
    ...(base === null ? [] : [['base', base] satisfies [string, Score]]),
    ...(fewShot === undefined ? [] : [[FEW_SHOT_WORD, fewShot] satisfies [string, Score]]),
    ['post', post],
    ...ranges.map((score): [string, Score] => [rangePhrase(score), score]),
    ...recipes.map((score): [string, Score] => [`the recipe "${score.recipe.name}"`, score]),
    ...checkpoints.map((score): [string, Score] => [`the checkpoint "${score.name}"`, score]),
    ...uniformBlends.map((score): [string, Score] => [blendName(score), score]),
    ...baselines.map((score): [string, Score] => [samplingBaselineName(score.baseline), score])
  ]
}

/** Describes a value that is not from 0 to 1; null if there is none. */
function valueFault(score: Score): string | null {
  for (const measure of MEASURES) {
    // Index 0 is the mean, and index n the n-th prompt.
    const values = [score, ...score.prompts].map((entry) => entry[measure])
    const index = values.findIndex((value) => !(value >= 0 && value <= 1 + ROUNDING))
    if (index === 0) return `the ${measure} ${score[measure]}, expected 0 to 1`
    if (index > 0) return `on prompt ${index} the ${measure} ${score.prompts[index - 1]?.[measure]}, expected 0 to 1`
  }
  return null
}

/** Describes a number of scored prompts that differs from the number of the sweep's prompts; null if they are equal. */
const promptFault = ({ prompts }: Pick<SweepDocument, 'prompts'>, score: Score): string | null =>
  score.prompts.length === prompts.length
    ? null
    : `scores of ${plural(score.prompts.length, 'prompt')}, and the sweep is of ${prompts.length}`

/** Describes a range that the model does not have, or that occurs twice; null if there is none. */
function rangeFault(layerCount: number, ranges: readonly RestorationRange[]): string | null {
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

/** Describes a mean that is not the mean over the prompts; null if there is none. */
function meanFault({ prompts }: Pick<SweepDocument, 'prompts'>, score: Score): string | null {
  if (prompts.length === 0) return null
  const means = averageScores(prompts, score.prompts)
  const measure = MEASURES.find((one) => Math.abs(means[one] - score[one]) > ROUNDING)
  return measure === undefined
    ? null
    : `the mean ${measure} ${score[measure]}, but its prompts have ${means[measure].toFixed(6)}`
}
