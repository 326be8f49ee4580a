import type { Migration } from '../../base/files/migrate'

/* Migrates stored documents to names of fields that were changed for plainer English. */

/** New names of fields by their old names. Fields with a boolean stay, because searches have a boolean `halves`. */
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

/** Fields whose values stay as they are: the user chose the names inside, or they are large and have no old names. */
const UNCHANGED = new Set(['categories', 'templateArguments', 'prompts', 'promptSets', 'task', 'cells'])

/** Renames the fields of a document, also of objects inside it. */
export const renameFields: Migration = (document) => renameInObject(document)

function renameInValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renameInValue)
  return isObject(value) ? renameInObject(value) : value
}

function renameInObject(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => {
      if (UNCHANGED.has(name)) return [name, value]
      if (name === 'kind' && typeof value === 'string') return [name, KINDS[value] ?? value]
      return [typeof value === 'boolean' ? name : (FIELDS[name] ?? name), renameInValue(value)]
    })
  )
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
