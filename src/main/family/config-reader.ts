import { fileError, unsupportedError, type WorkbenchError } from '../../contract/model/problem'
import { isJsonObject } from '../base/json-object'

/** A key of a config that was never read. */
interface UnreadKey {
  /** Path of the config file, and the section that is read. */
  readonly location: string
  readonly key: string
  readonly value: unknown
}

const MAX_COUNT = 2 ** 31 - 1

export function isCount(value: unknown, minimum = 1, maximum = MAX_COUNT): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum
}

/** Reads typed values from a config.json, and records their keys, so that keys without a reader can be refused. */
export class ConfigReader {
  private readonly read = new Set<string>()
  private readonly sections = new Map<string, ConfigReader>()

  constructor(
    private readonly config: Readonly<Record<string, unknown>>,
    /** Values of the family for keys that the config omits. */
    private readonly defaults: Readonly<Record<string, unknown>>,
    private readonly configPath: string,
    /** Older names by key. A value under the older name has priority. */
    private readonly olderNames: Readonly<Record<string, string>> = {}
  ) {}

  /** The raw value, or the family's default if the config lacks the key. Null is a value. */
  value(key: string): unknown {
    const configured = this.configured(key)
    return configured === undefined ? this.defaults[key] : configured
  }

  /** The raw value of the config itself, without the family's default. */
  configured(key: string): unknown {
    this.read.add(key)
    const value = Object.hasOwn(this.config, key) ? this.config[key] : undefined
    const name = this.nameOf(key)
    if (name === key) return value
    this.read.add(name)
    if (value !== undefined && value !== this.config[name])
      throw this.bad(name, `${describeValue(value)}, as "${key}" is`)
    return this.config[name]
  }

  /** Gives the name under which the config has a key: the older one if it is there. */
  private nameOf(key: string): string {
    const older = this.olderNames[key]
    return older === undefined || this.config[older] === undefined ? key : older
  }

  /** Marks keys as read that have no effect beside the keys that were read. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.read.add(key)
  }

  /** Lists keys that were read, even if the config lacks them. */
  keysRead(): string[] {
    return [...this.read].sort()
  }

  /** Lists keys of the config and of its read sections that were not read. */
  unread(): UnreadKey[] {
    const ownKeys = Object.entries(this.config)
      .filter(([key]) => !this.read.has(key))
      .map(([key, value]) => ({ location: this.configPath, key, value }))
    return [...ownKeys, ...[...this.sections.values()].flatMap((section) => section.unread())]
  }

  /** Reads a whole number of at least `minimum`. */
  count(key: string, minimum = 1, maximum = MAX_COUNT): number {
    const value = this.value(key)
    if (!isCount(value, minimum, maximum)) throw this.bad(key, `a whole number from ${minimum} to ${maximum}`)
    return value
  }

  /** Reads a whole number, or a list in which every layer has the same one. */
  uniformCount(key: string, maximum = MAX_COUNT): number {
    const value = this.value(key)
    if (!Array.isArray(value)) return this.count(key, 1, maximum)
    const first: unknown = value[0]
    if (!isCount(first, 1, maximum) || !value.every((item) => item === first))
      throw this.bad(key, `one whole number from 1 to ${maximum} for all layers`)
    return first
  }

  /** Reads a whole number for each layer, or one for all. */
  layerCounts(key: string, layerCount: number): number[] {
    const value = this.value(key)
    if (!Array.isArray(value)) return new Array<number>(layerCount).fill(this.count(key))
    if (value.length !== layerCount || !value.every((item) => isCount(item)))
      throw this.bad(key, `a whole number, or a list of ${layerCount}`)
    return value
  }

  optionalCount(key: string): number | null {
    const value = this.value(key)
    return value === undefined || value === null ? null : this.count(key)
  }

  positive(key: string): number {
    const value = this.value(key)
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) throw this.bad(key, 'a positive number')
    return value
  }

  optionalPositive(key: string): number | null {
    const value = this.value(key)
    return value === undefined || value === null ? null : this.positive(key)
  }

  positives(key: string, length: number): number[] {
    const value = this.value(key)
    const isPositive = (item: unknown): item is number => typeof item === 'number' && Number.isFinite(item) && item > 0
    if (!Array.isArray(value) || value.length !== length || !value.every(isPositive))
      throw this.bad(key, `a list of ${length} positive numbers`)
    return value
  }

  /** Reads a boolean. Null is refused, as in transformers. */
  flag(key: string, byDefault: boolean): boolean {
    const value = this.value(key)
    if (value === undefined) return byDefault
    if (typeof value !== 'boolean') throw this.bad(key, 'true or false')
    return value
  }

  /** Reads a list of layers; null without one. */
  layerList(key: string): number[] | null {
    const value = this.value(key)
    if (value === undefined || value === null) return null
    if (!Array.isArray(value) || !value.every((index) => Number.isInteger(index)))
      throw this.bad(key, 'a list of layers, counted from 0')
    return value
  }

  /** Returns the one reader of a nested object, for all calls; null if the object is absent. */
  section(key: string, defaults: Readonly<Record<string, unknown>> = {}): ConfigReader | null {
    const opened = this.sections.get(key)
    if (opened !== undefined) return opened
    const value = this.value(key)
    if (value === undefined || value === null) return null
    if (!isJsonObject(value)) throw this.bad(key, 'an object')
    const section = new ConfigReader(value, defaults, `${this.configPath} (${key})`)
    this.sections.set(key, section)
    return section
  }

  /** Builds an error for a value that no model could have. @param expected completes "expected ..." */
  bad(key: string, expected: string): WorkbenchError {
    return fileError(
      `${this.configPath}: "${this.nameOf(key)}" is ${describeValue(this.value(key))}, expected ${expected}.`
    )
  }

  /** Builds an error for a value that this program does not compute. */
  unsupported(key: string, supported: string): WorkbenchError {
    return unsupportedError(
      `${this.configPath}: "${this.nameOf(key)}" is ${describeValue(this.value(key))}, which is not supported ` +
        `(supported: ${supported}).`
    )
  }
}

/** Writes a value as JSON, shortened for a message. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
