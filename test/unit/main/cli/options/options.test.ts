import { expect, it } from 'vitest'
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
