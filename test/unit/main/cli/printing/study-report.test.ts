import { expect, it } from 'vitest'
import { verdictOf } from '../../../../../src/contract/words/verdict'
import type { StudyVerdict } from '../../../../../src/main/study/study-verdicts'
import { PASSING, UNCHECKED } from '../../../../fixtures/verdict-evidence'
import { describePlans, describeResults } from '../../../../../src/main/cli/printing/study-report'

const FORGED = '/p.slr\nNothing leaves this machine.\u001B[8m'
const SHOWN = 'Project: /p.slr\\nNothing leaves this machine.\\u{1b}[8m'

it('ends with the verdict on each pair, and names the pair in the next command', () => {
  const verdict = verdictOf(UNCHECKED)
  const of = (pair: string): StudyVerdict => ({ pair, demo: null, verdict })
  // The project may have other pairs, which were not swept.
  expect(describeResults([], [of('Demo')], '/p.slr', true)).toContain(
    `Demo:\n${verdict.headline}\nUnknown: whether full answers hold. Next: slr check --project /p.slr --pair Demo`
  )
  const both = describeResults([], [of('A b'), { pair: 'C', demo: null, verdict: null }], '/p.slr', true)
  expect(both).toContain("Next: slr check --project /p.slr --pair 'A b'")
  expect(both).toContain('C: no ranges were scored, so none is selected.')
})

it('proposes the first task of a built-in pair, and the open task for other pairs', () => {
  const checked = verdictOf({ ...UNCHECKED, check: PASSING })
  const next = (demo: StudyVerdict['demo']): string =>
    describeResults([], [{ pair: 'P', demo, verdict: checked }], '/p.slr', true)
  expect(next('stages')).toContain('--task demo-names')
  expect(next(null)).toContain('--task open')
})

it('prints names of a study in one line each, without what controls a terminal', () => {
  const plan = {
    ...{ key: 'report', state: 'missing' as const, sweep: null, ranges: null, answers: null },
    ...{ omitted: [], file: null, problem: null }
  }
  const plans = describePlans([{ ...plan, leaves: ['sent to far\u001B[8m'] }], FORGED).split('\n')
  expect(plans.slice(-2)).toEqual([SHOWN, 'report: sent to far\\u{1b}[8m'])
  expect(describeResults([], [], FORGED, true).split('\n').at(-1)).toBe(SHOWN)
})
