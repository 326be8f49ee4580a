import { elementAt } from '../../contract/model/look-up'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { type BlindComparison, comparisonKey, type PreferenceVote } from '../../contract/documents/preferences'
import type { SampleRun } from '../../contract/documents/samples'

/** Letters of the variants while their names are hidden. */
export const blindLetter = (column: number): string => String.fromCodePoint(65 + column)

/** Returns the key that decides for a column; null beyond the ninth. */
export const blindKey = (column: number): string | null => (column < 9 ? String(column + 1) : null)

export interface BlindWay {
  /** Number of answers per variant that are shown at once. */
  size: number
  /** True to compare two variants at a time; false to compare all. */
  pairs: boolean
}

/** Returns the sizes of sets for which a run has enough answers. */
export const blindSizes = (sampleCount: number): number[] => [1, 2, 4, 8, 16].filter((size) => size <= sampleCount)

/** Returns the numbers 0 to count − 1 in random order (Fisher-Yates). The same seeds give the same order. */
export function shuffled(count: number, ...seeds: readonly number[]): number[] {
  // An odd multiplier keeps neighbouring seeds apart before the generator mixes them.
  const generator = xoroshiro128plus(seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1) + 0x85ebca6b, 0))
  const order = Array.from({ length: count }, (_, index) => index)
  for (let index = count - 1; index > 0; index -= 1) {
    const other = uniformInt(generator, 0, index)
    const moved = order[index] ?? 0
    order[index] = order[other] ?? 0
    order[other] = moved
  }
  return order
}

/** Returns all comparisons of a run in the order of presentation. */
export interface BlindPlan {
  readonly length: number
  at: (index: number) => BlindComparison
}

/**
 * Returns the comparisons in rounds. A round has one comparison of every prompt, so that a user who stops early has
 * compared as many prompts as possible. The seed of the run orders prompts, pairs and columns at random. With two
 * variants at a time, each round gives each prompt another pair, and all pairs precede the answers of the next set.
 */
export function blindPlan(
  { settings: { seed, sampleCount }, variants, prompts }: SampleRun,
  { size, pairs }: BlindWay
): BlindPlan {
  const names = variants.map(({ name }) => name)
  const teams = pairs ? names.flatMap((one, index) => names.slice(index + 1).map((other) => [one, other])) : [names]
  const teamOrder = shuffled(teams.length, seed, 1)
  const promptOrder = shuffled(prompts.length, seed, 2)
  const sets = Math.floor(sampleCount / size)
  return {
    length: prompts.length * teams.length * sets,
    at: (index) => {
      const round = Math.floor(index / prompts.length)
      const turn = index % prompts.length
      const prompt = elementAt(promptOrder, turn, 'prompt')
      const set = Math.floor(round / teams.length)
      const team = elementAt(teams, elementAt(teamOrder, (round + turn) % teams.length, 'team'), 'team')
      const order = shuffled(team.length, seed, prompt, set, round)
      return {
        prompt,
        index: set * size,
        size,
        among: order.map((column) => elementAt(team, column, 'variant'))
      }
    }
  }
}

/**
 * Returns the number of comparisons of a run that have all their answers.
 *
 * @param has reports whether an answer is there and was not refused
 */
export function completeComparisons(
  { settings: { sampleCount }, variants, prompts }: SampleRun,
  { size, pairs }: BlindWay,
  has: (prompt: number, variant: string, index: number) => boolean
): number {
  const numbers = Array.from({ length: size }, (_, index) => index)
  let count = 0
  for (let prompt = 0; prompt < prompts.length; prompt += 1) {
    for (let first = 0; first + size <= sampleCount; first += size) {
      const complete = variants.filter(({ name }) => numbers.every((index) => has(prompt, name, first + index))).length
      if (pairs) count += (complete * (complete - 1)) / 2
      else if (complete === variants.length) count += 1
    }
  }
  return count
}

export const votesByComparison = (votes: readonly PreferenceVote[]): ReadonlyMap<string, PreferenceVote> =>
  new Map(votes.map((vote) => [comparisonKey(vote), vote]))
