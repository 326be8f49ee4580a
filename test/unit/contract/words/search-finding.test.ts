import type { Recipe } from '../../../../src/contract/model/recipe'
import { nameStrengths, recipeOf, recipeStrengths } from '../../../../src/contract/model/strengths'
import { expect, describe, it } from 'vitest'
import type { CheckResult } from '../../../../src/contract/documents/answer-check'
import { BY_CHARACTERS } from '../../../../src/contract/documents/scored-by'
import { defaultSearchSettings } from '../../../../src/contract/documents/search'
import { searchFinding } from '../../../../src/contract/words/search-finding'
import { goldenText } from '../../../fixtures/golden-text'
import {
  baseline,
  checked,
  checkOfModels,
  FAILING,
  LAYERS,
  PASSING,
  range,
  score,
  STABLE,
  whole
} from '../../../fixtures/verdict-evidence'

const EVIDENCE = { check: null, rho: 0.9, selection: null, promptCount: 40 }

describe('the finding of a search', () => {
  const search = (verdict: 'none' | 'unproven' | 'confirmed') => ({
    scoredBy: BY_CHARACTERS,
    source: null,
    verdict,
    found: [{ ...score(0.9, 0.93), recipe: { name: 'found', ranges: [[4, 11] satisfies [number, number]] } }],
    range: { ...range(5, 11), ...score(0.92, 0.9), range: range(5, 11) },
    heldOut: null,
    comparison: null,
    settings: defaultSearchSettings('greedy', LAYERS),
    layerCount: LAYERS,
    stopped: 'nothing-better' as const,
    generations: []
  })
  const finding = (verdict: 'none' | 'unproven' | 'confirmed', check: CheckResult | null) =>
    searchFinding(search(verdict), { ...EVIDENCE, check })

  it('claim no more than was checked, and praise nothing where nothing better was found', async () => {
    const other = checkOfModels(checked(range(0, 3), whole(0.9, 0.9)))
    const rangeFails = checkOfModels(checked(range(5, 11), whole(0.5, 0.9)))
    const { settings } = search('none')
    const tooSmall = { stopped: 'budget' as const, settings: { ...settings, blockEvaluations: 100 } }
    const ranged = recipeStrengths({ name: '', ranges: [[4, 11]] }, LAYERS)
    const layers = ranged.map((layer, place) => (place === 2 ? { ...layer, attention: 1 } : layer))
    const many = ranged.map((layer, place) => ({ ...layer, attention: place / 100, mlp: place / 50 }))
    const named = (recipe: Recipe) =>
      searchFinding({ ...search('confirmed'), found: [{ ...score(0.9, 0.93), recipe }] }, EVIDENCE)
    const recipe = { name: 'found', ranges: [[4, 11] satisfies [number, number]] }
    const heldOut = {
      ...{
        difference: 0.03,
        interval: [0.02, 0.04] satisfies [number, number],
        confidence: 0.95,
        resamples: 1000
      },
      ...{ found: score(0.88, 0.93), range: score(0.92, 0.9), post: score(0.99, 0.45) },
      recipes: [recipe, recipe] satisfies [unknown, unknown]
    }
    const against = { ...STABLE, baselines: [baseline({ kind: 'filter', share: 0.001 })] }
    const shown = {
      'confirmed, full answers not checked': finding('confirmed', null),
      'unproven, another range checked': finding('unproven', other),
      'a sure gain at too low a validity': searchFinding({ ...search('unproven'), heldOut }, EVIDENCE),
      'a budget without room for a generation': searchFinding({ ...search('none'), ...tooSmall }, EVIDENCE),
      'a recipe named by its layers': named(recipeOf(nameStrengths(layers), layers)),
      'a recipe named by the user': named(recipeOf('Layers I like', layers)),
      'a recipe of too many layers': named(recipeOf(nameStrengths(many), many)),
      'fails the check': finding('confirmed', FAILING),
      'passes the check': finding('confirmed', PASSING),
      'the compared range fails the check': finding('confirmed', rangeFails),
      'on prompts that selected it': searchFinding(
        { ...search('unproven'), comparison: { ...heldOut, interval: [-0.01, 0.04] } },
        EVIDENCE
      ),
      'a baseline does better': searchFinding(search('confirmed'), { ...EVIDENCE, selection: against }),
      'nothing better': finding('none', null)
    }
    await expect(goldenText(shown)).toMatchFileSnapshot('./search-finding.golden.txt')
    for (const check of [FAILING, PASSING]) expect(finding('none', check)).toEqual(finding('none', null))
  })
})
