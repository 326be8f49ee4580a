import { modelOf } from '../../../src/contract/documents/swept-model'
import { weightsKey } from '../../../src/contract/model/model'
import { describe, expect, it } from 'vitest'
import { DEFAULT_RENDERING, type Score } from '../../../src/contract/documents/crc'
import type { LiveEntry } from '../../../src/contract/documents/sweep-events'
import { builtinPromptSet } from '../../../src/main/crc/task/builtin-prompts'
import type { CrcSweepEvent } from '../../../src/main/crc/sweep/compute-sweep'
import { runCrcSweep } from '../../../src/main/crc/sweep/crc-sweep'
import { createEngineHost } from '../../../src/main/engine/host'
import { resourcePath } from '../../../src/main/base/resources'
import { crcReference, type ReferenceModel } from '../../fixtures/crc-reference'

/** What the reference, a PyTorch pass per range in float32, may differ by; measured here: below 1e-6. */
const TOLERANCE = 2e-3

describe('the sweep of the demo pair, in the engine process', async () => {
  const engine = createEngineHost()
  const events: CrcSweepEvent[] = []
  const document = await runCrcSweep(
    engine.client(),
    {
      base: resourcePath('demo-pair', 'base'),
      post: resourcePath('demo-pair', 'post'),
      prompts: await builtinPromptSet('demo-crc'),
      rendering: DEFAULT_RENDERING,
      rho: 0.9,
      ranges: true,
      soupSize: 0,
      recipes: []
    },
    new AbortController().signal,
    (event) => events.push(event)
  )
  await engine.close()

  it('renders the prompts to the reference tokens', () => {
    expect(document.prompts.map(({ tokens }) => tokens)).toEqual(
      crcReference.prompts.map((prompt) => prompt.token_ids)
    )
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

  it('selects layers 4 to 11', () => {
    expect(document.selected).toEqual({ start: 4, end: 11 })
    expect(document.selection?.minimumValidity).toBeCloseTo(0.9 * document.post.validity, 12)
  })

  it('does the counted work and no more', () => {
    expect(document.work).toEqual({
      blockEvaluations: 388,
      packedTokens: 431,
      promptTokens: 688,
      // Some of it twice, for it is computed in parts.
      weightBytesRead: 17_350_144
    })
  })

  it('tells progress from the start and every score before the end', () => {
    const [first] = events
    expect(first).toMatchObject({ type: 'progress', progress: { phase: 'preparing' } })
    const entries = events.flatMap((event) => (event.type === 'scores' ? event.entries : []))
    expect(new Set(entries.map(entryName)).size).toBe(80)
    const rows = events.flatMap((event) => (event.type === 'progress' ? event.progress.rowsDone : []))
    expect(rows).toEqual([...rows].sort((a, b) => a - b))
    const last = events.findLast((event) => event.type === 'progress')
    expect(last?.progress.rowsDone).toBe(last?.progress.rowsTotal)
  })
})

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
  return weightsKey(modelOf(model, 12))
}
