import { expect, it } from 'vitest'
import { recipeCheck } from '../../../../src/contract/words/recipe-check'
import { recipeDoubt } from '../../../../src/contract/words/recipe-doubt'
import { tinyCheck, whole } from '../../../fixtures/tiny-sweep'

const recipe = { name: 'upper', ranges: [[1, 1] satisfies [number, number]] }
const selection = { rivals: [], minimumValidity: 0.892 }

it.each([
  [
    'fails the check',
    whole(0.5, 0.8),
    0.95,
    'upper fails the check, 0.500 on whole answers: at least 0.882 is kept'
  ],
  ['is below the limit', null, 0.771, 'upper: below the limit: validity 0.771 on first tokens, of 0.892'],
  ['was not scored', null, null, null],
  ['keeps the limit', null, 0.9, null],
  ['holds', whole(0.95, 0.8), 0.95, null]
] as const)('of a recipe that %s', (_, answers, firstToken, words) => {
  const check = answers === null ? null : tinyCheck([{ recipe, ...answers }])
  const evidence = { check, rho: 0.9, selection }
  const doubt = recipeDoubt(recipe, recipeCheck(evidence, recipe, firstToken), evidence)
  if (words === null) expect(doubt).toBeNull()
  else expect(doubt).toContain(words)
})

it('of a range that its sweep selects and cannot tell from others, but of none that is one of a family', () => {
  const doubt = (state: 'unstable' | 'unfit-prompts' | 'family') =>
    recipeDoubt(
      recipe,
      { state, words: 'by the task “Facts”: No range stands out' },
      { check: null, rho: 0.9 }
    )
  expect(doubt('unstable')).toBe('upper: by the task “Facts”: No range stands out')
  expect(doubt('unfit-prompts')).not.toBeNull()
  expect(doubt('family')).toBeNull()
})
