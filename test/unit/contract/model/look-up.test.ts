import { expect, test } from 'vitest'
import { at, got } from '../../../../src/contract/model/look-up'

test('a look-up that must hit gives what is there, also zero and the empty text', () => {
  expect([
    at([0, 1], 0, 'row'),
    at(Float32Array.of(0), 0, 'row'),
    got(new Map([['a', '']]), 'a', 'name')
  ]).toEqual([0, 0, ''])
})

test('one that misses throws, naming what was looked for and where', () => {
  expect(() => at([1, 2], 2, 'prompt')).toThrow('there is no prompt 2 among 2')
  expect(() => at(new Int32Array(1), -1, 'row')).toThrow('there is no row -1 among 1')
  expect(() => got(new Map([['a', 1]]), 'b', 'output')).toThrow('there is no output b')
})
