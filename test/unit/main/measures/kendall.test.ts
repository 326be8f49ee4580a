import { describe, expect, it } from 'vitest'
import { kendallTau } from '../../../../src/main/measures/kendall'

const paired = (x: readonly number[], y: readonly number[]): [number, number][] =>
  x.map((value, place) => [value, y[place] ?? NaN])

describe("Kendall's tau-b", () => {
  it('equals that of SciPy 1.17 where both sides have ties', () => {
    const tau = kendallTau(paired([1, 2, 2, 3, 5, 5, 5, 8, 9, 4], [2, 1, 4, 4, 4, 7, 7, 3, 9, 0.5]))
    expect(tau).toBeCloseTo(0.4390243902439025, 14)
  })

  it('counts what comparing all pairs counts', () => {
    const values = Array.from({ length: 100 }, (_, place) => [(place * 37) % 23, (place * 61) % 29] as const)
    let [agreeing, varyingX, varyingY] = [0, 0, 0]
    for (const [place, [x, y]] of values.entries()) {
      for (const [otherX, otherY] of values.slice(place + 1)) {
        agreeing += Math.sign(otherX - x) * Math.sign(otherY - y)
        varyingX += Number(otherX !== x)
        varyingY += Number(otherY !== y)
      }
    }
    expect(kendallTau(values)).toBeCloseTo(agreeing / Math.sqrt(varyingX * varyingY), 14)
  })

  it('is exactly 1 of an order with itself and -1 of its reverse', () => {
    const order = Array.from({ length: 2080 }, (_, place) => (place * 617) % 2081)
    expect(kendallTau(paired(order, order))).toBe(1)
    expect(
      kendallTau(
        paired(
          order,
          order.map((value) => -value)
        )
      )
    ).toBe(-1)
  })

  it('is not there for two pairs, or where one side does not vary', () => {
    expect(kendallTau(paired([1, 2], [1, 2]))).toBeNull()
    expect(kendallTau(paired([1, 2, 3], [1, 1, 1]))).toBeNull()
  })
})
