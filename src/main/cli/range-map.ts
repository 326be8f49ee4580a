import { colorAt, inkOn, VIRIDIS } from '../../contract/words/color-scale'
import type { RangeScore } from '../../contract/documents/crc'
import type { RestorationRange } from '../../contract/model/recipe'
import type { ScoreWords } from '../../contract/words/score-words'

export interface RangeMapOptions {
  /** Below it a range does not count. */
  minimumValidity: number
  words: Pick<ScoreWords, 'validity' | 'diversity'>
  selected: RestorationRange | null
  /** Columns of the terminal. */
  width: number
  /** How many bits of colour the terminal shows; the map takes 8 or 24. */
  colourBits: number
}

/** What a cell shows, from the widest: it is taken where a row of all layers fits. */
const CELLS = [
  { width: 4, unit: 'hundredths', text: (value: number) => digits(value, 100).padStart(3) },
  { width: 2, unit: 'tenths', text: (value: number) => digits(value, 10) },
  { width: 1, unit: 'tenths', text: (value: number) => digits(value, 10) }
] as const

const NARROWEST = CELLS[2]

/** Ranges below the limit come behind all others. */
const rank = ({ validity, diversity }: RangeScore, minimumValidity: number): number =>
  diversity - (validity >= minimumValidity ? 0 : 2)

/** Rounded down, so that no range looks better than it is; 1 is shown as the highest that fits. */
const digits = (value: number, parts: number): string =>
  String(Math.min(parts - 1, Math.floor(value * parts + 1e-9)))

/**
 * The triangle of all ranges as text: first layer down, last layer across, in each cell the diversity; a dot where validity is too
 * low, and a star behind the selected range. On a terminal with colours the cells are those of the window's heatmap. Where the model
 * is deeper than the terminal is wide, neighbouring ranges share a cell, which shows the best of them.
 *
 * @returns null without ranges, and on a terminal of a few columns
 */
export function describeRangeMap(ranges: readonly RangeScore[], options: RangeMapOptions): string | null {
  const layerCount = Math.max(0, ...ranges.map(({ end }) => end + 1))
  const label = String(layerCount - 1).length + 1
  if (layerCount === 0 || options.width <= label) return null
  const cell = CELLS.find(({ width }) => label + layerCount * width <= options.width) ?? NARROWEST
  /** Layers that share a row, and a column. */
  const step = Math.ceil((layerCount * cell.width) / (options.width - label))
  const placeOf = ({ start, end }: RestorationRange): string =>
    `${Math.floor(start / step)}-${Math.floor(end / step)}`
  const better = (a: RangeScore, b: RangeScore | undefined): boolean =>
    b === undefined || rank(a, options.minimumValidity) > rank(b, options.minimumValidity)
  const shown = new Map<string, RangeScore>()
  for (const range of ranges) if (better(range, shown.get(placeOf(range)))) shown.set(placeOf(range), range)
  const diversities = ranges.map(({ diversity }) => diversity)
  const lowest = Math.min(...diversities)
  const spread = Math.max(...diversities) - lowest || 1
  const draw = (start: number, end: number): string => {
    const range = shown.get(`${start}-${end}`)
    if (range === undefined) return ' '.repeat(cell.width)
    const valid = range.validity >= options.minimumValidity
    const isSelected = options.selected !== null && placeOf(options.selected) === `${start}-${end}`
    const value = valid ? cell.text(range.diversity) : '·'.padStart(cell.width === 4 ? 3 : 1)
    const text = cell.width === 1 && isSelected ? '*' : (value + (isSelected ? '*' : '')).padEnd(cell.width)
    return options.colourBits >= 8 && valid
      ? coloured(text, (range.diversity - lowest) / spread, options.colourBits)
      : text
  }
  const layers = Array.from({ length: Math.ceil(layerCount / step) }, (_, place) => place)
  // As many labels across as do not run into each other.
  const every = Math.ceil((label + 1) / cell.width)
  const head = layers
    .filter((layer) => layer % every === 0)
    .map((layer) =>
      String(layer * step)
        .padStart(cell.width === 4 ? 3 : 0)
        .padEnd(cell.width * every)
    )
    .join('')
  const rows = layers.map((start) => {
    const cells = layers.map((end) => (end < start ? ' '.repeat(cell.width) : draw(start, end)))
    return `${String(start * step).padStart(label - 1)} ${cells.join('')}`.trimEnd()
  })
  const legend =
    `first layer down, last layer across; ${options.words.diversity} in ${cell.unit}, rounded down; ` +
    `· below the limit of ${options.words.validity}, * selected` +
    (step === 1 ? '' : `; each cell the best of ${step} by ${step} ranges`)
  return [legend, `${' '.repeat(label)}${head}`.trimEnd(), ...rows].join('\n')
}

function coloured(text: string, position: number, bits: number): string {
  const colour = colorAt(VIRIDIS, position)
  const isLight = inkOn(colour) !== '#ffffff'
  const codes =
    bits < 24
      ? `38;5;${isLight ? 16 : 231};48;5;${inCube(colour)}`
      : `38;2;${isLight ? '0;0;0' : '255;255;255'};48;2;${colour.join(';')}`
  return `\u001b[${codes}m${text}\u001b[39;49m`
}

/** The nearest of xterm's 216 colours, 6 levels (0, 95, 135, 175, 215, 255) of each of red, green and blue. */
function inCube(colour: readonly number[]): number {
  const level = (value: number): number => (value < 48 ? 0 : value < 115 ? 1 : Math.floor((value - 35) / 40))
  return 16 + colour.reduce((sum, value) => 6 * sum + level(value), 0)
}
