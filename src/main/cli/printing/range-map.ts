import { colorAt, VIRIDIS } from '../../../contract/words/color-scale'
import type { RangeScore } from '../../../contract/documents/crc'
import type { RestorationRange } from '../../../contract/model/recipe'
import { isBelowLimit } from '../../../contract/words/preview-words'
import type { ScoreWords } from '../../../contract/words/score-words'
import { drawTriangle, cellOfRange, planTriangle, type TriangleCell } from './triangle'

export interface RangeMapOptions {
  /** Ranges whose scores are estimates. */
  estimated?: readonly EstimatedRange[]
  /** Ranges below this validity do not count. */
  minimumValidity: number
  words: Pick<ScoreWords, 'validity' | 'diversity'>
  selected: RestorationRange | null
  /** Columns of the terminal. */
  width: number
  /** Bits of colour of the terminal. The map uses 8 or 24. */
  colourBits: number
}

/** Score with half the width of the 95 % interval of its validity. */
export interface EstimatedRange extends RangeScore {
  margins: { validity: number }
}

/** Cells of four columns show hundredths, narrower ones tenths. */
const WIDTHS = [4, 2, 1] as const

/** Ranges below the limit rank last. */
const rank = ({ diversity }: RangeScore, isBelow: boolean): number => diversity - (isBelow ? 2 : 0)

/** Rounds a score. In tenths, 1 is shown as 9. */
const digits = (value: number, parts: 10 | 100): string =>
  parts === 100 ? String(Math.round(value * 100)) : String(Math.min(9, Math.round(value * 10)))

/**
 * Draws the triangle of all ranges: first layer down, last layer across, diversity in each cell. A dot marks a
 * validity below the limit, of an estimate by more than its margin. A tilde marks an estimate, a star the selected
 * range. Colours are those of the window's heatmap. On narrow terminals, neighbouring ranges share a cell that shows
 * the best of them.
 *
 * @returns null without ranges, and on very narrow terminals
 */
export function describeRangeMap(exact: readonly RangeScore[], options: RangeMapOptions): string | null {
  const estimated = new Map<RangeScore, number>(
    (options.estimated ?? []).map((range) => [range, range.margins.validity])
  )
  const ranges = [...exact, ...estimated.keys()]
  const isBelow = (range: RangeScore): boolean =>
    isBelowLimit(range.validity, estimated.get(range) ?? null, options.minimumValidity)
  const layerCount = Math.max(0, ...ranges.map(({ end }) => end + 1))
  const plan = planTriangle(layerCount, options.width, WIDTHS)
  if (plan === null) return null
  const { cellWidth, step } = plan
  const better = (a: RangeScore, b: RangeScore | undefined): boolean =>
    b === undefined || rank(a, isBelow(a)) > rank(b, isBelow(b))
  const bestByCell = new Map<string, RangeScore>()
  for (const range of ranges) {
    const cell = cellOfRange(plan, range)
    if (better(range, bestByCell.get(cell))) bestByCell.set(cell, range)
  }
  const diversities = ranges.map(({ diversity }) => diversity)
  const lowest = Math.min(...diversities)
  const spread = Math.max(...diversities) - lowest || 1
  const selected = options.selected === null ? null : cellOfRange(plan, options.selected)
  const cellOf = (cell: string): TriangleCell | null => {
    const range = bestByCell.get(cell)
    if (range === undefined) return null
    const valid = !isBelow(range)
    const digit = valid ? digits(range.diversity, cellWidth === 4 ? 100 : 10) : '·'
    const value = digit.padStart(cellWidth === 4 ? 3 : 1)
    const suffix = cell === selected ? '*' : estimated.has(range) ? '~' : ''
    const text =
      cellWidth === 1 && cell === selected ? '*' : (value + suffix).slice(0, cellWidth).padEnd(cellWidth)
    return { text, colour: valid ? colorAt(VIRIDIS, (range.diversity - lowest) / spread) : null }
  }
  const { diversity, validity } = options.words
  const legend = [
    'first layer down, last layer across',
    `${diversity} in ${cellWidth === 4 ? 'hundredths' : 'tenths'}`,
    `· below the limit of ${validity}, * selected` +
      (estimated.size === 0 || cellWidth === 1 ? '' : ', ~ estimated (· only if below by more than its ±)'),
    ...(step === 1 ? [] : [`each cell the best of ${step} by ${step} ranges`])
  ].join('; ')
  return [legend, ...drawTriangle(plan, cellOf, options.colourBits)].join('\n')
}
