import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RangeScore, Selection } from '../../../../../src/contract/documents/crc'
import { selectRange } from '../../../../../src/main/crc/selection/select-range'
import { computeSelection as selectionSteps } from '../../../../../src/main/crc/selection/selection'
import { crcReference, referencePost, referenceRanges, scoreOf } from '../../../../fixtures/crc-reference'
import { runToEnd } from '../../../../../src/main/base/steps'
import { DEFAULT_SEED } from '../../../../../src/contract/model/resampling'

const computeSelection = (...given: Parameters<typeof selectionSteps>) => runToEnd(selectionSteps(...given))

interface Row {
  start: number
  end: number
  validity: number
  diversity: number
}

/** Returns the row that the rule picks with post at validity 1 and diversity 0.5. */
function pick(rows: Row[], rho = 0.9): Row | null {
  return selectRange(rows, { validity: 1, diversity: 0.5 }, rho)
}

const row = (start: number, end: number, validity: number, diversity: number): Row => {
  return { start, end, validity, diversity }
}

describe('the rule', () => {
  test('takes the most diverse range that keeps enough validity', () => {
    const rows = [row(0, 0, 0.95, 0.6), row(1, 1, 0.9, 0.7), row(2, 2, 0.8999, 0.9)]
    expect(pick(rows)).toBe(rows[1])
    expect(pick(rows, 0.8)).toBe(rows[2])
    expect(pick(rows, 0.95)).toBe(rows[0])
  })

  test('takes none that is not more diverse than post', () => {
    expect(pick([row(0, 0, 1, 0.5), row(1, 1, 1, 0.4)])).toBeNull()
    expect(pick([])).toBeNull()
  })

  test('prefers the more valid of ranges whose diversity is apart by rounding', () => {
    const rows = [row(1, 1, 0.937, 0.7 + 4e-7), row(0, 3, 0.972, 0.7), row(2, 2, 0.99, 0.7 - 2e-6)]
    expect(pick(rows)).toBe(rows[1])
  })

  test('prefers the shorter of equally diverse and valid ranges, then the smaller start', () => {
    const [long, late] = [row(0, 2, 1, 0.7), row(2, 3, 1 - 5e-7, 0.7 - 9e-7)]
    const early = row(1, 2, 1, 0.7 - 5e-7)
    expect(pick([long, late, early, row(3, 3, 1, 0.7 - 2e-6)])).toBe(early)
  })

  test('does not depend on the order of the ranges', () => {
    const value = fc.integer({ min: 0, max: 6 }).map((step) => 0.7 - step * 4e-10)
    const rows = fc.uniqueArray(
      fc
        .record({ start: fc.nat(5), length: fc.nat(3), validity: fc.constantFrom(0.8, 1), diversity: value })
        .map(({ start, length, validity, diversity }) => row(start, start + length, validity, diversity)),
      { selector: ({ start, end }) => `${start}-${end}`, minLength: 1 }
    )
    fc.assert(
      fc.property(rows, (list) => {
        expect(pick([...list].reverse())).toBe(pick(list))
      })
    )
  })
})

test("selects the reference's range on the demo pair's reference scores", () => {
  const chosen = computeSelection({ prompts: crcReference.prompts, post: referencePost, ranges: referenceRanges }, 0.9)
  expect(Selection.parse(chosen)).toEqual(chosen)
  expect(chosen.selected).toEqual({ start: 4, end: 11 })
  expect(chosen.selected).toEqual({ start: crcReference.pick.start, end: crcReference.pick.end })
  expect(chosen.minimumValidity).toBeCloseTo(0.9 * crcReference.post.validity, 12)
  expect(chosen.reason).toBeNull()
})

describe('no selection says why', () => {
  const prompts = [{ category: 'a' }, { category: 'a' }]
  const flat = (validity: number, diversity: number): ReturnType<typeof scoreOf> =>
    scoreOf(prompts, { validity: [validity, validity], diversity: [diversity, diversity] })
  const range = (start: number, end: number, validity: number, diversity: number): RangeScore => {
    return { start, end, ...flat(validity, diversity) }
  }
  const reason = (ranges: RangeScore[]): string | null => {
    const chosen = computeSelection({ prompts, post: flat(1, 0.5), ranges }, 0.9)
    expect(chosen.selected).toBeNull()
    expect(chosen.bootstrap).toMatchObject({ selected: null, noSelectionShare: 1, wins: [] })
    return chosen.reason
  }

  test.each([
    [
      "No range reaches the minimum validity 0.900 (0.9 × post's 1.000); layers 0–1, with the most, have 0.800.",
      [range(0, 0, 0.5, 0.9), range(0, 1, 0.8, 0.9)]
    ],
    [
      'No range has more diversity than post (0.500); layer 1, with the most, has 0.500.',
      [range(0, 0, 1, 0.45), range(1, 1, 1, 0.5)]
    ],
    [
      "2 of 3 ranges reach the minimum validity 0.900 (0.9 × post's 1.000) and 1 has more diversity than post (0.500), but none does both.",
      [range(0, 0, 1, 0.4), range(0, 1, 0.95, 0.5), range(1, 1, 0.2, 0.9)]
    ],
    ['No range was scored.', []]
  ])('%s', (words, ranges) => {
    expect(reason(ranges)).toBe(words)
  })
})

describe('the bootstrap', () => {
  test('is the same for the same seed and another for another', () => {
    const run = (seed?: number): Selection =>
      computeSelection({ prompts: crcReference.prompts, post: referencePost, ranges: referenceRanges }, 0.9, {
        seed
      })
    expect(run()).toEqual(run(DEFAULT_SEED))
    expect(run(2).bootstrap.post).not.toEqual(run().bootstrap.post)
  })

  test('scores its selection on left-out prompts, where luck does not help', () => {
    const prompts = Array.from({ length: 12 }, () => ({ category: 'a' }))
    const all = (value: number): number[] => prompts.map(() => value)
    const post = scoreOf(prompts, { validity: all(1), diversity: all(0.5) })
    const ranges = (diversity: (range: number, prompt: number) => number): RangeScore[] =>
      Array.from({ length: 12 }, (_, start) => ({
        start,
        end: start,
        ...scoreOf(prompts, { validity: all(1), diversity: prompts.map((_, i) => diversity(start, i)) })
      }))
    // Each is good on a prompt of its own alone.
    const own = ranges((range, prompt) => (range === prompt ? 1 : 0.49))
    const lucky = computeSelection({ prompts, post, ranges: own }, 0.9)
    expect(lucky.bootstrap.selected?.diversityGain[1]).toBeGreaterThan(0.03)
    expect(lucky.bootstrap.outOfBag?.diversityGain).toBeCloseTo(-0.01, 2)
    const rising = ranges((range) => 0.5 + range / 100)
    const steady = computeSelection({ prompts, post, ranges: rising }, 0.9)
    expect(steady.bootstrap.outOfBag).toMatchObject({
      resamples: 1000,
      validity: expect.closeTo(1, 9),
      diversityGain: expect.closeTo(0.11, 9),
      interval: [expect.closeTo(0.11, 9), expect.closeTo(0.11, 9)]
    })
  })

  test('counts how often ranges win and puts intervals around the scores', () => {
    const { bootstrap } = computeSelection(
      { prompts: crcReference.prompts, post: referencePost, ranges: referenceRanges },
      0.9
    )
    const shares = bootstrap.wins.map((win) => win.share)
    expect(shares.reduce((sum, share) => sum + share, bootstrap.noSelectionShare)).toBeCloseTo(1, 12)
    expect(shares).toEqual(shares.toSorted((a, b) => b - a))
    expect(bootstrap.wins[0]).toMatchObject({ start: 4, end: 11 })

    const inside = ([low, high]: readonly [number, number], value: number): void => {
      expect(low).toBeLessThan(value)
      expect(high).toBeGreaterThan(value)
      expect(high - low).toBeLessThan(0.2)
    }
    const best = referenceRanges.find((range) => range.start === 4 && range.end === 11)
    if (best === undefined || bootstrap.selected === null) throw new Error('nothing was selected')
    inside(bootstrap.post.validity, referencePost.validity)
    inside(bootstrap.post.diversity, referencePost.diversity)
    inside(bootstrap.selected.validity, best.validity)
    inside(bootstrap.selected.diversity, best.diversity)
    inside(bootstrap.selected.diversityGain, best.diversity - referencePost.diversity)
  })

  test('has the standard error of a mean of stratified draws', () => {
    // Category a: 100 prompts at 0 or 1 evenly, so a resampled mean has variance 1/4 / 100; category b never varies.
    // The mean over both then has the standard deviation 0.05 / 2, and its middle 95 % are 2 x 1.96 of it wide.
    const prompts = Array.from({ length: 110 }, (_, index) => ({ category: index < 100 ? 'a' : 'b' }))
    const values = prompts.map(({ category }, index) => (category === 'a' ? index % 2 : 0.25))
    const post = scoreOf(prompts, { validity: values, diversity: values })
    const [low, high] = computeSelection({ prompts, post, ranges: [] }, 0.9).bootstrap.post.validity
    expect((low + high) / 2).toBeCloseTo(0.375, 2)
    expect(high - low).toBeGreaterThan(2 * 1.96 * 0.025 * 0.9)
    expect(high - low).toBeLessThan(2 * 1.96 * 0.025 * 1.1)
  })
})

describe('the cross-fitted score', () => {
  // Range 0-0 is diverse on even places, range 1-1 on odd ones: the halves choose differently, and wrongly.
  const prompts = ['a', 'b', 'a', 'b', 'b', 'b'].map((category) => ({ category }))
  const place = [0, 0, 1, 1, 2, 3]
  const all = (of: (place: number) => number): ReturnType<typeof scoreOf> =>
    scoreOf(prompts, { validity: place.map(() => 1), diversity: place.map(of) })
  const post = all(() => 0.5)

  test('selects on one half of each category and scores on the other', () => {
    const ranges = [
      { start: 0, end: 0, ...all((at) => (at % 2 === 0 ? 0.9 : 0.3)) },
      { start: 1, end: 1, ...all((at) => (at % 2 === 1 ? 0.8 : 0.4)) }
    ]
    const { crossFit } = computeSelection({ prompts, post, ranges }, 0.9)
    expect(crossFit?.folds.map((fold) => fold.selected)).toEqual([
      { start: 0, end: 0 },
      { start: 1, end: 1 }
    ])
    expect(crossFit?.folds[0].diversity).toBeCloseTo(0.3, 12)
    expect(crossFit?.folds[1].diversity).toBeCloseTo(0.4, 12)
    expect(crossFit?.diversity).toBeCloseTo(0.35, 12)
    expect(crossFit?.postDiversity).toBeCloseTo(0.5, 12)
  })

  test('scores post where a half selects nothing', () => {
    const ranges = [{ start: 0, end: 0, ...all((at) => (at % 2 === 0 ? 0.9 : 0.3)) }]
    const { crossFit } = computeSelection({ prompts, post, ranges }, 0.9)
    const ofPost = { validity: 1, diversity: 0.5, postValidity: 1, postDiversity: 0.5 }
    expect(crossFit?.folds[1]).toEqual({ selected: null, ...ofPost })
    expect(crossFit?.diversity).toBeCloseTo((0.3 + 0.5) / 2, 12)
  })

  test('does not exist for a category of one prompt, and says so', () => {
    const single = [...prompts, { category: 'c' }]
    const flat = scoreOf(single, { validity: single.map(() => 1), diversity: single.map(() => 0.5) })
    const chosen = computeSelection({ prompts: single, post: flat, ranges: [] }, 0.9)
    expect(chosen.crossFit).toBeNull()
    expect(chosen.crossFitReason).toContain('"c" has a single prompt')
  })
})
