import { elementAt } from '../../../contract/model/look-up'
import { multimap } from '../../../contract/model/multimap'
import type { PromptSplit } from '../../../contract/procedures/engine'

/**
 * Groups of prompts that the engine computes together, as prompt keys. A resumed run uses them again, because the last
 * digits of scores depend on the groups.
 */
export interface KeyedSplit {
  groups: readonly (readonly string[])[]
  /** Approximate maximum of rows that pass through a block at once. */
  rowBound: number
}

/** Minimum number of rows that pass through a block at once after a lack of memory. */
const MIN_ROWS = 64

/** Each group reads all weights, so a lack of memory splits groups only if runs have at most this many rows. */
const SPLIT_ROWS = 2048

/** Converts a split by prompt indices to a split by keys. @param keys key of each prompt */
export const keySplit = ({ groups, rowBound }: PromptSplit, keys: readonly string[]): KeyedSplit => ({
  groups: groups.map((indices) => indices.map((index) => elementAt(keys, index, 'prompt'))),
  rowBound
})

/**
 * Converts the unfinished groups of a split to indices of the missing prompts.
 * @param missing keys of the missing prompts
 * @returns undefined without a split, or unless each group is either finished or missing as a whole
 */
export function missingGroups(split: KeyedSplit | null, missing: readonly string[]): PromptSplit | undefined {
  if (split === null) return undefined
  const indices = multimap(missing.map((key, index) => [key, index]))
  const groups = split.groups
    .map((keys) => ({ size: keys.length, left: keys.flatMap((key) => indices.get(key)?.shift() ?? []) }))
    .filter(({ left }) => left.length > 0)
  const covered = groups.flatMap(({ left }) => left).length
  return covered === missing.length && groups.every(({ size, left }) => left.length === size)
    ? { groups: groups.map(({ left }) => left), rowBound: split.rowBound }
    : undefined
}

/** Halves the rows that pass through a block at once, and small groups of prompts. @returns null if they are minimal */
export function halveSplit({ groups, rowBound }: KeyedSplit): KeyedSplit | null {
  if (rowBound <= MIN_ROWS && groups.every((keys) => keys.length === 1)) return null
  const halves = groups.flatMap((keys) => {
    const middle = Math.ceil(keys.length / 2)
    return [keys.slice(0, middle), keys.slice(middle)]
  })
  return {
    groups: rowBound > SPLIT_ROWS ? groups : halves.filter((keys) => keys.length > 0),
    rowBound: Math.max(MIN_ROWS, rowBound / 2)
  }
}
