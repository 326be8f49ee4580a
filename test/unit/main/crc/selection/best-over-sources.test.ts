import { describe, expect, it } from 'vitest'
import type { RangeScore, SweepDocument } from '../../../../../src/contract/documents/crc'
import type { RestoredTo } from '../../../../../src/contract/model/checkpoint'
import { sourceLines } from '../../../../../src/contract/words/source-words'
import { runToEnd } from '../../../../../src/main/base/steps'
import { areOverSources, bestOverSources } from '../../../../../src/main/crc/selection/best-over-sources'
import { averageScores } from '../../../../../src/main/crc/task/scoring'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

const sft = { name: 'sft', path: '/models/sft', fingerprint: 'f1' }
const dpo = { name: 'dpo', path: '/models/dpo', fingerprint: 'f2' }
const PROMPTS = Array.from({ length: 12 }, (_, index) => ({
  text: `prompt ${index}`,
  category: index % 2 === 0 ? 'letter' : 'digit',
  valid: ['A', 'B'],
  rendered: 'x',
  tokens: [index],
  unreachable: [],
  key: `key ${index}`
}))

/** A sweep of two layers, whose ranges have about these diversities, a little apart from prompt to prompt. */
function sweepOf(source: RestoredTo, diversities: Readonly<Record<string, number>>): SweepDocument {
  const scored = (diversity: number) =>
    averageScores(
      PROMPTS,
      PROMPTS.map((_, index) => ({
        validity: 0.95,
        diversity: diversity + 0.01 * ((index * 7) % 5),
        effectiveChoices: 1,
        probabilities: [0.5, 0.45]
      }))
    )
  const ranges = Object.entries(diversities).map(([key, diversity]): RangeScore => {
    const [start = 0, end = 0] = key.split('-').map(Number)
    return { start, end, ...scored(diversity) }
  })
  return { ...tinySweep(), id: source?.name ?? 'base', source, prompts: PROMPTS, post: scored(0.3), ranges }
}

const ofBase = sweepOf(null, { '0-0': 0.5, '0-1': 0.7, '1-1': 0.6 })
const ofSft = sweepOf(sft, { '0-0': 0.8, '0-1': 0.4, '1-1': 0.45 })
const ofDpo = sweepOf(dpo, { '0-0': 0.31, '0-1': 0.2, '1-1': 0.2 })

describe('sweeps over sources', () => {
  it('are those that differ only in the checkpoint that they restore layers to', () => {
    expect(areOverSources([ofBase, ofSft, ofDpo])).toBe(true)
    expect(areOverSources([ofBase, ofBase])).toBe(false)
    expect(areOverSources([ofBase, { ...ofSft, postPath: { path: '/x', fingerprint: 'x' } }])).toBe(false)
    expect(areOverSources([ofBase, { ...ofSft, prompts: PROMPTS.toReversed() }])).toBe(false)
    const [first, ...rest] = PROMPTS
    expect(first).toBeDefined()
    expect(areOverSources([ofBase, { ...ofSft, prompts: rest }])).toBe(false)
  })

  it('have one best range, of the source that has it, whichever order they come in', () => {
    for (const sweeps of [
      [ofBase, ofSft, ofDpo],
      [ofDpo, ofSft, ofBase]
    ]) {
      const found = runToEnd(bestOverSources(sweeps, 0.9))
      expect(found.best).toMatchObject({ source: sft, range: { start: 0, end: 0 } })
      expect(found.sources.map(({ source, selected, wins }) => [source?.name ?? 'base', selected?.start, selected?.end, wins]))
        .toEqual(expect.arrayContaining([['base', 0, 1, 0], ['sft', 0, 0, 1], ['dpo', 0, 0, 0]])) // prettier-ignore
      expect(found.best?.gain[0]).toBeGreaterThan(0.4)
      expect((found.unseen?.over.diversity ?? 0) - (found.unseen?.ofBase?.diversity ?? 0)).toBeCloseTo(0.1, 9)
    }
  })

  it('take base where another source has no more', () => {
    const found = runToEnd(bestOverSources([sweepOf(sft, { '0-1': 0.7 }), ofBase], 0.9))
    expect(found.best?.source).toBeNull()
    expect(found.unseen?.over).toEqual(found.unseen?.ofBase)
    // A source that loses every resample to an equal one is not worse.
    expect(sourceLines(found, { kind: 'crc' })).toContainEqual(
      expect.stringMatching(
        /^From sft: layers 0–1, .* in 0 % of the resamples\. It equals the best of all: .* that from base counts\.$/
      )
    )
  })

  it('are described with the number of sources and the gain on unseen prompts', () => {
    const lines = sourceLines(runToEnd(bestOverSources([ofBase, ofSft], 0.9)), { kind: 'crc' })
    expect(lines[0]).toMatch(
      /^Layer 0 from sft: diversity 0\.818 .* on first tokens only\. It was selected from 6 ranges of 2 sources/
    )
    expect(lines).toContainEqual(expect.stringMatching(/^From base: layers 0–1, .* in 0 % of the resamples\.$/))
    expect(lines.at(-1)).toMatch(
      /0\.818 over all sources, 0\.718 from base only .* add something on unseen prompts too\.$/
    )
    const none = sourceLines(runToEnd(bestOverSources([ofDpo, sweepOf(sft, { '0-0': 0.1 })], 0.9, 1)), {
      kind: 'crc'
    })
    expect(none[0]).toMatch(/^Layer 0 from dpo/)
  })
})
