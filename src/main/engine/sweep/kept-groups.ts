import type { DeviceName } from '../../../contract/model/device'
import { groupPrompts, type PromptPlaces, sizeOf } from '../tries/prompt-trie'
import { physicalCores } from '../device/physical-cores'
import type { SweptModels } from './sweep-memory'
import { type Grouping, groupingOf, groupWithin, storedBytes } from './sweep-plan'
import { type Speed, sweepTime, sweepWork } from './sweep-time'

/** A finished group is kept; one that is stopped in the middle is lost. So groups are to take no longer than this. */
const GROUP_SECONDS = 30

/**
 * But each group reads all weights and computes again what its prompts share with those of others: where that is much beside
 * the rest, groups stay longer. So much longer may the whole sweep take for being kept more often.
 */
const MOST_LONGER = 1.15

/** From one number of parts to the next that is tried. */
const PARTS_STEP = 1.25

/**
 * How fast machines are, roughly: with groups of half or twice the length nothing is lost. Not measured, since groups would
 * differ from run to run then, and with them the last digits of scores.
 */
function roughSpeed(device: DeviceName): Speed {
  const flopsPerSecond = device === 'cpu' ? 60e9 * physicalCores() : 5e12
  return { flopsPerSecond, bytesPerSecond: 1e9 }
}

/**
 * The groups of prompts of a sweep: as few as fit into memory, or more where that loses less when the sweep is stopped.
 *
 * @param speed of the machine; left out, a rough one
 * @throws WorkbenchError as `groupWithin`
 */
export function keptGroups(
  models: SweptModels,
  prompts: readonly PromptPlaces[],
  memoryBytes: number,
  device: DeviceName,
  speed = roughSpeed(device)
): Grouping {
  const whole = groupWithin(models, prompts, memoryBytes)
  const stored = storedBytes(models.pair, models.trie)
  const secondsOf = (groups: Grouping['groups']): number =>
    sweepTime(sweepWork(models, groups, stored), models, device, speed).seconds
  const longest = ({ groups }: Grouping): number => Math.max(...groups.map((group) => secondsOf([group])))
  const mostSeconds = MOST_LONGER * secondsOf(whole.groups)
  let chosen = whole
  let parts = 2
  while (longest(chosen) > GROUP_SECONDS && parts <= prompts.length) {
    // Parts of what fits into memory fit too.
    const split = whole.groups.flatMap(({ indices }) => splitEvenly(prompts, indices, parts))
    const finer = groupingOf(models, prompts, split, whole.rowBound)
    if (secondsOf(finer.groups) <= mostSeconds && longest(finer) < longest(chosen)) chosen = finer
    parts = Math.ceil(PARTS_STEP * parts)
  }
  return chosen
}

/** Splits a group into as many parts at most, neighbours together, so that the largest has as few rows as can be. */
function splitEvenly(prompts: readonly PromptPlaces[], group: readonly number[], parts: number): number[][] {
  const ofGroup = group.flatMap((index) => prompts.slice(index, index + 1))
  const within = (mostRows: number): number[][] => groupPrompts(ofGroup, ({ rows }) => rows <= mostRows)
  let [tooFew, enough] = [0, sizeOf(ofGroup).rows]
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2)
    if (within(middle).length <= parts) enough = middle
    else tooFew = middle
  }
  return within(enough).map((part) => part.flatMap((place) => group.slice(place, place + 1)))
}
