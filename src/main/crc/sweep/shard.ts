import { plural } from '../../../contract/words/format'
import { inputError } from '../../../contract/model/problem'
import type { Shard } from '../../../contract/documents/sweep-part'
import { countNewTokens } from '../../engine/tries/prompt-trie'
import { elementAt } from '../../../contract/model/look-up'

/**
 * Selects the prompts of a shard, one of several parts that machines compute. Prompts are sorted by their tokens and
 * cut into runs of similar cost: the largest number of distinct token prefixes in a run is minimal. Every machine finds
 * the same runs.
 * @returns ascending indices of prompts
 */
export function promptsOfShard(prompts: readonly (readonly number[])[], { index, count }: Shard): number[] {
  if (count > prompts.length) {
    throw inputError(
      `${plural(prompts.length, 'prompt')} cannot be split into ${plural(count, 'shard')}.`,
      `Use at most ${plural(prompts.length, 'shard')}.`
    )
  }
  const order = prompts
    .map((_, prompt) => prompt)
    .sort((a, b) => compareTokens(elementAt(prompts, a, 'prompt'), elementAt(prompts, b, 'prompt')) || a - b)
  const sorted = order.map((prompt) => elementAt(prompts, prompt, 'prompt'))
  // In this order a prompt shares its longest prefix with its neighbour.
  const newPrefixes = sorted.map((tokens, index) =>
    countNewTokens(index === 0 ? [] : elementAt(sorted, index - 1, 'prompt'), tokens)
  )
  const starts = runStarts(sorted, newPrefixes, smallestLimit(sorted, newPrefixes, count), count)
  return order.slice(starts[index - 1], starts[index]).sort((a, b) => a - b)
}

/** Finds the smallest limit of prefixes per run for which `count` runs suffice. */
function smallestLimit(sorted: readonly (readonly number[])[], newPrefixes: readonly number[], count: number): number {
  let low = Math.max(...sorted.map((tokens) => tokens.length))
  let high = sorted.reduce((sum, tokens) => sum + tokens.length, 0)
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (runStarts(sorted, newPrefixes, middle, 1).length <= count) high = middle
    else low = middle + 1
  }
  return low
}

/** Lists the start indices of runs with at most `limit` prefixes each; at least `count` runs if possible. */
function runStarts(
  sorted: readonly (readonly number[])[],
  newPrefixes: readonly number[],
  limit: number,
  count: number
): number[] {
  const starts = [0]
  let rows = elementAt(sorted, 0, 'prompt').length
  for (let index = 1; index < sorted.length; index++) {
    const addedRows = elementAt(newPrefixes, index, 'prompt')
    const runsLeft = count - starts.length
    if (rows + addedRows > limit || sorted.length - index <= runsLeft) {
      starts.push(index)
      rows = elementAt(sorted, index, 'prompt').length
    } else rows += addedRows
  }
  return starts
}

/** Compares token sequences; a prefix comes before longer sequences. */
function compareTokens(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((token, index) => token !== b[index])
  return differs === -1 ? a.length - b.length : elementAt(a, differs, 'token') - (b[differs] ?? -1)
}
