import type { Migration } from '../../base/files/migrate'

/** New names of fields by their old names. A field `halves` of type boolean, as searches have, is not renamed. */
const FIELDS: Readonly<Record<string, string>> = {
  rivals: 'baselines',
  rival: 'baseline',
  soup: 'uniformBlends',
  soupSize: 'uniformBlendCount',
  outside: 'external',
  halves: 'holdOutSplit',
  choose: 'selection',
  report: 'holdOut',
  reported: 'holdOut',
  chosenOn: 'selectionPromptCount',
  reportedOn: 'holdOutPromptCount'
}

const KINDS: Readonly<Record<string, string>> = { rival: 'baseline', blend: 'uniform-blend' }

/** Fields whose values are not searched: their keys are chosen by the user, or they are large and have no old names. */
const UNCHANGED = new Set(['categories', 'templateArguments', 'prompts', 'promptSets', 'task', 'cells'])

export const renameFields: Migration = (document) => renamedObject(document)

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed)
  return isObject(value) ? renamedObject(value) : value
}

function renamedObject(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => {
      if (UNCHANGED.has(name)) return [name, value]
      if (name === 'kind' && typeof value === 'string') return [name, KINDS[value] ?? value]
      return [typeof value === 'boolean' ? name : (FIELDS[name] ?? name), renamed(value)]
    })
  )
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
