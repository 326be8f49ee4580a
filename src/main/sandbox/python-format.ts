import type { Interpreter } from '@huggingface/jinja'
import { pythonText } from './python-text'

/** A value in a chat template, as the Jinja library represents it. */
type Value = ReturnType<Interpreter['evaluate']>

const DIRECTIVE = /%([-0]?)(\d*)(.?)/gs

/** Formats values by Python's `%` operator, with the directives `%s` and `%d` and their widths. */
export function pythonFormat(format: string, values: readonly Value[]): string {
  let next = 0
  const text = format.replace(DIRECTIVE, (directive, flag: string, width: string, kind: string) => {
    if (directive === '%%') return '%'
    if (kind !== 's' && kind !== 'd') throw new Error(`"${directive}" is not a supported format (supported: %s, %d)`)
    const value = values[next++]
    if (value === undefined) throw new Error('a format has fewer values than directives')
    const written = kind === 's' ? pythonText(value) : wholeNumber(value)
    if (flag === '-') return written.padEnd(Number(width))
    return flag === '0' && kind === 'd' ? padZeros(written, Number(width)) : written.padStart(Number(width))
  })
  if (next < values.length) throw new Error('a format has more values than directives')
  return text
}

function wholeNumber({ value }: Value): string {
  if (typeof value !== 'number') throw new Error('%d formats only numbers')
  return String(Math.trunc(value))
}

function padZeros(digits: string, width: number): string {
  return digits.startsWith('-') ? `-${digits.slice(1).padStart(width - 1, '0')}` : digits.padStart(width, '0')
}

/** Matches the texts that stand for floats in JSON: their digits between two NUL characters. */
const MARKED = /"\\u0000(.*?)\\u0000"/g

/**
 * Writes a value as JSON with whole floats as Python writes them, such as 2.0. Floats are replaced by marked texts
 * before `write`, and the texts by the floats after it.
 */
export function withPythonFloats(
  value: Value,
  create: (value: unknown) => Value,
  write: (value: Value) => Value
): Value {
  if (!hasWholeFloat(value)) return write(value)
  const json: unknown = write(create(withMarkedFloats(value))).value
  return create(String(json).replace(MARKED, (_, float: string) => float))
}

function hasWholeFloat({ type, value }: Value): boolean {
  if (Array.isArray(value)) return value.some(hasWholeFloat)
  if (value instanceof Map) return [...value.values()].some(hasWholeFloat)
  return type === 'FloatValue' && Number.isInteger(value)
}

function withMarkedFloats(value: Value): unknown {
  if (Array.isArray(value.value)) return value.value.map(withMarkedFloats)
  if (value.value instanceof Map)
    return Object.fromEntries([...value.value].map(([key, item]) => [key, withMarkedFloats(item)]))
  return value.type === 'FloatValue' ? `\u0000${value.toString()}\u0000` : value.value
}
