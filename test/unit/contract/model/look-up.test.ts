import { expect, test } from 'vitest'
import { elementAt, mapGet } from '../../../../src/contract/model/look-up'

test('a look-up that must hit returns the value, also zero and the empty text', () => {
  expect([
    elementAt([0, 1], 0, 'row'),
    elementAt(Float32Array.of(0), 0, 'row'),
    mapGet(new Map([['a', '']]), 'a', 'name')
  ]).toEqual([0, 0, ''])
})

test('a look-up that misses throws, with the key and the collection', () => {
  expect(() => elementAt([1, 2], 2, 'prompt')).toThrow('there is no prompt 2 among 2')
  expect(() => elementAt(new Int32Array(1), -1, 'row')).toThrow('there is no row -1 among 1')
  expect(() => mapGet(new Map([['a', 1]]), 'b', 'output')).toThrow('there is no output b')
})
