import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import type { CheckResult } from '../../../../../src/contract/documents/answer-check'
import type { SweepDocument } from '../../../../../src/contract/documents/crc'
import { describeCheck } from '../../../../../src/main/cli/printing/check-report'
import { describeSweep } from '../../../../../src/main/cli/printing/sweep-report'
import { checkAfter } from '../../../../../src/main/cli/commands/sweep'
import { sweepOptions } from '../../../../../src/main/cli/commands/sweep-options'
import { computeSelection as selectionSteps } from '../../../../../src/main/crc/selection/selection'
import { tinyCheck, tinySweep, whole } from '../../../../fixtures/tiny-sweep'
import { runToEnd } from '../../../../../src/main/base/steps'
import { DEFAULT_SEED } from '../../../../../src/contract/model/resampling'

const NEXT = { check: 'slr check' }

const computeSelection = (...given: Parameters<typeof selectionSteps>) => runToEnd(selectionSteps(...given))

/** The tiny sweep, with its prompts asked twice where that gives enough of them for intervals. */
function sweepOf(changed: Partial<SweepDocument> = {}, isTwice = false): SweepDocument {
  const tiny = tinySweep()
  const often = <Part extends { prompts: unknown[] }>(part: Part): Part => ({
    ...part,
    prompts: isTwice ? [...part.prompts, ...part.prompts] : part.prompts
  })
  const sweep = {
    ...tiny,
    ...often(tiny),
    post: often(tiny.post),
    ranges: tiny.ranges.map(often),
    ...changed
  }
  return { ...sweep, selection: sweep.selection ?? computeSelection(sweep, 0.9) }
}

const CHECK = tinyCheck([
  { recipe: { name: 'Layer 1', ranges: [[1, 1]] }, ...whole(0.5, 0.8) },
  { recipe: { name: 'Layer 0', ranges: [[0, 0]] }, ...whole(0.95, 0.5) }
])

it('writes the findings of a sweep and a check for the terminal', async () => {
  const { post } = tinySweep()
  const gain = { mean: 0.2, interval: [0.1, 0.3] satisfies [number, number], pValue: 0.001 }
  const means = { validity: 0.9, diversity: 0.5 }
  const holdOut = {
    ...{ selectionPromptCount: 7, holdOutPromptCount: 6, post: means, selected: means },
    gain: { validity: gain, diversity: gain }
  }
  const { selection: chosen } = sweepOf({}, true)
  if (chosen === null) throw new Error('the tiny sweep selects a range')
  const unfit = { ...post, validity: 0.67, prompts: [...post.prompts, ...post.prompts] }
  const cases: [string, SweepDocument, CheckResult | null][] = [
    ['Too few prompts for an interval', sweepOf(), null],
    ['Checked', sweepOf(), CHECK],
    ['Enough prompts', sweepOf({ base: null }, true), null],
    ['Split', sweepOf({ selection: { ...chosen, holdOut } }, true), null],
    ['Prompts that post fails', sweepOf({ post: unfit }, true), null]
  ]
  const texts = cases.map(
    ([name, sweep, check]) =>
      `# ${name}\n\n${describeSweep(sweep, check, () => NEXT, { promptSet: 'crc', details: true })}`
  )
  const check = describeCheck(CHECK, null, { rho: 0.9, next: NEXT, details: true, preview: [] })
  await expect(stripVTControlCharacters([...texts, `# Check\n\n${check}`, ''].join('\n\n'))).toMatchFileSnapshot(
    './sweep-report.golden.txt'
  )
})

it.each([
  [{}, 'slr check --demo'],
  [{ rho: 0.8 }, 'slr check --from sweep.json --rho 0.8, after the same command with --out sweep.json'],
  [{ preview: true, seed: 3 }, 'slr check --from sweep.json, after the same command with --out sweep.json']
])('names after a sweep of the demo the check of that very sweep: %j', (given, next) => {
  expect(
    checkAfter(
      {
        ...sweepOptions.schema.parse({ demo: 'stages', seed: DEFAULT_SEED, ...given }),
        json: false,
        quiet: false
      },
      {}
    )
  ).toBe(next)
})
