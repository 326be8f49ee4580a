import { describe, expect, it } from 'vitest'
import { packPrompts } from '../../../../../src/main/engine/tries/prompt-trie'
import { recurrentLayout } from '../../../../../src/main/engine/tries/recurrent-layout'

const NO_ENDS = new Int32Array()
const counted = (length: number, first = 0): number[] => Array.from({ length }, (_, i) => first + i)

describe('the chunks of packed prompts', () => {
  it('compute a common beginning once, in chunks of at most 64 rows', () => {
    const beginning = counted(130)
    const { levels } = recurrentLayout(
      packPrompts([
        [...beginning, 900],
        [...beginning, 901, 902]
      ]),
      NO_ENDS
    )
    const sizes = levels.map((groups) => groups.map(({ length, rows }) => [length, rows.length / length]))
    // 64 and 64 rows, the 2 left of the beginning, and the ends of two prompts.
    expect(sizes).toEqual([
      [[64, 1]],
      [[64, 1]],
      [[2, 1]],
      [
        [1, 1],
        [2, 1]
      ]
    ])
    expect(levels[3]?.map(({ before }) => [...before])).toEqual([[0], [0]])
  })

  it('hold each row once, and nothing else but padding', () => {
    const packed = packPrompts([counted(5), [0, 1, 7, 8, 9, 10], [3], counted(80, 50)])
    const { levels, resultIndex, parents } = recurrentLayout(packed, NO_ENDS)
    const rows = levels.flat().flatMap((group) => [...group.rows])
    const rowCount = packed.tokens.length
    expect(rows.filter((row) => row !== rowCount).sort((a, b) => a - b)).toEqual([...packed.tokens.keys()])
    expect([...resultIndex].map((index) => rows[index])).toEqual([...packed.tokens.keys()])
    expect(parents[0]).toBe(rowCount)
  })

  it('end where a state is requested', () => {
    const packed = packPrompts([counted(3), counted(9)])
    const { levels, ends } = recurrentLayout(packed, Int32Array.of(2, 8))
    expect(levels.map((groups) => groups.map(({ rows }) => [...rows]))).toEqual([
      [[0, 1, 2, 9]],
      [[3, 4, 5, 6, 7, 8, 9, 9]]
    ])
    expect(ends).toEqual([
      { level: 0, chunk: 0 },
      { level: 1, chunk: 0 }
    ])
  })
})
