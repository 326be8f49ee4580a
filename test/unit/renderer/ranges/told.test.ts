import { expect, it } from 'vitest'
import type { Selection } from '../../../../src/contract/documents/crc'
import { shownSweep } from '../../../../src/contract/documents/shown-sweep'
import { toldOf } from '../../../../src/renderer/ranges/told'
import { comparedSweep } from '../../../fixtures/compared-sweeps'

const interval: [number, number] = [0, 1]
const selection: Selection = {
  ...{ rho: 0.9, minimumValidity: 0.3, selected: { start: 1, end: 1 }, reason: null, reported: null },
  bootstrap: {
    ...{ resamples: 1, seed: 1, confidence: 0.95, noSelectionShare: 0, outOfBag: null, selected: null },
    wins: [{ start: 1, end: 1, share: 1 }],
    post: { validity: interval, diversity: interval }
  },
  ...{ crossFit: null, crossFitReason: null, rivals: [], tempered: [] }
}

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
