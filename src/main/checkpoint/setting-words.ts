import type { z } from 'zod'
import { describeValue } from '../family/config-reader'
import { isJsonObject, quoteName } from '../base/json-object'

type Issue = z.core.$ZodIssue

/** The first setting that a schema refuses, as its name, what it is, and what is read. */
export function settingWords(settings: Readonly<Record<string, unknown>>, { issues }: z.ZodError): string {
  const { issue, path } = nearest(issues[0], [])
  if (issue === undefined) return 'its settings are others'
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    return `${quoteName([...path, key].map(String).join('.'))} is not read`
  }
  const found = path.reduce(valueAt, settings)
  return `${quoteName(path.map(String).join('.'))} is ${describeValue(found)}, expected ${expectedOf(issue)}`
}

function valueAt(value: unknown, key: PropertyKey): unknown {
  if (isJsonObject(value)) return value[String(key)]
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  return list[Number(key)]
}

/** Of the forms that something may have, the issue of the one that comes closest. */
function nearest(
  issue: Issue | undefined,
  parents: readonly PropertyKey[]
): { issue: Issue | undefined; path: PropertyKey[] } {
  const path = [...parents, ...(issue?.path ?? [])]
  if (issue?.code !== 'invalid_union' || issue.errors.length === 0) return { issue, path }
  const closest = issue.errors.toSorted((a, b) => a.length - b.length)[0]
  return nearest(closest?.[0], path)
}

const TYPES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null, or nothing at all'
}

function expectedOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ')
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected
    case 'too_small':
      return `more than ${issue.inclusive === true ? Number(issue.minimum) - 1 : issue.minimum}`
    default:
      return 'another value'
  }
}
