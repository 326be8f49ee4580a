import { sampleRankCorrelation } from 'simple-statistics'
import { describe, expect, it } from 'vitest'
import type { RangeScore, SweepDocument } from '../../../../src/contract/documents/crc'
import { DEPTH_RAMPS } from '../../../../src/contract/model/recipe'
import { spanKey } from '../../../../src/contract/model/strengths'
import { betterEstimates } from '../../../../src/contract/words/preview-words'
import type { CrcSweepEvent } from '../../../../src/main/crc/sweep/compute-sweep'
import { runCrcSweep } from '../../../../src/main/crc/sweep/crc-sweep'
import { withFewShotBase } from '../../../../src/main/crc/sweep/few-shot-base'
import type { SweepRequest } from '../../../../src/contract/procedures/engine'
import { withHalvesAlone } from '../../../../src/main/crc/sweep/follow-up'
import { HeldEngine, inOrder } from '../../../fixtures/held-engine'
import { scriptedEngine } from '../../../fixtures/scripted-engine'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { computeSweep, demoSweep, sweepHistory } from '../../../fixtures/swept-demo'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { demoPrompts, demoSweepDocument, shortPair } from '../../../fixtures/swept-project'

const { signal } = new AbortController()
const DEMO_WORK = { blockEvaluations: 388, packedTokens: 431 }

describe('a preview of the demo pair', async () => {
  const engine = sharedEngine.client()
  const request = await demoSweep({ baselines: true })
  const whole = await demoSweepDocument()
  const events: CrcSweepEvent[] = []
  const preview = await runCrcSweep(engine, { ...request, preview: true }, signal, (event) => events.push(event))
  const previewed = preview.preview?.ranges ?? []

  it('selects what the full sweep does, and no estimate is better', () => {
    expect(preview.selected).toEqual(whole.selected)
    const { selection, preview: estimated } = preview
    const better = selection && estimated && betterEstimates({ ...preview, selection, preview: estimated })
    expect(better?.expected).toEqual([])
  })

  it('takes at most a quarter of the work of the full sweep with its follow-up', async () => {
    const requests: SweepRequest[] = []
    const recording = scriptedEngine({
      sweep: async function* (input, signal) {
        requests.push(input)
        yield* await engine.sweep(input, { signal })
      }
    })
    const { followUp } = await withHalvesAlone(recording, request, whole, signal, () => undefined)
    // Attention and MLP of the selected range alone, beside post: neither baselines nor blends again.
    expect(requests.map(({ models, baselines }) => [models.length, baselines])).toEqual([[3, []]])
    const { fewShot } = await withFewShotBase(engine, request, preview, signal)
    const fewShotRows = (fewShot?.work.blockEvaluations ?? NaN) * (fewShot?.work.packedTokens ?? NaN)
    const rows = (DEMO_WORK.blockEvaluations + (followUp?.blockEvaluations ?? 0)) * DEMO_WORK.packedTokens
    expect(preview.preview?.rows).toBeGreaterThan(0)
    expect((preview.preview?.rows ?? NaN) + fewShotRows).toBeLessThanOrEqual((rows + fewShotRows) / 4)
    expect(preview.preview?.wholeRows).toBe(DEMO_WORK.blockEvaluations * DEMO_WORK.packedTokens)
  })

  it('reads every weight once', () => {
    expect(preview.work.weightBytesRead).toBe(whole.work.weightBytesRead)
  })

  it('scores finalists, post, base and baselines as the full sweep does', () => {
    expect(preview.ranges.length).toBeGreaterThan(1)
    for (const range of preview.ranges) {
      expectSame(range, scoreOf(whole.ranges, range))
    }
    expectSame(preview.post, whole.post)
    expect(preview.baselines).toHaveLength(whole.baselines.length)
    expectSame(preview.baselines[0], whole.baselines[0])
  })

  it('estimates all other ranges, in the order that exact scores have and within its margins', () => {
    expect(preview.ranges.length + previewed.length).toBe(78)
    // Nobody looked at it: it is scored exactly once somebody does, as the test of the workbench shows.
    expect(previewed).toContainEqual(expect.objectContaining({ start: 9, end: 9 }))
    const pairs = [...preview.ranges, ...previewed].map((range) => [
      range.diversity,
      scoreOf(whole.ranges, range).diversity
    ])
    const [estimated, exact] = [0, 1].map((side) => pairs.map((pair) => pair[side] ?? NaN))
    expect(sampleRankCorrelation(estimated ?? [], exact ?? [])).toBeGreaterThan(0.99)
    const inside = previewed.filter(
      (range) => Math.abs(range.diversity - scoreOf(whole.ranges, range).diversity) <= range.margins.diversity
    )
    expect(inside.length / previewed.length).toBeGreaterThan(0.9)
  })

  it('shows ranges on a coarse grid before anything is scored on all prompts', () => {
    const entries = events.flatMap((event) => (event.type === 'scores' ? event.entries : []))
    const exact = entries.findIndex(({ score }) => score.promptCount === 40)
    const coarse = entries.slice(0, exact).filter(({ model }) => model.kind === 'range')
    expect(coarse).toHaveLength(10)
    expect(coarse.every(({ score }) => score.promptCount === 1)).toBe(true)
  })

  it('continues from its last stage with the same results when its engine is killed', async () => {
    const held = new HeldEngine(sharedEngine)
    const running = runCrcSweep(held.client(), { ...request, preview: true }, signal, () => undefined)
    // Among the finalists, whose first layers it had kept from the stages before.
    const ends: ('done' | 'progress')[] = ['done', 'done', 'done', 'progress']
    await held.holdAt(inOrder('plan', ...ends))()
    held.kill()
    const resumed = await running
    expect(resumed.notices.join()).toMatch(/killed.* started again and goes on at/)
    expect(resumed.selected).toEqual(preview.selected)
    expect(resumed.preview?.prompts).toEqual(preview.preview?.prompts)
    expect(resumed.ranges).toHaveLength(preview.ranges.length)
    for (const range of resumed.ranges) expectSame(range, scoreOf(preview.ranges, range))
  })

  it('leaves only uncomputed ranges to the full sweep', async () => {
    const file = `${await temporaryFolder()}/sweep.json`
    const rest = await computeSweep(request, sweepHistory(file, { lastSweep: () => Promise.resolve(preview) }))
    expect(rest.preview).toBeNull()
    expect(rest.reusedPromptCount).toBe(preview.preview?.prompts.length)
    expect(rest.work.blockEvaluations).toBeLessThanOrEqual(DEMO_WORK.blockEvaluations - 12)
    expect(rest.work.packedTokens).toBeLessThan(DEMO_WORK.packedTokens)
    expect(rest.selected).toEqual(whole.selected)
    for (const range of rest.ranges) expectSame(range, scoreOf(whole.ranges, range))
  })
})

describe('a preview with uniform blends', async () => {
  const request = await demoSweep({ uniformBlendCount: 21, preview: true })
  const preview = await computeSweep(request)

  it('has the best blend and post exactly, and estimates the others', () => {
    const estimated = preview.preview?.uniformBlends ?? []
    expect(preview.uniformBlends.length + estimated.length).toBe(21 + DEPTH_RAMPS.length)
    expect(preview.uniformBlends.map(({ strength }) => strength)).toContain(0)
    expect(preview.uniformBlends.length).toBe(2)
    expect(preview.preview?.rows).toBeLessThanOrEqual((preview.preview?.wholeRows ?? 0) / 3.7)
  })
})

describe('a preview of a pair with too few prompts', async () => {
  const swept = await computeSweep(
    await demoSweep({ ...(await shortPair()), prompts: await demoPrompts(20), preview: true })
  )

  it('is the full sweep', () => {
    expect(swept.preview).toBeNull()
    expect(swept.ranges).toHaveLength(21)
  })
})

function scoreOf(ranges: SweepDocument['ranges'], wanted: { start: number; end: number }): RangeScore {
  const found = ranges.find((range) => spanKey(range) === spanKey(wanted))
  if (found === undefined) throw new Error(`no score of ${spanKey(wanted)}`)
  return found
}

function expectSame(
  one: { validity: number; diversity: number } | undefined,
  other: { validity: number; diversity: number } | undefined
): void {
  expect(Math.abs((one?.validity ?? NaN) - (other?.validity ?? NaN))).toBeLessThanOrEqual(1e-5)
  expect(Math.abs((one?.diversity ?? NaN) - (other?.diversity ?? NaN))).toBeLessThanOrEqual(1e-5)
}
