import { expect, it } from 'vitest'
import { recipeCheck } from '../../../../src/contract/words/recipe-check'
import { recipeDoubt } from '../../../../src/contract/words/recipe-doubt'
import { tinyCheck, whole } from '../../../fixtures/tiny-sweep'

const recipe = { name: 'upper', ranges: [[1, 1] satisfies [number, number]] }
const selection = { baselines: [], families: [], minimumValidity: 0.892 }

it.each([
  ['fails the check', whole(0.5, 0.8), 0.95, 'upper: fails the check, 0.500 on full answers'],
  ['is below the limit', null, 0.771, 'upper: below the limit: validity 0.771 on first tokens, of 0.892'],
  ['was not scored', null, null, null],
  ['keeps the limit', null, 0.9, null],
  ['holds', whole(0.95, 0.8), 0.95, null]
] as const)('of a recipe that %s', (_, answers, firstToken, words) => {
  const check = answers === null ? null : tinyCheck([{ recipe, ...answers }])
  const evidence = { check, rho: 0.9, selection }
  const doubt = recipeDoubt(recipe, recipeCheck(evidence, recipe, firstToken))
  if (words === null) expect(doubt).toBeNull()
  else expect(doubt).toContain(words)
})

it('of a range whose verdict is bad, but of none that is one of near-equal ranges', () => {
  const doubt = (state: 'unstable' | 'evaluated-loss' | 'near-ties') =>
    recipeDoubt(recipe, { state, words: 'by the task “Facts”: No range stands out.' })
  expect(doubt('unstable')).toBe('upper: by the task “Facts”: No range stands out.')
  expect(doubt('evaluated-loss')).not.toBeNull()
  expect(doubt('near-ties')).toBeNull()
})

it('of a recipe whose evaluation is being read, without a full stop behind the ellipsis', () => {
  const words = 'upper: a baseline does better. Reading the evaluation…'
  expect(recipeDoubt(recipe, { state: 'unstable', words })).toBe(words)
})
