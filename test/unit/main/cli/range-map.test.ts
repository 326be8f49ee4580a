import { describe, expect, it } from 'vitest'
import type { RangeScore } from '../../../../src/contract/documents/crc'
import { describeRangeMap } from '../../../../src/main/cli/range-map'

/** All ranges of a model; longer ones are more diverse, and those of more than half of the layers invalid. */
function scored(layerCount: number): RangeScore[] {
  const layers = [...Array(layerCount).keys()]
  return layers.flatMap((start) =>
    layers.slice(start).map((end) => ({
      start,
      end,
      validity: end - start < layerCount / 2 ? 0.95 : 0.5,
      diversity: (end - start + 1) / layerCount,
      effectiveChoices: 2,
      categories: {},
      prompts: []
    }))
  )
}

const OPTIONS = {
  words: { validity: 'validity', diversity: 'diversity' },
  minimumValidity: 0.9,
  selected: { start: 0, end: 1 },
  width: 80,
  colours: false
}
const rowsOf = (map: string | null): string[] => (map ?? '').split('\n').slice(1)

describe('the map of ranges in a terminal', () => {
  it('shows hundredths rounded down, a dot for what is not valid, and a star behind the selected range', () => {
    expect(rowsOf(describeRangeMap(scored(3), OPTIONS))).toEqual([
      '    0   1   2',
      '0  33  66*  ·',
      '1      33  66',
      '2          33'
    ])
  })

  it('shows tenths where hundredths do not fit, and nothing where these do not', () => {
    const [head, first] = rowsOf(describeRangeMap(scored(30), OPTIONS))
    expect(head).toBe('   0   2   4   6   8   10  12  14  16  18  20  22  24  26  28')
    expect(first).toMatch(/^ 0 0 0\*1 1 1 2 .* 5 · · /)
    expect(rowsOf(describeRangeMap(scored(60), OPTIONS))[1]).toMatch(/^ 0 0\*0001111112/)
    expect(describeRangeMap(scored(80), OPTIONS)).toBeNull()
  })

  it('colours what is valid, and only on a terminal that has the colours', () => {
    const map = describeRangeMap(scored(3), { ...OPTIONS, colours: true }) ?? ''
    expect(map.split('\u001b[38;2;')).toHaveLength(6)
    expect(describeRangeMap(scored(3), OPTIONS)).not.toContain('\u001b')
  })

  it('never shows a range better than it is', () => {
    const nearly = scored(1).map((range) => ({ ...range, diversity: 0.999 }))
    expect(rowsOf(describeRangeMap(nearly, { ...OPTIONS, selected: null }))[1]).toBe('0  99')
  })
})
