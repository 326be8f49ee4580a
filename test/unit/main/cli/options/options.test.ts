import { expect, it } from 'vitest'
import { numberWithin } from '../../../../../src/main/cli/options/options'
import { notifyOfPrompts } from '../../../../../src/main/cli/running/starting-sweep'

it('names the prompts where none were given, except for the demo', () => {
  const folders = { kind: 'folders', base: 'base', post: 'post' } as const
  const told: string[] = []
  const tell = (text: string): void => void told.push(text)
  notifyOfPrompts({ kind: 'demo', pair: 'blend' }, {}, tell)
  notifyOfPrompts(folders, { prompts: 'mine.json' }, tell)
  expect(told).toEqual([])
  notifyOfPrompts(folders, {}, tell)
  expect(told).toEqual([expect.stringContaining('the built-in set crc')])
})

it('reads decimal numbers only', () => {
  const parse = numberWithin(-100, 100)
  expect(['0', '-1', '+2', '.5', '1.', '1.5', '1e1', '2E-1'].map(parse)).toEqual([0, -1, 2, 0.5, 1, 1.5, 10, 0.2])
  for (const text of ['', ' ', '.', '0x10', '0b1', '1e', 'NaN', 'Infinity', '1,5', '1 5'])
    expect(() => parse(text), text).toThrow('Expected a number from -100 to 100.')
})
