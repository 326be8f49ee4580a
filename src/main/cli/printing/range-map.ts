import { colorAt, VIRIDIS } from '../../../contract/words/color-scale'
import type { RangeScore } from '../../../contract/documents/crc'
import type { RestorationRange } from '../../../contract/model/recipe'
import { isBelowLimit } from '../../../contract/words/preview-words'
import type { ScoreWords } from '../../../contract/words/score-words'
import { drawTriangle, cellOfRange, planTriangle, type TriangleCell } from './triangle'

export interface RangeMapOptions {
  /** Ranges whose scores are estimates. */
  estimated?: readonly EstimatedRange[]
  /** Ranges below this validity cannot be selected. */
  minimumValidity: number
  words: Pick<ScoreWords, 'validity' | 'diversity'>
  selected: RestorationRange | null
  /** Width of the terminal in columns. */
  width: number
  /** Colour depth of the terminal in bits. The map has colours at 8 and 24 bits. */
  colourBits: number
}

/** Estimated score. The margin is half the width of the 95 % interval of its validity. */
export interface EstimatedRange extends RangeScore {
  margins: { validity: number }
}

/** Widths of a cell in columns. Cells of four columns show hundredths, narrower cells show tenths. */
const CELL_WIDTHS = [4, 2, 1] as const

/** Ranks by diversity, which is 0 to 1. Ranges below the limit rank after all others. */
const rank = ({ diversity }: RangeScore, isBelow: boolean): number => diversity - (isBelow ? 2 : 0)

/** Formats a score in tenths or hundredths. In tenths, 1.0 is shown as 9, because a cell has room for one digit. */
const formatScore = (value: number, parts: 10 | 100): string =>
  parts === 100 ? String(Math.round(value * 100)) : String(Math.min(9, Math.round(value * 10)))

/**
 * Draws the triangle of all ranges. The first layer selects the row, the last layer selects the column, and each
 * cell shows a diversity. A dot replaces the diversity if the validity is below the limit. For an estimate, the
 * validity must be below it by more than the margin. A tilde marks an estimate, and a star marks the selected range.
 * Colours are those of the window's heatmap. On narrow terminals, neighbouring ranges share a cell, which shows the
 * best of them.
 *
 * @returns null if there are no ranges, or if the terminal is too narrow
 */
export function describeRangeMap(exact: readonly RangeScore[], options: RangeMapOptions): string | null {
  const estimated = new Map<RangeScore, number>(
    (options.estimated ?? []).map((range) => [range, range.margins.validity])
  )
  const ranges = [...exact, ...estimated.keys()]
  const isBelow = (range: RangeScore): boolean =>
    isBelowLimit(range.validity, estimated.get(range) ?? null, options.minimumValidity)
  const layerCount = Math.max(0, ...ranges.map(({ end }) => end + 1))
  const plan = planTriangle(layerCount, options.width, CELL_WIDTHS)
  if (plan === null) return null
  const { cellWidth, step } = plan
  const isBetter = (a: RangeScore, b: RangeScore | undefined): boolean =>
    b === undefined || rank(a, isBelow(a)) > rank(b, isBelow(b))
  const bestByCell = new Map<string, RangeScore>()
  for (const range of ranges) {
    const cell = cellOfRange(plan, range)
    if (isBetter(range, bestByCell.get(cell))) bestByCell.set(cell, range)
  }
  const diversities = ranges.map(({ diversity }) => diversity)
  const lowest = Math.min(...diversities)
  const spread = Math.max(...diversities) - lowest || 1
  const selected = options.selected === null ? null : cellOfRange(plan, options.selected)
  const cellOf = (cell: string): TriangleCell | null => {
    const range = bestByCell.get(cell)
    if (range === undefined) return null
    const valid = !isBelow(range)
    const digit = valid ? formatScore(range.diversity, cellWidth === 4 ? 100 : 10) : '·'
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
      (estimated.size === 0 || cellWidth === 1
        ? ''
        : ', ~ estimate (· if below the limit by more than its margin)'),
    ...(step === 1 ? [] : [`each cell the best of ${step} by ${step} ranges`])
  ].join('; ')
  return [legend, ...drawTriangle(plan, cellOf, options.colourBits)].join('\n')
}
