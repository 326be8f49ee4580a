import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { describeSweep } from '../../../../../src/main/cli/printing/sweep-report'
import { checkAfter } from '../../../../../src/main/cli/commands/sweep'
import { sweepOptions } from '../../../../../src/main/cli/commands/sweep-options'
import { selection as selectionSteps } from '../../../../../src/main/crc/selection/selection'
import { tinyCheck, tinySweep, whole } from '../../../../fixtures/tiny-sweep'
import { runToEnd } from '../../../../../src/main/base/steps'
import { DEFAULT_SEED } from '../../../../../src/contract/model/resampling'

const selection = (...given: Parameters<typeof selectionSteps>) => runToEnd(selectionSteps(...given))

it('tells people of a sweep what a check that still holds of it makes of it', () => {
  const tiny = tinySweep()
  const sweep = { ...tiny, selection: selection(tiny.prompts, tiny.post, tiny.ranges, 0.9) }
  const check = tinyCheck([
    { recipe: { name: 'Layer 1', ranges: [[1, 1]] }, ...whole(0.5, 0.8) },
    { recipe: { name: 'Layer 0', ranges: [[0, 0]] }, ...whole(0.95, 0.5) }
  ])
  const [unchecked, checked] = [null, check].map((of) =>
    stripVTControlCharacters(describeSweep(sweep, of, 'slr check'))
  )
  expect(unchecked).toMatch(/^.*[Ll]ayer 1\b/)
  expect(unchecked).toMatch(/^layer 1 /m)
  expect(checked).toMatch(/^.*[Ll]ayer 0\b/)
  expect(checked).toMatch(/^layer 0 /m)
  expect(checked).not.toMatch(/^layer 1 /m)
})

const sweptTwice = (changed: Partial<ReturnType<typeof tinySweep>>): string => {
  const tiny = tinySweep()
  const twice = <Of extends { prompts: unknown[] }>(of: Of): Of => ({
    ...of,
    prompts: [...of.prompts, ...of.prompts]
  })
  const sweep = {
    ...tiny,
    ...twice(tiny),
    post: twice(tiny.post),
    ranges: tiny.ranges.map(twice),
    ...changed
  }
  return stripVTControlCharacters(
    describeSweep(
      { ...sweep, base: null, selection: selection(sweep.prompts, sweep.post, sweep.ranges, 0.9) },
      null,
      'slr check'
    )
  )
}

it('names no interval and no share of resamples below six prompts', () => {
  const tiny = tinySweep()
  const few = stripVTControlCharacters(
    describeSweep(
      { ...tiny, selection: selection(tiny.prompts, tiny.post, tiny.ranges, 0.9) },
      null,
      'slr check'
    )
  )
  expect(few).toContain(
    'Too few prompts for an interval, or for how often a range is picked: 3, and 6 are needed.'
  )
  expect(few).not.toMatch(/95 %|Picked in/)
  expect(sweptTwice({})).toMatch(/95 % interval[^]*Picked in the resamples/)
})

it('says of a split sweep which figures are of the selection prompts and which of the hold-out prompts', () => {
  const tiny = tinySweep()
  const chosen = selection(tiny.prompts, tiny.post, tiny.ranges, 0.9)
  const gain = { mean: 0.2, interval: [0.1, 0.3] as [number, number], pValue: 0.001 }
  const means = { validity: 0.9, diversity: 0.5 }
  const holdOut = {
    ...{ selectionPromptCount: 7, holdOutPromptCount: 6, post: means, selected: means },
    gain: { validity: gain, diversity: gain }
  }
  const told = stripVTControlCharacters(
    describeSweep({ ...tiny, selection: { ...chosen, holdOut } }, null, 'slr check')
  )
  expect(told).toContain('Gain in diversity on the 6 hold-out prompts: +0.200 (+0.100 to +0.300, p = 0.001).')
  expect(told).toContain('Picked in the resamples of the 7 selection prompts: ')
  expect(told).toContain('0.9 x post on the 7 selection prompts)')
  expect(told).toContain('the range was chosen on the 7 selection prompts only.')
  expect(told).not.toMatch(/resamples? of the prompts/)
})

it('says nothing of how sure a range is where the prompts do not fit', () => {
  const { post } = tinySweep()
  const unfit = sweptTwice({ post: { ...post, validity: 0.67, prompts: [...post.prompts, ...post.prompts] } })
  expect(unfit).toMatch(/^The prompts do not fit this model/)
  expect(unfit).not.toMatch(/95 %|Picked in/)
})

it.each([
  [{}, 'slr check --demo'],
  [{ rho: 0.8 }, 'slr check --from sweep.json --rho 0.8, of the same command with --out sweep.json'],
  [{ preview: true, seed: 3 }, 'slr check --from sweep.json, of the same command with --out sweep.json']
])('names after a sweep of the demo the check of that very sweep: %j', (given, next) => {
  expect(
    checkAfter({
      ...sweepOptions.schema.parse({ demo: true, seed: DEFAULT_SEED, ...given }),
      json: false,
      quiet: false
    })
  ).toBe(next)
})

it('names the built-in set that a sweep asks', () => {
  const tiny = tinySweep()
  const sweep = { ...tiny, selection: selection(tiny.prompts, tiny.post, tiny.ranges, 0.9) }
  const told = stripVTControlCharacters(describeSweep(sweep, null, 'slr check', { promptSet: 'crc' }))
  expect(told).toContain('Means over 3 prompts of the built-in set crc, then over categories')
})
