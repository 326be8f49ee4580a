import type { RestoredTo } from '../model/checkpoint'
import type { RestorationRange } from '../model/recipe'

export const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export const formatScore = (value: number): string => value.toFixed(3)

/** Formats a number with a minus sign (U+2212), except for negative numbers that round to zero. */
export function formatNumber(value: number, decimals: number): string {
  const digits = Math.abs(value).toFixed(decimals)
  return value < 0 && Number(digits) !== 0 ? `−${digits}` : digits
}

/** Smaller values are rounding errors of zero. */
const LEFT_OVER = 1e-6

/** Formats an end of an interval. A small value keeps its first digit, and zero has no sign. */
export function formatEnd(end: number, format: (end: number) => string): string {
  const text = format(end)
  if (/[1-9]/.test(text)) return text
  if (Math.abs(end) < LEFT_OVER) return text
  const plus = format(1).startsWith('+') ? '+' : ''
  return `${end < 0 ? '−' : plus}${Math.abs(end).toPrecision(1)}`
}

export const formatInterval = (
  interval: readonly [number, number],
  format: (end: number) => string = formatScore
): string => `[${interval.map((end) => formatEnd(end, format)).join(', ')}]`

/** Formats a score with half the width of its interval. If the interval is cut at 0 or 1, both ends are shown. */
export function formatWithMargin(value: number, margin: number): string {
  const [low, high] = [Math.max(0, value - margin), Math.min(1, value + margin)]
  const isCut = value - margin < 0 || value + margin > 1
  return isCut
    ? `${formatScore(value)}, ${formatScore(low)} to ${formatScore(high)}`
    : `${formatScore(value)} ± ${formatScore(margin)}`
}

/** Formats a difference with its sign: +0.459, −0.012. A difference that rounds to zero has none. */
export function formatDelta(value: number, decimals = 3): string {
  const digits = Math.abs(value).toFixed(decimals)
  if (Number(digits) === 0) return digits
  return `${value < 0 ? '−' : '+'}${digits}`
}

export const formatDeltas = ([low, high]: readonly [number, number]): string =>
  `${formatEnd(low, formatDelta)} to ${formatEnd(high, formatDelta)}`

/** Formats a score in three characters: .46, 1.0. */
export const briefScore = (value: number): string => {
  const digits = value.toFixed(2)
  return digits.startsWith('0') ? digits.slice(1) : value.toFixed(1)
}

/** Formats a difference in few characters: +.46. */
export const briefDelta = (value: number): string => {
  const digits = briefScore(Math.abs(value))
  return digits === '.00' ? digits : `${value < 0 ? '−' : '+'}${digits}`
}

/** Formats a p-value without a place for a line break: `p = 0.012`, `p < 0.001`. */
export const formatP = (value: number): string =>
  value < 0.001 ? 'p\u00a0<\u00a00.001' : `p\u00a0=\u00a0${value.toFixed(3)}`

/** Formats a share in whole percent. Shares near 0 and 1 become `<1 %` and `>99 %`. */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.005) return '<1 %'
  if (share < 1 && share > 0.995) return '>99 %'
  return `${Math.round(share * 100)} %`
}

// Creating a formatter takes longer than hundreds of its uses.
const COUNT = new Intl.NumberFormat('en-US')

export const formatCount = (value: number): string => COUNT.format(Math.round(value))

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Formats bytes in decimal units. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[power]}`
}

export function formatParameters(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} B`
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`
  return formatCount(count)
}

/** Formats a duration in its two largest units: 4.2 s, 3 min 20 s, 1 h 5 min. */
export function formatDuration(seconds: number): string {
  // Rounding comes first, so that no part becomes 60.
  const tenths = Math.round(seconds * 10)
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export const formatUtc = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`

/** Formats a range as a label: 4–11, or 5 for one layer. */
export const rangeLabel = ({ start, end }: RestorationRange): string =>
  start === end ? String(start) : `${start}–${end}`

/** Formats a range in a sentence: layers 4–11, layer 5, or layers 4–11 from sft. */
export const rangePhrase = (range: RestorationRange, source: RestoredTo = null): string =>
  (range.start === range.end ? 'layer ' : 'layers ') +
  rangeLabel(range) +
  (source === null ? '' : ` from ${source.name}`)

export const rangeName = (range: RestorationRange, source: RestoredTo = null): string =>
  capitalised(rangePhrase(range, source))

/** Formats a count with its noun: "40 prompts", "1 prompt". */
export const plural = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`

/** Joins the first names, and counts the remaining ones: `a, b and 3 more`. */
export function listNames(names: readonly string[], maxNames: number): string {
  const listed = names.slice(0, maxNames).join(', ')
  return names.length > maxNames ? `${listed} and ${names.length - maxNames} more` : listed
}
