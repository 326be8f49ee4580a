import { describe, expect, it } from 'vitest'
import { DEFAULT_RENDERING, type SweepDocument } from '../../../../src/contract/documents/crc'
import { SweepComparison } from '../../../../src/contract/documents/sweep-comparison'
import { agreementLines, comparisonFinding } from '../../../../src/contract/words/comparison-words'
import { compareSweeps } from '../../../../src/main/measures/compare-sweeps'
import { comparedSweep } from '../../../fixtures/compared-sweeps'
import { tinyTaskSweep, whole } from '../../../fixtures/tiny-sweep'
import { BARE_PREVIEW } from '../../../fixtures/bare-sweep'

const compared = (a: SweepDocument, b: SweepDocument, rho?: number) =>
  compareSweeps({ sweep: a, check: null }, { sweep: b, check: null }, rho === undefined ? {} : { rho })

/** Every other range turned around: their order in diversity is nearly the reverse. */
const reversed = (id = 'b'): SweepDocument =>
  comparedSweep({ id, diversity: (start, end) => -0.25 * (end - start) - 0.05 * start })

describe('two sweeps', () => {
  it('differ in nothing if they are the same sweep', async () => {
    const sweep = comparedSweep()
    const found = SweepComparison.parse(await compared(sweep, sweep))
    expect(found.differs).toEqual([])
    expect(found.ranges).toHaveLength(10)
    for (const { range, other, difference, margins } of found.ranges) {
      expect(other).toEqual(range)
      expect(difference).toEqual({ validity: 0, diversity: 0 })
      expect(margins).toEqual({ validity: 0, diversity: 0 })
    }
    expect(found.post.difference).toEqual({ validity: 0, diversity: 0 })
    expect(found.agreement.diversity).toBeCloseTo(1, 12)
    expect(found.agreement.validity).toBeCloseTo(1, 12)
    expect(found.selection).toMatchObject({ same: true, overlap: 1, a: { behind: 0, keepsEnough: true } })
    expect(found.leftOut).toEqual({ a: 0, b: 0 })
  })

  it('are compared by their prompts in any order', async () => {
    const sweep = comparedSweep()
    const turn = <Value>(values: readonly Value[]): Value[] => values.toReversed()
    const turned = {
      ...sweep,
      prompts: turn(sweep.prompts),
      post: { ...sweep.post, prompts: turn(sweep.post.prompts) },
      ranges: turn(sweep.ranges).map((range) => ({ ...range, prompts: turn(range.prompts) }))
    }
    const found = await compared(sweep, turned)
    expect(found.differs).toEqual([])
    expect(found.prompts).toEqual({ shared: 6, onlyA: 0, onlyB: 0 })
    expect(found.ranges.every(({ margins }) => margins.diversity === 0)).toBe(true)
    // Most keep the same validity, in sums of another order.
    expect(found.agreement.diversity).toBeCloseTo(1, 12)
    expect(found.agreement.validity).toBeCloseTo(1, 12)
  })

  it('list models besides the ranges that only one of them scored', async () => {
    const sweep = comparedSweep()
    const { post } = sweep
    const more = {
      ...sweep,
      uniformBlends: [0, 0.5, 1].map((strength) => ({ ...post, strength })),
      recipes: [{ ...post, recipe: { name: 'one', ranges: [[0, 1]] satisfies [number, number][] } }],
      whatIf: [{ temperature: 1, minP: 0.1 }]
    }
    expect((await compared(more, { ...sweep, baselines: [] })).differs).toEqual([
      { what: 'blends', a: '3 blends', b: 'none' },
      { what: 'models', a: '1 recipe', b: 'none' },
      { what: 'what if', a: 'kept for 1 sampler', b: 'not kept' }
    ])
  })

  it('give differences of the second minus the first, and carry ranges from one to the other', async () => {
    const found = await compared(comparedSweep(), reversed())
    const of = (start: number, end: number) =>
      found.ranges.find(({ range }) => range.start === start && range.end === end)
    expect(of(1, 2)?.difference.diversity).toBeCloseTo(-0.3, 12)
    expect(of(0, 0)?.difference.diversity).toBeCloseTo(0, 12)
    // All prompts differ by the same.
    expect(of(1, 2)?.margins.diversity).toBeCloseTo(0, 12)
    expect(found.agreement.diversity).toBeLessThan(-0.5)
    expect(found.a.selected).toEqual({ start: 2, end: 3 })
    expect(found.b.selected).toEqual({ start: 0, end: 0 })
    expect(found.selection.same).toBe(false)
    expect(found.selection.overlap).toBe(0)
    expect(found.selection.a?.score.diversity).toBeCloseTo(0.2525, 9)
    expect(found.selection.a?.behind).toBeCloseTo(0.21, 9)
    expect(found.selection.a?.gain).toBeLessThan(0)
  })

  it('have no margins if their prompts differ', async () => {
    const [a, b] = [comparedSweep({ promptCount: 8 }), comparedSweep({ id: 'b', promptCount: 6 })]
    const some = await compared(a, b)
    expect(some.prompts).toEqual({ shared: 6, onlyA: 2, onlyB: 0 })
    expect(some.differs).toEqual([{ what: 'prompts', a: '8 prompts, 2 here alone', b: '6 prompts, all in both' }])
    expect(some.ranges.every(({ margins }) => margins.diversity === null)).toBe(true)
    const other = { ...b, prompts: b.prompts.map((prompt) => ({ ...prompt, text: `Other: ${prompt.text}` })) }
    expect((await compared(a, other)).differs).toEqual([
      { what: 'prompts', a: '8 prompts', b: '6 prompts, none of them in both' }
    ])
  })

  it('list all differences in their settings', async () => {
    const sweep = comparedSweep()
    const other: SweepDocument = {
      ...sweep,
      device: 'webgpu',
      precision: 'fp16',
      programVersion: '',
      postPath: { path: '/models/post', fingerprint: 'cc' },
      basePath: { path: '/models/other', fingerprint: 'aa' },
      rendering: { ...DEFAULT_RENDERING, systemPrompt: 'Be brief.', templateArguments: { thinking: false } }
    }
    expect((await compared(sweep, other)).differs).toEqual([
      { what: 'post', a: '/models/post (fingerprint bb)', b: '/models/post (fingerprint cc)' },
      { what: 'system prompt', a: 'none', b: '"Be brief."' },
      { what: 'template arguments', a: 'none', b: 'thinking = false' },
      { what: 'device', a: 'CPU', b: 'WebGPU' },
      { what: 'precision', a: 'fp32', b: 'fp16' },
      { what: 'program', a: '0.1.0', b: 'not recorded' }
    ])
    const retold = { ...sweep, prompts: sweep.prompts.map((prompt) => ({ ...prompt, tokens: [1, 2] })) }
    expect((await compared(sweep, retold)).differs.map(({ what }) => what)).toEqual(['tokens'])
  })

  it('are compared by relative depth if their depths differ, and omitted ranges are counted', async () => {
    const [shallow, deep] = [comparedSweep({ layerCount: 3 }), comparedSweep({ id: 'b', layerCount: 6 })]
    const found = await compared(shallow, deep)
    expect(found.by).toBe('relative depth')
    expect(found.differs.map(({ what }) => what)).toEqual(['layers', 'ranges'])
    expect(found.ranges.map(({ range, other }) => [range.start, range.end, other.start, other.end])).toEqual([
      [0, 0, 0, 1],
      [0, 1, 0, 3],
      [0, 2, 0, 5],
      [1, 1, 2, 3],
      [1, 2, 2, 5],
      [2, 2, 4, 5]
    ])
    expect(found.leftOut).toEqual({ a: 0, b: 15 })
    // Every range of the deeper one has a counterpart, which it shares with others.
    const back = await compared(deep, shallow)
    expect(back.ranges).toHaveLength(21)
    expect(back.leftOut).toEqual({ a: 0, b: 0 })
    expect(back.selection.a?.other).toEqual({ start: 2, end: 2 })
  })

  it('select by one limit if it is given, and by their own limits otherwise', async () => {
    const sweep = comparedSweep()
    const found = await compared(sweep, sweep, 0.5)
    expect([found.a.rho, found.b.rho]).toEqual([0.5, 0.5])
    expect(found.a.selected).toEqual({ start: 0, end: 3 })
    const checkedRange = (start: number, validity: number) => ({
      recipe: { name: 'checked', ranges: [[start, start + 1] satisfies [number, number]] },
      ...{
        firstToken: { validity: 0.9, diversity: 0.6 },
        answers: { validity, diversity: 0.6 },
        undecided: 0
      }
    })
    const models = [checkedRange(2, 0.1), checkedRange(1, 0.9)]
    const checkOfBest = { layerCount: 4, source: null, post: whole(0.9, 0.3), models, baselines: [] }
    const checked = await compareSweeps({ sweep, check: null }, { sweep, check: checkOfBest })
    expect(checked.a.selected).toEqual({ start: 2, end: 3 })
    expect(checked.b.selected).toEqual({ start: 1, end: 2 })
    expect(checked.differs).toEqual([{ what: 'check', a: 'not checked', b: '2 ranges checked, 2–3 rejected' }])
    expect(comparisonFinding(checked).verdict).toMatch(
      "A selects layers 2–3, B selects layers 1–2, only because B's full-answer check rejects layers 2–3, " +
        'which both would select by first tokens; by diversity'
    )
    const alike = await compareSweeps({ sweep, check: checkOfBest }, { sweep, check: checkOfBest })
    expect(alike.differs).toEqual([])
    expect(comparisonFinding(alike).verdict).toMatch(/^Both select layers 1–2;/)
  })

  it('use only exact scores of a preview, and give no order of a few ranges', async () => {
    const sweep = comparedSweep({ id: 'b' })
    const preview = {
      prompts: [0, 2],
      ranges: sweep.ranges.slice(4).map((range) => ({ ...range, margins: { validity: 0, diversity: 0 } })),
      ...BARE_PREVIEW
    }
    const found = await compared(comparedSweep(), { ...sweep, ranges: sweep.ranges.slice(0, 4), preview })
    expect([found.a.estimatedCount, found.b.estimatedCount]).toEqual([0, 6])
    expect(comparisonFinding(found).verdict).toMatch(
      /; the order of their ranges by diversity cannot be compared: only 4 ranges were scored on all prompts in both\.$/
    )
    expect(comparisonFinding(found).depth).toBe(
      '6 ranges of A are left out: B is a preview and has only estimated them.'
    )
    expect(agreementLines(found)).toContain('Diversity: no rank correlation for 4 ranges; it needs 10.')
    expect(found.differs).toEqual([{ what: 'ranges', a: '10 ranges', b: '4 ranges, 6 more only estimated' }])
  })

  it('are refused if they measure different things or have no ranges', async () => {
    const sweep = comparedSweep()
    await expect(compared(sweep, tinyTaskSweep())).rejects.toThrow(/one is scored by first tokens.*Letters/)
    await expect(compared(sweep, { ...sweep, id: 'bare', ranges: [] })).rejects.toThrow(
      'The sweep bare scored no ranges'
    )
    const [first, ...rest] = sweep.ranges
    if (first === undefined) throw new Error('no ranges')
    const others = compared({ ...sweep, ranges: [first] }, { ...sweep, id: 'b', ranges: rest })
    await expect(others).rejects.toThrow('have no range in common')
  })

  it('stop comparing on a signal', async () => {
    const sweep = comparedSweep()
    const side = { sweep, check: null }
    const stopped = compareSweeps(side, side, { signal: AbortSignal.abort() })
    await expect(stopped).rejects.toMatchObject({ problem: { code: 'cancelled' } })
  })
})
