import { colorAt, VIRIDIS } from '../../../contract/words/color-scale'
import type { RangeScore } from '../../../contract/documents/crc'
import type { RestorationRange } from '../../../contract/model/recipe'
import { isBelowLimit } from '../../../contract/words/preview-words'
import type { ScoreWords } from '../../../contract/words/score-words'
import { drawTriangle, placeOf, planTriangle, type TriangleCell } from './triangle'

export interface RangeMapOptions {
  /** Ranges whose scores are estimates. */
  estimated?: readonly EstimatedRange[]
  /** Below it a range does not count. */
  minimumValidity: number
  words: Pick<ScoreWords, 'validity' | 'diversity'>
  selected: RestorationRange | null
  /** Columns of the terminal. */
  width: number
  /** How many bits of colour the terminal shows; the map takes 8 or 24. */
  colourBits: number
}

/** With half the width of the 95 % interval around its validity. */
export interface EstimatedRange extends RangeScore {
  margins: { validity: number }
}

/** In cells of four columns hundredths stand, in narrower ones tenths. */
const WIDTHS = [4, 2, 1] as const

/** Ranges below the limit come behind all others. */
const rank = ({ diversity }: RangeScore, isBelow: boolean): number => diversity - (isBelow ? 2 : 0)

/** Rounded as wherever a score is shown; 1 is shown in tenths as the highest that fits. */
const digits = (value: number, parts: 10 | 100): string =>
  parts === 100 ? String(Math.round(value * 100)) : String(Math.min(9, Math.round(value * 10)))

/**
 * The triangle of all ranges as text: first layer down, last layer across, in each cell the diversity; a dot where validity is too
 * low, of an estimate by more than its margin, a tilde behind what is estimated, and a star behind the selected range. On a terminal with colours the cells are those of the window's heatmap. Where the model
 * is deeper than the terminal is wide, neighbouring ranges share a cell, which shows the best of them.
 *
 * @returns null without ranges, and on a terminal of a few columns
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
  const shown = new Map<string, RangeScore>()
  for (const range of ranges) {
    const place = placeOf(plan, range)
    if (better(range, shown.get(place))) shown.set(place, range)
  }
  const diversities = ranges.map(({ diversity }) => diversity)
  const lowest = Math.min(...diversities)
  const spread = Math.max(...diversities) - lowest || 1
  const selected = options.selected === null ? null : placeOf(plan, options.selected)
  const cellOf = (place: string): TriangleCell | null => {
    const range = shown.get(place)
    if (range === undefined) return null
    const valid = !isBelow(range)
    const digit = valid ? digits(range.diversity, cellWidth === 4 ? 100 : 10) : '·'
    const value = digit.padStart(cellWidth === 4 ? 3 : 1)
    const mark = place === selected ? '*' : estimated.has(range) ? '~' : ''
    const text =
      cellWidth === 1 && place === selected ? '*' : (value + mark).slice(0, cellWidth).padEnd(cellWidth)
    return { text, colour: valid ? colorAt(VIRIDIS, (range.diversity - lowest) / spread) : null }
  }
  const legend =
    `first layer down, last layer across; ${options.words.diversity} in ${cellWidth === 4 ? 'hundredths' : 'tenths'}; ` +
    `· below the limit of ${options.words.validity}, * selected${estimated.size === 0 || cellWidth === 1 ? '' : ', ~ estimated, below only where by more than its ±'}` +
    (step === 1 ? '' : `; each cell the best of ${step} by ${step} ranges`)
  return [legend, ...drawTriangle(plan, cellOf, options.colourBits)].join('\n')
}
