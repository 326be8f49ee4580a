import { describe, expect, test } from 'vitest'
import { progressRate } from '../../../../src/main/base/progress-rate'

describe('the progress rate', () => {
  test('is unknown until work was done', () => {
    const rate = progressRate()
    expect(rate(0, 100, 0)).toEqual({ perSecond: null, secondsLeft: null })
    expect(rate(0, 100, 3)).toEqual({ perSecond: null, secondsLeft: null })
  })

  test('is the plain mean of steady work, however often it is read', () => {
    const rate = progressRate()
    rate(0, 10_000, 0)
    for (let step = 1; step <= 40; step++) {
      const { perSecond, secondsLeft } = rate(step * 25, 10_000, step / 2)
      expect(perSecond).toBeCloseTo(50, 9)
      expect(secondsLeft).toBeCloseTo((10_000 - step * 25) / 50, 9)
    }
  })

  test('follows work that slows down', () => {
    const rate = progressRate()
    for (let second = 1; second <= 20; second++) rate(second * 100, 10_000, second)
    expect(rate(2_010, 10_000, 21).perSecond).toBeGreaterThan(50)
    for (let second = 2; second <= 60; second++) rate(2_000 + second * 10, 10_000, 20 + second)
    expect(rate(2_610, 10_000, 81).perSecond).toBeCloseTo(10, 0)
  })

  test('estimates the end steadily while the speed changes every 20 seconds', () => {
    const rate = progressRate()
    const speedAt = (second: number): number => (Math.floor(second / 20) % 2 === 0 ? 50 : 20)
    const doneAfter = [0]
    for (let second = 0; second < 240; second++) doneAfter.push((doneAfter.at(-1) ?? 0) + speedAt(second))
    const total = doneAfter.at(-1) ?? 0
    const ends = doneAfter.map((done, second) => second + (rate(done, total, second).secondsLeft ?? 0))
    expect(Math.min(...ends.slice(60))).toBeGreaterThan(200)
    expect(Math.max(...ends.slice(60))).toBeLessThan(300)
  })

  test('has nothing left when done', () => {
    const rate = progressRate()
    expect(rate(100, 100, 2)).toEqual({ perSecond: null, secondsLeft: 0 })
  })

  test('excludes work before the run and the time of preparation', () => {
    const rate = progressRate()
    // Going on with 9,000 of 10,000 after half a minute of loading.
    expect(rate(9_000, 10_000, 30)).toEqual({ perSecond: null, secondsLeft: null })
    rate(9_000, 10_000, 40)
    expect(rate(9_010, 10_000, 41)).toEqual({ perSecond: 10, secondsLeft: 99 })
  })
})
