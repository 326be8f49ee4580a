import { WorkbenchError } from '../../contract/problem'

/** Typed reads of a config.json whose every complaint names the file and the field. */
export class ConfigReader {
  constructor(
    private readonly config: Readonly<Record<string, unknown>>,
    private readonly defaults: Readonly<Record<string, unknown>>,
    private readonly configPath: string
  ) {}

  /** The raw value; the family's default where the config has no such key. Null is a value. */
  value(key: string): unknown {
    return this.config[key] === undefined ? this.defaults[key] : this.config[key]
  }

  /** A whole number of at least `minimum`. */
  count(key: string, minimum = 1, maximum = 2 ** 31 - 1): number {
    const value = this.value(key)
    if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum) {
      throw this.bad(key, `a whole number from ${minimum} to ${maximum}`)
    }
    return value
  }

  optionalCount(key: string): number | null {
    const value = this.value(key)
    return value === undefined || value === null ? null : this.count(key)
  }

  positive(key: string): number {
    const value = this.value(key)
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
      throw this.bad(key, 'a positive number')
    return value
  }

  optionalPositive(key: string): number | null {
    const value = this.value(key)
    return value === undefined || value === null ? null : this.positive(key)
  }

  flag(key: string, byDefault: boolean): boolean {
    const value = this.value(key)
    if (value === undefined || value === null) return byDefault
    if (typeof value !== 'boolean') throw this.bad(key, 'true or false')
    return value
  }

  /** A nested object as a reader of its own, or null when absent. */
  section(key: string): ConfigReader | null {
    const value = this.value(key)
    if (value === undefined || value === null) return null
    if (!isRecord(value)) throw this.bad(key, 'an object')
    return new ConfigReader(value, {}, `${this.configPath} (${key})`)
  }

  bad(key: string, expected: string): WorkbenchError {
    return new WorkbenchError(
      'bad-file',
      `${this.configPath}: "${key}" is ${describeValue(this.value(key))}, expected ${expected}.`
    )
  }

  /** The config asks for something this program does not compute. */
  unsupported(key: string, supported: string): WorkbenchError {
    return new WorkbenchError(
      'unsupported',
      `${this.configPath}: "${key}" is ${describeValue(this.value(key))}, which is not supported (supported: ${supported}).`
    )
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function describeValue(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
