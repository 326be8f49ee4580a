import { expect, it } from 'vitest'
import { shownSweep } from '../../../../src/contract/documents/shown-sweep'
import { sweepResult } from '../../../../src/renderer/ranges/sweep-result'
import { comparedSweep, selectionOfSecond } from '../../../fixtures/compared-sweeps'

const selection = selectionOfSecond(0.3)

it('marks no range and outlines none under a sampler that post itself fails', () => {
  const sweep = shownSweep(comparedSweep())
  const result = (validity: number) =>
    sweepResult({
      numbers: {
        sweep: { ...sweep, post: { ...sweep.post, validity } },
        selection,
        rho: selection.rho,
        check: null,
        whatIf: { rho: selection.rho, sampler: { temperature: 2, minP: 0 }, draws: null, mix: null }
      },
      evaluated: { current: null, isReading: true },
      hasAnswers: true
    })
  expect(result(0.9)).toMatchObject({
    badge: { label: 'selected', good: true },
    certainty: { wins: [{ share: 1 }] }
  })
  expect(result(0.4)).toMatchObject({ verdict: { state: 'unfit-prompts' }, badge: null, certainty: null })
})
