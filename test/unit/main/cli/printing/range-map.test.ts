import { describe, expect, it } from 'vitest'
import type { RangeScore } from '../../../../../src/contract/documents/crc'
import { describeRangeMap } from '../../../../../src/main/cli/printing/range-map'

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
  colourBits: 1
}
const rowsOf = (map: string | null): string[] => (map ?? '').split('\n').slice(1)

describe('the map of ranges in a terminal', () => {
  it('shows rounded hundredths, a dot for what is not valid, and a star behind the selected range', () => {
    expect(rowsOf(describeRangeMap(scored(3), OPTIONS))).toEqual([
      '    0   1   2',
      '0  33  67*  ·',
      '1      33  67',
      '2          33'
    ])
  })

  it('shows tenths where hundredths do not fit, and the best of neighbouring ranges where these do not', () => {
    const [head, first] = rowsOf(describeRangeMap(scored(30), OPTIONS))
    expect(head).toBe('   0   2   4   6   8   10  12  14  16  18  20  22  24  26  28')
    expect(first).toMatch(/^ 0 0 1\*1 1 2 2 .* 5 · · /)
    expect(rowsOf(describeRangeMap(scored(60), OPTIONS))[1]).toMatch(/^ 0 0\*1111112/)
    const deep = describeRangeMap(scored(80), { ...OPTIONS, selected: { start: 4, end: 43 } }) ?? ''
    expect(deep).toContain('each cell the best of 2 by 2 ranges')
    expect(Math.max(...rowsOf(deep).map((row) => row.length))).toBe(43)
    expect(rowsOf(deep)[3]).toMatch(/^ 4 {3}0111122223333444455\*5·+$/)
    expect(describeRangeMap(scored(12), { ...OPTIONS, width: 3 })).toBeNull()
  })

  it('colours what is valid as the window does, in as many colours as the terminal has', () => {
    const map = describeRangeMap(scored(3), { ...OPTIONS, colourBits: 24 }) ?? ''
    expect(map.split('\u001b[38;2;')).toHaveLength(6)
    const few = describeRangeMap(scored(3), { ...OPTIONS, colourBits: 8 }) ?? ''
    // The least and the greatest diversity: viridis from dark blue to yellow.
    expect(few).toContain('\u001b[38;5;231;48;5;53m 33 \u001b[39;49m')
    expect(few).toMatch(/38;5;16;48;5;\d+m 67\*/)
    expect(describeRangeMap(scored(3), { ...OPTIONS, colourBits: 4 })).not.toContain('\u001b')
    expect(describeRangeMap(scored(3), OPTIONS)).not.toContain('\u001b')
  })

  it('marks an estimate as below the limit only where it is by more than its margin', () => {
    const [one, two, three] = scored(2).map((range) => ({ ...range, diversity: 0.5 }))
    if (one === undefined || two === undefined || three === undefined) throw new Error('three ranges')
    const estimated = [
      { ...one, validity: 0.88, margins: { validity: 0.03 } },
      { ...two, validity: 0.86, margins: { validity: 0.03 } }
    ]
    const map = describeRangeMap([{ ...three, validity: 0.89 }], { ...OPTIONS, estimated, selected: null })
    expect(rowsOf(map)).toEqual(['    0   1', '0  50~  ·~', '1       ·'])
  })

  it('rounds as a report does: 0.917 is 92, and what rounds to 1 is 100', () => {
    const shown = (diversity: number): string | undefined => {
      const one = scored(1).map((range) => ({ ...range, diversity }))
      return rowsOf(describeRangeMap(one, { ...OPTIONS, selected: { start: 0, end: 0 } }))[1]
    }
    expect([0.917, 0.458, 0.999].map(shown)).toEqual(['0  92*', '0  46*', '0 100*'])
  })
})
