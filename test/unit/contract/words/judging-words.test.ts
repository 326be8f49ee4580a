import { expect, it } from 'vitest'
import type { Judging } from '../../../../src/contract/documents/judge'
import { judgedShare, judgingNotices } from '../../../../src/contract/words/judging-words'
import { goldenText } from '../../../fixtures/golden-text'

const judging = (changes: Partial<Judging>): Judging => ({
  ...{ way: 'marks', model: 'x', total: 52, done: 52, unreadable: 0, usable: 52 },
  ...{ example: null, otherModels: [] },
  ...changes
})
const turtles = { example: 'I like turtles' }
const pairs = { way: 'pairs', total: 22, done: 22, usable: 0 } as const

it('says what to know of a judge', async () => {
  const cases: Readonly<Record<string, Partial<Judging>>> = {
    'all went well': {},
    'nothing it replied was a mark': { unreadable: 52, usable: 0, ...turtles },
    'some replies were no mark': { unreadable: 26, usable: 26, ...turtles },
    'it stopped before its end': { done: 12, usable: 12 },
    'it never replied': { done: 0, usable: 0 },
    'no choice in pairs could be read': { ...pairs, unreadable: 22, example: '' },
    'some choices in pairs could not be read': { ...pairs, unreadable: 11 },
    'it calls itself otherwise, in letters that turn others around': {
      otherModels: ['OTHER\u202E\n\u001Bmodel']
    }
  }
  const rows = Object.entries(cases).map(([name, changes]) => [name, judgingNotices([judging(changes)])])
  await expect(goldenText(Object.fromEntries(rows))).toMatchFileSnapshot('./judging-words.golden.txt')
})

it('says beside its measure how many answers have a mark, where not all have', () => {
  const part = judging({ unreadable: 26, usable: 26 })
  expect(judgedShare('judge', [part])).toBe('26 of 52 different answers scored')
  expect(judgedShare('judge', [judging({})])).toBe('')
  expect(judgedShare('accuracy', [judging({ usable: 26 })])).toBe('')
})
