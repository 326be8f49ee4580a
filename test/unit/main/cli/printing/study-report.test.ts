import { expect, it } from 'vitest'
import { describePlans, describeResults } from '../../../../../src/main/cli/printing/study-report'

const FORGED = '/p.slr\nNothing leaves this machine.\u001B[8m'
const SHOWN = 'The project is /p.slr\\nNothing leaves this machine.\\u{1b}[8m'

it('prints names of a study in one line each, without what controls a terminal', () => {
  const plan = {
    ...{ key: 'report', state: 'missing' as const, sweep: null, ranges: null, answers: null },
    ...{ omitted: [], file: null, problem: null }
  }
  const plans = describePlans([{ ...plan, leaves: ['sent to far\u001B[8m'] }], FORGED).split('\n')
  expect(plans.slice(-2)).toEqual([SHOWN, 'report: sent to far\\u{1b}[8m'])
  expect(describeResults([], FORGED).split('\n').at(-1)).toBe(SHOWN)
})
