import type { Migration } from '../../base/files/migrate'

/** Old and present names of fields. A field that is a flag, such as `halves` of a search, keeps its name. */
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

/** Values with names that the user chose, and large values without renamed fields. */
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
