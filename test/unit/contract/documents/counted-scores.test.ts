import { expect, test } from 'vitest'
import type { CountedPrompt } from '../../../../src/contract/documents/counted-scores'
import type { PromptScore, RangeScore, SweepDocument } from '../../../../src/contract/documents/crc'
import { elementAt } from '../../../../src/contract/model/look-up'
import { runToEnd } from '../../../../src/main/base/steps'
import { selectionOf } from '../../../../src/main/crc/selection/compare-baselines'
import { signFlip } from '../../../../src/main/crc/selection/sign-flip'
import { averageScores } from '../../../../src/main/crc/task/scoring'
import { tinyTaskSweep } from '../../../fixtures/tiny-sweep'

const promptsOf = (measure: CountedPrompt['measure'], categories: readonly string[]): CountedPrompt[] =>
  categories.map((category) => ({ category: `${measure}: ${category}`, measure }))
const regained = promptsOf('diversity', ['name', 'name', 'name'])
const kept = promptsOf('validity', ['fact', 'fact', 'sum', 'sum', 'sum', 'sum', 'sum', 'sum'])
const prompts = [...regained, ...kept]

/** Scores that differ between prompts and models. */
const scoresOf = (model: number): PromptScore[] =>
  prompts.map((_, prompt) => ({
    validity: 0.9 - ((prompt * 7 + model * 3) % 5) / 20,
    diversity: 0.2 + model / 10 + ((prompt * 5 + model) % 7) / 30,
    effectiveChoices: 2,
    probabilities: []
  }))

const validityOf = (scores: readonly PromptScore[]) => averageScores(kept, scores.slice(3)).categories

test('the kept task decides the validity, and the regained one the diversity', () => {
  const scores = scoresOf(1)
  const { validity, diversity, categories } = averageScores(prompts, scores)
  const means = Object.values(validityOf(scores)).map((category) => category.validity)
  expect(validity).toBeCloseTo((elementAt(means, 0, 'mean') + elementAt(means, 1, 'mean')) / 2, 12)
  const names = scores.slice(0, 3).map((score) => score.diversity)
  expect(diversity).toBeCloseTo(names.reduce((sum, value) => sum + value, 0) / 3, 12)
  // Categories keep their own means of both measures.
  expect(categories).toMatchObject(validityOf(scores))
})

test('baselines are compared on the prompts of the deciding task, and intervals are those of its means', () => {
  const scored = (model: number, start: number): RangeScore => ({
    ...{ start, end: start },
    ...averageScores(prompts, scoresOf(model))
  })
  const tiny = tinyTaskSweep()
  const rendered = elementAt(tiny.prompts, 0, 'prompt')
  const sweep: SweepDocument = {
    ...tiny,
    ...{ prompts: prompts.map((prompt) => ({ ...rendered, ...prompt })), recipes: [], uniformBlends: [] },
    ...{ post: scored(0, 0), ranges: [scored(2, 0), scored(1, 1)] }
  }
  const selection = runToEnd(selectionOf(sweep, sweep.ranges, 0.5))
  const [best, other] = sweep.ranges
  expect(selection.selected).toEqual({ start: 0, end: 0 })
  const [compared] = selection.baselines
  const differences = [0, 1, 2].map(
    (prompt) => (other?.prompts[prompt]?.diversity ?? NaN) - (best?.prompts[prompt]?.diversity ?? NaN)
  )
  const weights = differences.map(() => 1 / 3)
  expect(compared?.difference.diversity).toEqual(signFlip(differences, weights, selection.bootstrap.seed))
  const { selected } = selection.bootstrap
  const [low = NaN, high = NaN] = selected?.diversity ?? []
  expect((low + high) / 2).toBeCloseTo(best?.diversity ?? NaN, 1)
  expect(selection.minimumValidity).toBe(0.5 * sweep.post.validity)
})
