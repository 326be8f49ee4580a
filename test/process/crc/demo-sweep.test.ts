import { isUniform } from '../../../src/contract/model/recipe'
import { modelOf } from '../../../src/contract/documents/swept-model'
import { weightsKey } from '../../../src/contract/model/model'
import { describe, expect, it } from 'vitest'
import { type Score, SweepDocument } from '../../../src/contract/documents/crc'
import type { LiveEntry } from '../../../src/contract/documents/sweep-events'
import { uniformBlendStrengths } from '../../../src/contract/model/strengths'
import type { CrcSweepEvent } from '../../../src/main/crc/sweep/compute-sweep'
import { runCrcSweep } from '../../../src/main/crc/sweep/crc-sweep'
import { crcReference, type ReferenceModel } from '../../fixtures/crc-reference'
import { sharedEngine } from '../../fixtures/shared-engine'
import { computeSweep, demoSweep } from '../../fixtures/swept-demo'

const LAYERS = 12

/** Tolerance to the reference, a PyTorch pass per range in float32. The measured difference is below 1e-6. */
const TOLERANCE = 2e-3

describe('the sweep of the demo pair with uniform blends, in the engine process', async () => {
  const request = await demoSweep({ uniformBlendCount: 21 })
  const events: CrcSweepEvent[] = []
  const document = await runCrcSweep(sharedEngine.client(), request, new AbortController().signal, (event) =>
    events.push(event)
  )

  it('renders the prompts to the reference tokens', () => {
    expect(document.prompts.map(({ tokens }) => tokens)).toEqual(crcReference.prompts.map((prompt) => prompt.token_ids))
  })

  it.each(['base', 'post'] as const)('scores %s as the reference does, overall and by category', (model) => {
    expectScore(document[model], crcReference[model])
  })

  it('scores all 78 ranges as the reference does, overall, by category and by prompt', () => {
    expect(document.ranges).toHaveLength(78)
    for (const expected of crcReference.ranges) {
      const range = document.ranges.find(({ start, end }) => start === expected.start && end === expected.end)
      expectScore(range, expected)
    }
  })

  it('measures divergence from base and calibration as plain arithmetic on its probabilities does', () => {
    const categories = ['letter', 'digit']
    const placesOf = (category: string): number[] =>
      document.prompts.flatMap((prompt, place) => (prompt.category === category ? [place] : []))
    const rest = (p: number[]): number => 1 - p.reduce((a, b) => a + b, 0)
    for (const model of [document.post, ...document.ranges, ...document.uniformBlends, ...document.baselines]) {
      let [kl, error] = [0, 0]
      for (const category of categories) {
        const places = placesOf(category)
        const bins: number[] = new Array(10).fill(0)
        for (const place of places) {
          const p = model.prompts[place]?.probabilities ?? []
          const q = document.base?.prompts[place]?.probabilities ?? []
          p.forEach((value, answer) => {
            if (value > 0) kl += (value * Math.log(value / (q[answer] ?? NaN))) / places.length / 2
            const bin = Math.min(9, Math.floor(value * 10))
            bins[bin] = (bins[bin] ?? 0) + (value - 1 / p.length) / p.length
          })
          if (rest(p) >= 1e-6) kl += (rest(p) * Math.log(rest(p) / rest(q))) / places.length / 2
        }
        error += bins.reduce((sum, gap) => sum + Math.abs(gap), 0) / places.length / 2
      }
      expect(Math.abs((model.klToBase ?? NaN) - kl)).toBeLessThan(1e-6)
      expect(Math.abs((model.calibrationError ?? NaN) - error)).toBeLessThan(1e-6)
    }
    expect(document.base?.klToBase).toBe(0)
    expect(document.post.klToBase).toBeGreaterThan(0.5)
  })

  it('selects layers 4 to 11', () => {
    expect(document.selected).toEqual({ start: 4, end: 11 })
    expect(document.selection?.minimumValidity).toBeCloseTo(0.9 * document.post.validity, 12)
  })

  it('does the counted work and no more, of which blends take one evaluation per layer', () => {
    // 388 for post, base and all ranges; the ends of the uniform blends are among them. Ramps share first layers.
    const { weightBytesRead, ...work } = document.work
    expect(work).toEqual({
      blockEvaluations: 388 + 19 * LAYERS + 8 * (LAYERS - 1),
      packedTokens: 431,
      promptTokens: 688
    })
    // Once for each part that it is computed in.
    expect(weightBytesRead).toBeLessThanOrEqual(8_859_648 * 4)
  })

  it('reports progress from the start and every score before the end', () => {
    const [first] = events
    expect(first).toMatchObject({ type: 'progress', progress: { phase: 'preparing' } })
    const entries = events.flatMap((event) => (event.type === 'scores' ? event.entries : []))
    expect(new Set(entries.map(entryName)).size).toBe(80 + 19 + 8)
    const rows = events.flatMap((event) => (event.type === 'progress' ? event.progress.rowsDone : []))
    expect(rows).toEqual([...rows].sort((a, b) => a - b))
    const last = events.findLast((event) => event.type === 'progress')
    expect(last?.progress.rowsDone).toBe(last?.progress.rowsTotal)
    expect(last?.progress).toMatchObject({ phase: 'selecting', secondsLeft: null, layerCount: LAYERS })
    const post = entries.findLast(({ model }) => model.kind === 'post')
    expect(post?.score).toMatchObject({ promptCount: 40, diversity: expect.closeTo(document.post.diversity, 6) })
  })

  it('has uniform blends of 21 blends from post to base', () => {
    const uniform = document.uniformBlends.filter(isUniform)
    expect(uniform.map(({ strength }) => strength)).toEqual(uniformBlendStrengths(21))
    expect(uniform[1]?.strength).toBe(0.05)
  })

  it('begins its uniformBlends at post and ends it at all layers restored, which is not base as a whole', () => {
    const all = document.ranges.find(({ start, end }) => start === 0 && end === LAYERS - 1)
    expectSame(document.uniformBlends[0], document.post)
    expectSame(
      document.uniformBlends.find((blend) => isUniform(blend) && blend.strength === 1),
      all
    )
    expect(Math.abs((document.base?.validity ?? 0) - (all?.validity ?? 0))).toBeGreaterThan(1e-3)
  })

  it('blends, uniformly and along a ramp, as a recipe of the same strengths does', async () => {
    const layers = new Array(LAYERS).fill({ attention: 0.35, mlp: 0.35 })
    // A ramp of LiNeS from 0.5 to 0: the strength falls by 0.5 / 11 from layer to layer.
    const ramp = [0.5, 0.455, 0.409, 0.364, 0.318, 0.273, 0.227, 0.182, 0.136, 0.091, 0.045, 0]
    const rampLayers = ramp.map((strength) => ({ attention: strength, mlp: strength }))
    const recipes = Object.entries({ third: layers, ramp: rampLayers }).map(([name, layers]) => ({
      name,
      layers
    }))
    const alone = await computeSweep({ ...request, ranges: false, uniformBlendCount: 0, recipes })
    expectSame(
      document.uniformBlends.find(({ strength }) => strength === 0.35),
      alone.recipes[0]
    )
    expectSame(
      document.uniformBlends.find(({ strength, last }) => strength === 0.5 && last === 0),
      alone.recipes[1]
    )
  })

  it('opens as a document of before there were uniform blends, without one', () => {
    const { uniformBlends, ...older } = document
    expect(uniformBlends).toHaveLength(29)
    expect(SweepDocument.parse(older).uniformBlends).toEqual([])
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

function expectScore(actual: Score | null | undefined, expected: ReferenceModel): void {
  const near = (value: number | undefined, reference: number): void => {
    expect(Math.abs((value ?? NaN) - reference)).toBeLessThan(TOLERANCE)
  }
  near(actual?.validity, expected.validity)
  near(actual?.diversity, expected.entropy)
  for (const category of ['letter', 'digit'] as const) {
    near(actual?.categories[category]?.validity, expected[category].validity)
    near(actual?.categories[category]?.diversity, expected[category].entropy)
  }
  expected.prompts.validity.forEach((validity, prompt) => {
    near(actual?.prompts[prompt]?.validity, validity)
  })
  expected.prompts.entropy.forEach((entropy, prompt) => {
    near(actual?.prompts[prompt]?.diversity, entropy)
  })
}

function entryName({ model }: LiveEntry): string {
  return weightsKey(modelOf(model, { layerCount: LAYERS, source: null }))
}
