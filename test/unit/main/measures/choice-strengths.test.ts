import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type PreferenceChoice, preferredTo } from '../../../../src/main/measures/choice-strengths'

const Interval = z.tuple([z.number(), z.number()])
const Reference = z.array(
  z.object({
    name: z.string(),
    count: z.number(),
    reference: z.number(),
    choices: z.array(
      z.object({ prompt: z.number(), candidates: z.array(z.number()), preferred: z.number().nullable() })
    ),
    over: z.array(z.object({ chance: z.number(), interval: Interval }).nullable())
  })
)
const REFERENCES = Reference.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../fixtures/preferences-reference.json'), 'utf8'))
)

/** The same verdict on each of so many prompts. */
const each = (prompts: number, candidates: number[], preferred: number | null): PreferenceChoice[] =>
  Array.from({ length: prompts }, (_, prompt) => ({ prompt, candidates, preferred }))

describe('chances to be preferred', () => {
  test.for(REFERENCES)('agree with SciPy: $name', ({ choices, count, reference, over }) => {
    const found = preferredTo(choices, count, reference)
    for (const [candidate, expected] of over.entries()) {
      const own = found[candidate]
      if (expected === null) {
        expect(own).toBeNull()
        continue
      }
      // Error of the numeric derivatives and tolerances of the reference.
      expect(Math.abs((own?.chance ?? NaN) - expected.chance)).toBeLessThan(1e-5)
      for (const end of [0, 1] as const) {
        expect(Math.abs((own?.interval?.[end] ?? NaN) - expected.interval[end])).toBeLessThan(1e-4)
      }
    }
  })

  test('are shares of wins for two candidates, with half a win added to each', () => {
    const choices = [...each(6, [0, 1], 1), ...each(2, [1, 0], 0).map((c) => ({ ...c, prompt: c.prompt + 6 }))]
    expect(preferredTo(choices, 2, 0)[1]?.chance).toBeCloseTo(6.5 / 9, 10)
    const tied = [...choices, { prompt: 8, candidates: [0, 1], preferred: null }]
    expect(preferredTo(tied, 2, 0)[1]?.chance).toBeCloseTo(7 / 10, 10)
  })

  test('do not change if a prompt is judged twice with the same verdict', () => {
    const once = [...each(7, [0, 1, 2], 1), ...each(3, [2, 0, 1], 2).map((c) => ({ ...c, prompt: c.prompt + 7 }))]
    const twice = preferredTo([...once, ...once], 3, 0)
    for (const [candidate, found] of preferredTo(once, 3, 0).entries()) {
      expect(twice[candidate]?.chance ?? null).toEqual(found === null ? null : expect.closeTo(found.chance, 9))
    }
  })

  test('have no interval below five prompts, and are null for candidates that were never compared', () => {
    expect(preferredTo(each(4, [0, 2], 2), 3, 0)).toEqual([
      null,
      null,
      { chance: expect.closeTo(0.9, 10), interval: null }
    ])
    expect(preferredTo([], 3, 0)).toEqual([null, null, null])
    expect(preferredTo(each(9, [1, 2], 2), 3, 0)).toEqual([null, null, null])
  })

  test('lie within their intervals, which lie within 0 to 1', () => {
    const choice = fc
      .record({
        prompt: fc.integer({ min: 0, max: 8 }),
        candidates: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 2 }),
        won: fc.option(fc.nat(4))
      })
      .map(({ prompt, candidates, won }) => ({
        prompt,
        candidates,
        preferred: won === null ? null : (candidates[won] ?? null)
      }))
    fc.assert(
      fc.property(fc.array(choice, { maxLength: 60 }), (choices) => {
        for (const found of preferredTo(choices, 5, 0)) {
          if (found === null || found.interval === null) continue
          const [low, high] = found.interval
          expect(0 <= low && low < found.chance && found.chance < high && high <= 1).toBe(true)
        }
      }),
      { numRuns: 30 }
    )
  })
})
