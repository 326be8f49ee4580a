const UNITS = {
  '': 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40
} as const
const FACTORS = new Map(Object.entries(UNITS).map(([unit, factor]) => [unit.toLowerCase(), factor]))

/** Hint for a text that {@link bytesFromText} does not accept. */
export const BYTES_EXPECTED = 'Expected a size such as 4GB, 512MB or 2GiB, with its unit.'

/** Smaller numbers without a unit are rejected, because the user meant an unknown unit other than bytes. */
const MIN_PLAIN_BYTES = 1e6

/** Returns a typed size in bytes, such as `4GB`, `512 MiB` or `1.5gib`. Returns null if the text is not a size. */
export function bytesFromText(text: string): number | null {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? []
  const size = Number(amount) * (FACTORS.get(unit?.toLowerCase() ?? '') ?? 0)
  if (unit === '' && (size < MIN_PLAIN_BYTES || !Number.isInteger(size))) return null
  return size >= 1 && Number.isFinite(size) ? size : null
}

const MOST_BYTES = 16 * UNITS.TiB

/** Says that a memory limit exceeds the available memory; null if it does not. */
export function beyondMemory(bytes: number, device: string, machineBytes: number): string | null {
  if (device !== 'cpu') return bytes <= MOST_BYTES ? null : 'needs less than 16 TiB, more than any GPU has'
  return bytes <= machineBytes ? null : `needs at most ${formatMemory(machineBytes)}, what this machine has`
}

export function bytesAsText(bytes: number): string {
  const texts = Object.entries(UNITS).map(([unit, factor]) => `${bytes / factor} ${unit}`.trim())
  return texts
    .filter((text) => bytesFromText(text) === bytes)
    .reduce((best, text) => (text.length < best.length ? text : best))
}

/** Formats memory or stored bytes in binary units, rounded up, as in 225 MiB, 2.1 GiB, 6 GiB. */
export function formatMemory(bytes: number): string {
  const unit = bytes >= UNITS.GiB ? 'GiB' : 'MiB'
  const value = bytes / UNITS[unit]
  const rounded = value >= 100 ? Math.ceil(value) : Math.ceil(value * 10) / 10
  return `${rounded.toLocaleString('en-US')} ${unit}`
}
