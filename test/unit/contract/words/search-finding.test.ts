import type { Recipe } from '../../../../src/contract/model/recipe'
import { nameStrengths, recipeOf, recipeStrengths } from '../../../../src/contract/model/strengths'
import { expect, describe, it } from 'vitest'
import type { CheckResult } from '../../../../src/contract/documents/answer-check'
import { BY_CHARACTERS } from '../../../../src/contract/documents/scored-by'
import { defaultSearchSettings } from '../../../../src/contract/documents/search'
import { searchFinding } from '../../../../src/contract/words/search-words'
import {
  checked,
  checkOfModels,
  FAILING,
  LAYERS,
  PASSING,
  range,
  score,
  whole
} from '../../../fixtures/verdict-evidence'

describe('the words of a search', () => {
  const search = (verdict: 'none' | 'unproven' | 'confirmed') => ({
    scoredBy: BY_CHARACTERS,
    source: null,
    verdict,
    found: [{ recipe: { name: 'found', ranges: [[4, 11] satisfies [number, number]] } }],
    range: { ...range(5, 11), ...score(0.92, 0.9), range: range(5, 11) },
    heldOut: null,
    settings: defaultSearchSettings('greedy', LAYERS),
    layerCount: LAYERS,
    stopped: 'nothing-better' as const,
    generations: []
  })
  const finding = (verdict: 'none' | 'unproven' | 'confirmed', check: CheckResult | null) =>
    searchFinding(search(verdict), check, 0.9)

  it('claim no more than first tokens before whole answers were checked, and ask for the check', () => {
    expect(finding('confirmed', null)).toEqual({
      words:
        'On first tokens only, found is more diverse than layers 5–11, and the gain holds on prompts that did not select it. ' +
        'Full answers are not checked.',
      checkNext: true
    })
    const other = checkOfModels(checked(range(0, 3), whole(0.9, 0.9)))
    expect(finding('unproven', other).words).toMatch(
      /on the prompts that selected it, but the gain on unseen ones is uncertain\. Full answers/
    )
  })

  it('say that nothing was tried where the budget has no room for one generation', () => {
    const nothing = { ...search('none'), stopped: 'budget' as const }
    const settings = { ...nothing.settings, blockEvaluations: 100 }
    expect(searchFinding({ ...nothing, settings }, null, 0.9)).toEqual({
      words:
        'Nothing was tried. A budget of 100 block evaluations is too small for one generation: increase it.',
      checkNext: false
    })
    expect(finding('none', null).words).toBe('No recipe that was tried is more diverse than layers 5–11.')
  })

  it('name a recipe by its layers unless the user has named it, or they are too many', () => {
    const finding = (recipe: Recipe): string =>
      searchFinding({ ...search('confirmed'), found: [{ recipe }] }, null, 0.9).words
    const ranged = recipeStrengths({ name: '', ranges: [[4, 11]] }, LAYERS)
    const layers = ranged.map((layer, place) => (place === 2 ? { ...layer, attention: 1 } : layer))
    expect(finding(recipeOf(nameStrengths(layers), layers))).toMatch(
      /^On first tokens only, attention 2, 4–11 is more/
    )
    expect(finding(recipeOf('Layers I like', layers))).toMatch(/^On first tokens only, Layers I like is more/)
    const many = ranged.map((layer, place) => ({ ...layer, attention: place / 100, mlp: place / 50 }))
    expect(finding(recipeOf(nameStrengths(many), many))).toMatch(
      /^On first tokens only, the best recipe is more/
    )
  })

  it('say what stands against a gain that is sure', () => {
    const recipe = { name: 'found', ranges: [[4, 11] satisfies [number, number]] }
    const scores = { found: score(0.88, 0.93), range: score(0.92, 0.9), post: score(0.99, 0.45) }
    const heldOut = {
      ...{
        difference: 0.03,
        interval: [0.02, 0.04] satisfies [number, number],
        confidence: 0.95,
        resamples: 1000
      },
      ...scores,
      recipes: [recipe, recipe] satisfies [unknown, unknown]
    }
    const { words } = searchFinding({ ...search('unproven'), heldOut }, null, 0.9)
    expect(words).toContain('and on unseen ones too, but validity is too low there: 0.880 of 0.891 required')
  })

  it('say first that the recipe fails the check, and why', () => {
    expect(finding('confirmed', FAILING)).toEqual({
      words: expect.stringMatching(
        /^found fails the check: full answers have validity 0\.860, below the limit of 0\.891 .*\. On first tokens it is more diverse/
      ),
      checkNext: false
    })
  })

  it('say what holds on whole answers', () => {
    expect(finding('confirmed', PASSING)).toEqual({
      words: expect.stringMatching(
        /It passes the check: diversity 0\.\d{3} at validity 0\.900 on full answers \(post 0\.\d{3} at 0\.990\)\.$/
      ),
      checkNext: false
    })
  })

  it('say when the range that it compared with has failed the check since', () => {
    const baseline = checkOfModels(checked(range(5, 11), whole(0.5, 0.9)))
    expect(finding('confirmed', baseline).words).toMatch(
      /^On first tokens only, found is more diverse than layers 5–11 \(which fail the check\), and the gain holds/
    )
  })

  it('praise nothing where nothing better was found, whatever the check says', () => {
    const words = 'No recipe that was tried is more diverse than layers 5–11.'
    for (const check of [null, FAILING, PASSING]) {
      expect(finding('none', check)).toEqual({ words, checkNext: false })
    }
  })
})
