import { WorkbenchError } from '../../contract/model/problem'
import { isJsonObject } from '../base/json-object'

/** A key that stands in a config and that nobody has asked for. */
export interface UnreadKey {
  /** The config file, and the section of it. */
  readonly place: string
  readonly key: string
  readonly value: unknown
}

/**
 * Typed reads of a config.json whose every complaint names the file and the field. It remembers what was read, so that a
 * key that nothing asked for can be refused rather than passed over.
 */
export class ConfigReader {
  private readonly read = new Set<string>()
  private readonly sections = new Map<string, ConfigReader>()

  constructor(
    private readonly config: Readonly<Record<string, unknown>>,
    private readonly defaults: Readonly<Record<string, unknown>>,
    private readonly configPath: string
  ) {}

  /** The raw value; the family's default where the config has no such key. Null is a value. */
  value(key: string): unknown {
    const written = this.written(key)
    return written === undefined ? this.defaults[key] : written
  }

  /** The raw value that the config itself has, without the family's default. */
  written(key: string): unknown {
    this.read.add(key)
    return Object.hasOwn(this.config, key) ? this.config[key] : undefined
  }

  /** Takes keys as read that mean nothing beside what was read. */
  passOver(...keys: readonly string[]): void {
    for (const key of keys) this.read.add(key)
  }

  /** Keys that were asked for, whether or not the config has them. */
  keysRead(): string[] {
    return [...this.read].sort()
  }

  /** Keys of the config, and of the sections read of it, that were not asked for. */
  unread(): UnreadKey[] {
    const own = Object.entries(this.config)
      .filter(([key]) => !this.read.has(key))
      .map(([key, value]) => ({ place: this.configPath, key, value }))
    return [...own, ...[...this.sections.values()].flatMap((section) => section.unread())]
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

  /** Null is no flag: transformers refuses it. */
  flag(key: string, byDefault: boolean): boolean {
    const value = this.value(key)
    if (value === undefined) return byDefault
    if (typeof value !== 'boolean') throw this.bad(key, 'true or false')
    return value
  }

  /** A nested object as a reader of its own, the same at every call, or null when absent. */
  section(key: string, defaults: Readonly<Record<string, unknown>> = {}): ConfigReader | null {
    const known = this.sections.get(key)
    if (known !== undefined) return known
    const value = this.value(key)
    if (value === undefined || value === null) return null
    if (!isJsonObject(value)) throw this.bad(key, 'an object')
    const section = new ConfigReader(value, defaults, `${this.configPath} (${key})`)
    this.sections.set(key, section)
    return section
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

/** A value as JSON, cut to fit a message. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
