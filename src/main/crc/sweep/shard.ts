import { plural } from '../../../contract/words/format'
import { WorkbenchError } from '../../../contract/model/problem'
import type { Shard } from '../../../contract/documents/sweep-part'
import { countNewTokens } from '../../engine/tries/prompt-trie'
import { elementAt } from '../../../contract/model/look-up'

/**
 * The prompts that a shard takes: each prompt is of exactly one shard, whichever machine asks. Prompts are put in the order
 * of their tokens, so that those which share a beginning are neighbours, and cut into runs whose largest has as few
 * distinct prefixes as possible: a run's work is proportional to them.
 *
 * @param prompts token ids of all prompts of the sweep
 * @returns ascending indices, at least one
 * @throws WorkbenchError `bad-input` when there are more shards than prompts
 */
export function promptsOfShard(prompts: readonly (readonly number[])[], { index, count }: Shard): number[] {
  if (count > prompts.length) {
    throw new WorkbenchError(
      'bad-input',
      `${plural(prompts.length, 'prompt')} cannot be split into ${plural(count, 'shard')}.`,
      `Use at most ${plural(prompts.length, 'shard')}.`
    )
  }
  const order = prompts
    .map((_, prompt) => prompt)
    .sort((a, b) => compareTokens(elementAt(prompts, a, 'prompt'), elementAt(prompts, b, 'prompt')) || a - b)
  const sorted = order.map((prompt) => elementAt(prompts, prompt, 'prompt'))
  // In this order a prompt shares more with its neighbour than with any prompt before it.
  const added = sorted.map((tokens, place) =>
    countNewTokens(place === 0 ? [] : elementAt(sorted, place - 1, 'prompt'), tokens)
  )
  const starts = runStarts(sorted, added, smallestLimit(sorted, added, count), count)
  return order.slice(starts[index - 1], starts[index]).sort((a, b) => a - b)
}

/** The smallest number of prefixes per run for which `count` runs suffice. */
function smallestLimit(
  sorted: readonly (readonly number[])[],
  added: readonly number[],
  count: number
): number {
  let low = Math.max(...sorted.map((tokens) => tokens.length))
  let high = sorted.reduce((sum, tokens) => sum + tokens.length, 0)
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (runStarts(sorted, added, middle, 1).length <= count) high = middle
    else low = middle + 1
  }
  return low
}

/** Where runs of at most `limit` prefixes begin; at least `count` of them, where there are that many prompts. */
function runStarts(
  sorted: readonly (readonly number[])[],
  added: readonly number[],
  limit: number,
  count: number
): number[] {
  const starts = [0]
  let rows = elementAt(sorted, 0, 'prompt').length
  for (let place = 1; place < sorted.length; place++) {
    const more = elementAt(added, place, 'prompt')
    const runsLeft = count - starts.length
    if (rows + more > limit || sorted.length - place <= runsLeft) {
      starts.push(place)
      rows = elementAt(sorted, place, 'prompt').length
    } else rows += more
  }
  return starts
}

/** In the order of their tokens; a beginning comes before what begins with it. */
function compareTokens(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((token, place) => token !== b[place])
  return differs === -1 ? a.length - b.length : elementAt(a, differs, 'token') - (b[differs] ?? -1)
}
