import { expect, it } from 'vitest'
import { Scratch } from '../../../../src/main/base/scratch'

it('lends the same memory up to its largest size, and more on request', () => {
  const scratch = new Scratch()
  const large = scratch.reserve(100)
  expect(large.byteLength).toBe(100)
  const small = scratch.reserve(7)
  expect([small.byteLength, small.buffer === large.buffer]).toEqual([7, true])
  const larger = scratch.reserve(101)
  expect([larger.byteLength, larger.buffer === large.buffer]).toEqual([101, false])
})
