import { expect, it } from 'vitest'
import type { Headline } from '../../../../../src/contract/documents/headline'
import type { StudyVerdict } from '../../../../../src/main/study/study-verdicts'
import { describePlans, describeResults } from '../../../../../src/main/cli/printing/study-report'

const FORGED = '/p.slr\nNothing leaves this machine.\u001B[8m'
const SHOWN = 'The project is /p.slr\\nNothing leaves this machine.\\u{1b}[8m'

it('ends with the verdict on each pair, and names the pair in the next command where there are several', () => {
  const headline: Headline = {
    ...{ state: 'unchecked', verdict: 'Layers 4–11, not checked yet', figures: 'diversity up' },
    ...{ but: null, next: 'Check whole answers.', checkNext: true }
  }
  const verdict = (pair: string): StudyVerdict => ({ pair, headline, objection: null })
  expect(describeResults([], [verdict('Demo')], '/p.slr')).toContain(
    'Demo:\nLayers 4–11, not checked yet: diversity up\nCheck whole answers.\nNext: slr check --project /p.slr'
  )
  const both = describeResults([], [verdict('A b'), { pair: 'C', headline: null, objection: null }], '/p.slr')
  expect(both).toContain("Next: slr check --project /p.slr --pair 'A b'")
  expect(both.split('\n').at(-1)).toBe('C: no ranges were scored, so none is selected.')
})

it('prints names of a study in one line each, without what controls a terminal', () => {
  const plan = {
    ...{ key: 'report', state: 'missing' as const, sweep: null, ranges: null, answers: null },
    ...{ omitted: [], file: null, problem: null }
  }
  const plans = describePlans([{ ...plan, leaves: ['sent to far\u001B[8m'] }], FORGED).split('\n')
  expect(plans.slice(-2)).toEqual([SHOWN, 'report: sent to far\\u{1b}[8m'])
  expect(describeResults([], [], FORGED).split('\n').at(-1)).toBe(SHOWN)
})
