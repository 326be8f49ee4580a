import type { ComparedRange } from '../../../contract/documents/sweep-comparison'
import type { RestorationRange } from '../../../contract/model/recipe'
import { colorAt, DIVERGING } from '../../../contract/words/color-scale'
import { drawTriangle, placeOf, planTriangle, type TriangleCell } from './triangle'

export interface DifferenceMapOptions {
  layerCount: number
  /** What the difference is of. */
  measure: { name: string; of: (range: ComparedRange) => number }
  /** What A selects, and what of A's stands for what B selects. */
  selected: { a: RestorationRange | null; b: RestorationRange | null }
  /** Columns of the terminal. */
  width: number
  /** How many bits of colour the terminal shows. */
  colourBits: number
}

/** In cells of four columns hundredths stand, in narrower ones signs alone. */
const WIDTHS = [4, 2, 1] as const
/** Smaller differences have no sign in a narrow map. */
const LEAST_SIGN = 0.05

function hundredths(value: number): string {
  const whole = Math.min(99, Math.round(Math.abs(value) * 100))
  return whole === 0 ? '0' : `${value < 0 ? '−' : '+'}${whole}`
}

const sign = (value: number): string => (Math.abs(value) < LEAST_SIGN ? '·' : value < 0 ? '−' : '+')

/**
 * The triangle of A's ranges as text, in each cell what B has more or less of a measure; letters stand behind what each selects. Colours
 * are those of the window, with 0 in the middle. Where neighbouring ranges share a cell it shows the one that differs most.
 *
 * @returns null on a terminal of a few columns
 */
export function describeDifferenceMap(
  ranges: readonly ComparedRange[],
  { layerCount, measure, selected, width, colourBits }: DifferenceMapOptions
): string | null {
  const plan = planTriangle(layerCount, width, WIDTHS)
  if (plan === null) return null
  const { cellWidth, step } = plan
  const values = new Map<string, number>()
  for (const range of ranges) {
    const place = placeOf(plan, range.range)
    const value = measure.of(range)
    const before = values.get(place)
    if (before === undefined || Math.abs(value) >= Math.abs(before)) values.set(place, value)
  }
  const reach = Math.max(0.01, ...[...values.values()].map(Math.abs))
  const markOf = (place: string): string => {
    const [a, b] = [selected.a, selected.b].map((range) => range !== null && placeOf(plan, range) === place)
    return a && b ? '=' : a ? 'A' : b ? 'B' : ''
  }
  const cellOf = (place: string): TriangleCell | null => {
    const value = values.get(place)
    if (value === undefined) return null
    const mark = markOf(place)
    const told = cellWidth === 4 ? hundredths(value).padStart(3) : sign(value)
    const text = cellWidth === 1 && mark !== '' ? mark : (told + mark).padEnd(cellWidth)
    return { text, colour: colorAt(DIVERGING, 0.5 + value / reach / 2) }
  }
  const unit =
    cellWidth === 4
      ? 'in hundredths'
      : `+ at least ${LEAST_SIGN} more in B, - less, · less than ${LEAST_SIGN} apart`
  const legend =
    `A's first layer down, last layer across; ${measure.name} of B less that of A, ${unit}; ` +
    `A and B behind what each selects, = both` +
    (step === 1 ? '' : `; each cell the one of ${step} by ${step} ranges that differs most`)
  return [legend, ...drawTriangle(plan, cellOf, colourBits)].join('\n')
}
