import { describe, expect, it } from 'vitest'
import { shownWidth, table } from '../../../../../src/main/cli/printing/output'
import { goldenText } from '../../../../fixtures/golden-text'

const rows = (...lines: string[]): string[][] => lines.map((line) => line.split('|'))

it('a table aligns its cells, wraps between words, never within a number, and names the columns it leaves out', async () => {
  const why = ['cpu|16|the processor of this machine', 'cuda||no device was found here']
  const devices = rows('device|GFLOP/s|why', ...why)
  const wide = rows('model|n', '通义千问|1', 'fire 🔥|22', 'cafe\u0301|3')
  const gains = rows('layers|validity|diversity|gain', '3-7|0.999|0.500|+0.250')
  const passes = 'layers 4–11|0.999|0.998|0.950|no'
  const checked = rows('model|first token|full answers|limit|passes', passes)
  const shown = {
    'as wide as its cells in a pipe': table(devices, 'lrl', null),
    'wide characters, emoji and combining marks': table(wide, 'lr', null),
    'wide words, in 5 columns': table(rows('model', '通义 千问'), 'l', 5),
    'the widest text wrapped, in 40 columns': table(devices, 'lrl', 40),
    'intervals wrapped, in 18': table(rows('layers|gain over post', '3-7|+0.1 [0.0, 0.2]'), 'lr', 18),
    'no number is broken, in 12': table(rows('models|tokens of all', '80|12,345,678,901'), 'lr', 12),
    'the last columns left out, in 26 columns': table(gains, 'lrrr', 26),
    'all columns, in 35': table(gains, 'lrrr', 35),
    'others left out before what a reader comes for, in 28 columns': table(checked, 'lrrrL', 28),
    'and in 16': table(checked, 'lrrrL', 16),
    'indents kept, a long word broken, in 16': table(rows('of|n', '  0123456789abcdef|1'), 'lr', 16)
  }
  await expect(goldenText(shown)).toMatchFileSnapshot('fitted-table.golden.txt')
})

describe('shownWidth', () => {
  it('is what COLUMNS says, or else what a terminal has; a pipe has none', () => {
    const widths = (environment: { COLUMNS?: string }) =>
      [
        { isTTY: false, columns: 0 },
        { isTTY: true, columns: 60 }
      ].map((to) => shownWidth(to, environment))
    expect(widths({})).toEqual([null, 60])
    expect(widths({ COLUMNS: '40' })).toEqual([40, 40])
    expect(widths({ COLUMNS: 'wide' })).toEqual([null, 60])
  })
})
