import { describe, expect, it } from 'vitest'
import type { Judging } from '../../../../src/contract/documents/judge'
import { judgedShare, judgingNotices } from '../../../../src/contract/words/judging-words'

const judging = (changes: Partial<Judging>): Judging => ({
  ...{ way: 'marks', model: 'x', total: 52, done: 52, unreadable: 0, usable: 52 },
  ...{ example: null, otherModels: [] },
  ...changes
})
const turtles = { example: 'I like turtles' }

describe('what to know of a judge', () => {
  it.each<[string, Partial<Judging>, string[]]>([
    ['nothing where all went well', {}, []],
    [
      'that nothing it replied was a mark',
      { unreadable: 52, usable: 0, ...turtles },
      [
        'Judge x gave 52 replies that were no score from 1 to 10 (such as “I like turtles”), so nothing is judged.'
      ]
    ],
    [
      'how many replies were none',
      { unreadable: 26, usable: 26, ...turtles },
      [
        'Judge x gave 26 of 52 replies that were no score from 1 to 10 (such as “I like turtles”), left out of its numbers.'
      ]
    ],
    [
      'that it stopped before its end',
      { done: 12, usable: 12 },
      [
        'Judge x has replied to 12 of 52 different answers only: its scores cover only these, and nothing is compared by them.'
      ]
    ],
    [
      'that it never replied',
      { done: 0, usable: 0 },
      ['Judge x has replied to 0 of 52 different answers only: nothing is judged.']
    ],
    [
      'that no choice in pairs could be read',
      { way: 'pairs', total: 22, done: 22, unreadable: 22, usable: 0, example: '' },
      [
        'Judge of pairs x gave 22 replies that were no choice of A, B or TIE (such as one without text), so nothing is judged.'
      ]
    ],
    [
      'how many pairs are left of choices that could not all be read',
      { way: 'pairs', total: 22, done: 22, unreadable: 11, usable: 0 },
      [
        'Judge of pairs x gave 11 of 22 replies that were no choice of A, B or TIE, so 0 of 11 pairs are judged in both orders.'
      ]
    ],
    [
      'what else it calls itself, in letters that turn nothing around',
      { otherModels: ['OTHER\u202E\n\u001Bmodel'] },
      ['Judge x calls itself “OTHERU+202E model”.']
    ]
  ])('says %s', (_, changes, said) => {
    expect(judgingNotices([judging(changes)])).toEqual(said)
  })

  it('stands beside its measure where not all answers have a mark', () => {
    expect(judgedShare('judge', [judging({ unreadable: 26, usable: 26 })])).toBe(
      '26 of 52 different answers scored'
    )
    expect(judgedShare('judge', [judging({})])).toBe('')
    expect(judgedShare('accuracy', [judging({ usable: 26 })])).toBe('')
  })
})
