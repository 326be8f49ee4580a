import { afterAll, describe, expect, it } from 'vitest'
import { DEFAULT_RENDERING, type Score, SweepDocument } from '../../../../src/contract/documents/crc'
import { soupStrengths } from '../../../../src/contract/model/strengths'
import { builtinPromptSet } from '../../../../src/main/crc/task/builtin-prompts'
import { runCrcSweep } from '../../../../src/main/crc/sweep/crc-sweep'
import { createEngineHost } from '../../../../src/main/engine/host'
import { resourcePath } from '../../../../src/main/base/resources'

const LAYERS = 12

describe('the soup of the demo pair, in the engine process', async () => {
  const engine = createEngineHost()
  afterAll(() => engine.close())
  const request = {
    base: resourcePath('demo-pair', 'base'),
    post: resourcePath('demo-pair', 'post'),
    prompts: await builtinPromptSet('demo-crc'),
    rendering: DEFAULT_RENDERING,
    rho: 0.9,
    ranges: true,
    soupSize: 21,
    recipes: []
  }
  const sweep = await runCrcSweep(engine.client(), request, new AbortController().signal, () => undefined)

  it('is 21 blends from post to base', () => {
    expect(sweep.soup.map(({ strength }) => strength)).toEqual(soupStrengths(21))
    expect(sweep.soup[1]?.strength).toBe(0.05)
  })

  it('begins at post and ends at all layers restored, which is not base as a whole', () => {
    const all = sweep.ranges.find(({ start, end }) => start === 0 && end === LAYERS - 1)
    expectSame(sweep.soup[0], sweep.post)
    expectSame(sweep.soup.at(-1), all)
    expect(Math.abs((sweep.base?.validity ?? 0) - (all?.validity ?? 0))).toBeGreaterThan(1e-3)
  })

  it('adds one evaluation per layer and blend between the ends, and reads weights once for each part', () => {
    // 388 for post, base and all ranges; the ends of the soup are among them.
    expect(sweep.work.blockEvaluations).toBe(388 + 19 * LAYERS)
    expect(sweep.work.weightBytesRead).toBeLessThanOrEqual(8_859_648 * 4)
  })

  it('blends as a recipe of the same strengths does', async () => {
    const layers = new Array(LAYERS).fill({ attention: 0.35, mlp: 0.35 })
    const alone = await runCrcSweep(
      engine.client(),
      { ...request, ranges: false, soupSize: 0, recipes: [{ name: 'a third', layers }] },
      new AbortController().signal,
      () => undefined
    )
    expectSame(
      sweep.soup.find(({ strength }) => strength === 0.35),
      alone.recipes[0]
    )
  })

  it('is absent from a document of before there were soups, which still opens', () => {
    const { soup, ...older } = sweep
    expect(soup).toHaveLength(21)
    expect(SweepDocument.parse(older).soup).toEqual([])
  })
})

function expectSame(actual: Score | undefined, expected: Score | undefined): void {
  for (const measure of ['validity', 'diversity'] as const) {
    expect(Math.abs((actual?.[measure] ?? NaN) - (expected?.[measure] ?? NaN))).toBeLessThan(1e-6)
    actual?.prompts.forEach((prompt, index) => {
      expect(Math.abs(prompt[measure] - (expected?.prompts[index]?.[measure] ?? NaN))).toBeLessThan(1e-6)
    })
  }
}
