import { expect, it } from 'vitest'
import { shownSweep } from '../../../../../src/contract/documents/shown-sweep'
import { keepAction } from '../../../../../src/renderer/ranges/trade-off/keep-selection'
import { scoredModel } from '../../../../../src/renderer/recipes/scored-models'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

const document = tinySweep()
const sweep = shownSweep({
  ...document,
  baselines: [{ ...document.post, baseline: { kind: 'mix', share: 0.5 } }]
})
const models = (...keys: string[]) => keys.flatMap((key) => scoredModel(sweep, null, key) ?? [])

it('says how many of the marked models cannot be kept', () => {
  expect(keepAction(models('0-0', '1-1'), 2)).toMatchObject({ label: 'Keep', why: null })
  const mixed = keepAction(models('0-0', '1-1', 'mix 0.5'), 3)
  expect([mixed.label, mixed.recipes.length]).toEqual(['Keep 2 recipes (1 can’t be kept)', 2])
  const none = keepAction(models('mix 0.5'), 1)
  expect([none.label, none.why, none.recipes]).toEqual(['Keep', 'Only recipes can be kept, and none is selected.', []])
})
