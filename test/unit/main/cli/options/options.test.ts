import { InvalidArgumentError } from 'commander'
import { expect, it } from 'vitest'
import { thousandthsWithin } from '../../../../../src/main/cli/options/options'
import { tellOfPrompts } from '../../../../../src/main/cli/running/starting-sweep'

it('takes a number in thousandths, and refuses one that its name would round away', () => {
  const parse = thousandthsWithin(-1, 2)
  expect(['0.125', '-1', '2', '1e-3', '0.1'].map(parse)).toEqual([0.125, -1, 2, 0.001, 0.1])
  for (const text of ['1e-9', '0.1234', '3', '', 'half'])
    expect(() => parse(text)).toThrow(InvalidArgumentError)
})

it('says which prompts are asked where none were named, and nothing of the demo', () => {
  const folders = { kind: 'folders', base: 'base', post: 'post' } as const
  const told: string[] = []
  const tell = (text: string): void => void told.push(text)
  tellOfPrompts({ kind: 'demo' }, {}, tell)
  tellOfPrompts(folders, { prompts: 'mine.json' }, tell)
  expect(told).toEqual([])
  tellOfPrompts(folders, {}, tell)
  expect(told).toEqual([expect.stringContaining('the built-in set crc')])
})
