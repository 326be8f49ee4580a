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
  /** Whether the terminal shows 24-bit colours. */
  colours: boolean
}

/** What a cell shows, from the widest: it is taken where a row of all layers fits. */
const CELLS = [
  { width: 4, unit: 'hundredths', text: (value: number) => digits(value, 100).padStart(3) },
  { width: 2, unit: 'tenths', text: (value: number) => digits(value, 10) },
  { width: 1, unit: 'tenths', text: (value: number) => digits(value, 10) }
] as const

/** Rounded down, so that no range looks better than it is; 1 is shown as the highest that fits. */
const digits = (value: number, parts: number): string =>
  String(Math.min(parts - 1, Math.floor(value * parts + 1e-9)))

/**
 * The triangle of all ranges as text: first layer down, last layer across, in each cell the diversity; a dot where validity is too
 * low, and a star behind the selected range. On a terminal with colours the cells are those of the window's heatmap.
 *
 * @returns null where the terminal is narrower than the model is deep
 */
export function describeRangeMap(ranges: readonly RangeScore[], options: RangeMapOptions): string | null {
  const layerCount = Math.max(0, ...ranges.map(({ end }) => end + 1))
  const label = String(layerCount - 1).length + 1
  const cell = CELLS.find(({ width }) => label + layerCount * width <= options.width)
  if (cell === undefined || layerCount === 0) return null
  const scored = new Map(ranges.map((range) => [`${range.start}-${range.end}`, range]))
  const diversities = ranges.map(({ diversity }) => diversity)
  const lowest = Math.min(...diversities)
  const spread = Math.max(...diversities) - lowest || 1
  const draw = (start: number, end: number): string => {
    const range = scored.get(`${start}-${end}`)
    if (range === undefined) return ' '.repeat(cell.width)
    const valid = range.validity >= options.minimumValidity
    const isSelected = start === options.selected?.start && end === options.selected.end
    const value = valid ? cell.text(range.diversity) : '·'.padStart(cell.width === 4 ? 3 : 1)
    const text = cell.width === 1 && isSelected ? '*' : (value + (isSelected ? '*' : '')).padEnd(cell.width)
    return options.colours && valid ? coloured(text, (range.diversity - lowest) / spread) : text
  }
  const layers = Array.from({ length: layerCount }, (_, layer) => layer)
  // As many labels across as do not run into each other.
  const every = Math.ceil((label + 1) / cell.width)
  const head = layers
    .filter((layer) => layer % every === 0)
    .map((layer) =>
      String(layer)
        .padStart(cell.width === 4 ? 3 : 0)
        .padEnd(cell.width * every)
    )
    .join('')
  const rows = layers.map((start) => {
    const cells = layers.map((end) => (end < start ? ' '.repeat(cell.width) : draw(start, end)))
    return `${String(start).padStart(label - 1)} ${cells.join('')}`.trimEnd()
  })
  const legend =
    `first layer down, last layer across; ${options.words.diversity} in ${cell.unit}, rounded down; ` +
    `· below the limit of ${options.words.validity}, * selected`
  return [legend, `${' '.repeat(label)}${head}`.trimEnd(), ...rows].join('\n')
}

function coloured(text: string, position: number): string {
  const colour = colorAt(VIRIDIS, position)
  const ink = inkOn(colour) === '#ffffff' ? '255;255;255' : '0;0;0'
  return `\u001b[38;2;${ink};48;2;${colour.join(';')}m${text}\u001b[39;49m`
}
