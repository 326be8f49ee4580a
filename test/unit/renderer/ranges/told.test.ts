import { expect, it } from 'vitest'
import { shownSweep } from '../../../../src/contract/documents/shown-sweep'
import { toldOf } from '../../../../src/renderer/ranges/told'
import { comparedSweep, selectionOfSecond } from '../../../fixtures/compared-sweeps'

const selection = selectionOfSecond(0.3)

it('marks no range and outlines none under a sampler that post itself fails', () => {
  const sweep = shownSweep(comparedSweep())
  const told = (validity: number) =>
    toldOf({
      scoredSweep: { ...sweep, post: { ...sweep.post, validity } },
      shownSelection: selection,
      shownCheck: null,
      objection: null,
      whatIf: { answer: { asked: { sampler: { temperature: 2, minP: 0 } } } }
    })
  expect(told(0.9)).toMatchObject({ mark: { label: 'selected' }, certainty: { wins: [{ share: 1 }] } })
  expect(told(0.4)).toMatchObject({ found: { state: 'unfit-prompts' }, mark: null, certainty: null })
})
