import type { SweepDocument } from '../documents/crc'
import type { HeldOut, SearchDocument, SearchMethodName, SearchSettings } from '../documents/search'
import { strengthWords } from '../model/strengths'
import { formatCount, plural } from './format'
import { roughTime } from './plan-words'

type Course = Pick<SearchDocument, 'generations' | 'stopped' | 'settings'>

/** Reports whether the budget was too small for one generation. */
export const triedNothing = ({
  generations,
  stopped
}: Pick<Course, 'stopped'> & { generations: readonly { candidates: number }[] }): boolean =>
  stopped === 'budget' && generations.every(({ candidates }) => candidates === 0)

/** Describes the prompts of the comparison on unseen prompts. */
export const heldOutWords = ({ split }: Pick<HeldOut, 'split'>): string =>
  split === undefined
    ? 'searched on one half of the prompts and compared on the other, both ways'
    : `searched on ${plural(split.selectionPromptCount, 'question')} and ` +
      `compared on the other ${split.holdOutPromptCount}`

/** Names of the search methods, and a sentence on each. */
export const METHOD_WORDS: Readonly<Record<SearchMethodName, { name: string; does: string }>> = {
  greedy: {
    name: 'Greedy',
    does: 'Grows the best range in steps: a layer, attention or MLP only, half a strength, a second range.'
  },
  beam: { name: 'Beam', does: 'Like greedy, but continues with several of the best recipes.' },
  subsets: {
    name: 'Subsets',
    does: 'Restores layers in every combination and rates each layer. Deep models: in random orders.'
  },
  strengths: {
    name: 'Strengths',
    does: 'Raises diversity step by step along the slope of every layer’s strength, and keeps validity.'
  }
}

/** Estimates the maximum time of a search from the pace of the sweep that it starts from. */
export function searchTimeWords(
  { blockEvaluations }: Pick<SearchSettings, 'blockEvaluations'>,
  sweep: Pick<SweepDocument, 'seconds' | 'work' | 'reusedPromptCount' | 'memory'> & {
    readonly prompts: readonly unknown[]
  }
): string {
  const computed = sweep.prompts.length - sweep.reusedPromptCount
  const groups = sweep.memory?.groupCount ?? 1
  if (computed === 0 || sweep.work.blockEvaluations === 0)
    return 'The time is unknown: this sweep was copied from an earlier one and has no pace.'
  const secondsEach = ((sweep.seconds * groups) / sweep.work.blockEvaluations) * (sweep.prompts.length / computed)
  const time = roughTime(blockEvaluations * secondsEach)
  return `At most about ${time} at this sweep's pace. A search that finds nothing better ends earlier.`
}

export function searchSettingsWords(settings: SearchSettings): string {
  switch (settings.method) {
    case 'greedy':
    case 'beam':
      return (
        `${settings.method === 'greedy' ? 'greedy' : `a beam of ${settings.beam}`}, at most ` +
        `${plural(settings.generations, 'generation')}, ` +
        (settings.strengths.length === 0
          ? 'no blends'
          : `strengths ${settings.strengths.map(strengthWords).join(', ')} besides 0 and 1`)
      )
    case 'subsets':
      return settings.orderPairs === 0
        ? 'all subsets of layers'
        : `subsets along ${formatCount(2 * settings.orderPairs)} random orders of layers, and joined best ranges`
    case 'strengths': {
      const layers = settings.halves ? "each layer's attention and MLP" : 'each layer'
      const starts = settings.starts.join(' and the best ')
      return `the strengths of ${layers}${boundWords(settings)}, from the best ${starts}`
    }
  }
}

/** Describes how many recipes a search tried and why it ended. */
export function triedWords(search: Course): string {
  const { generations } = search
  const candidates = generations.reduce((sum, generation) => sum + generation.candidates, 0)
  if (candidates === 0 && search.stopped === 'nothing-better') return 'no recipe beyond those of the sweep'
  return `${plural(candidates, 'recipe')} in ${plural(generations.length, 'generation')}, ${endWords(search)}`
}

function endWords({ settings, stopped }: Course): string {
  if (stopped === 'generations') return 'until the limit of generations'
  if (stopped === 'budget') return 'until the budget was used'
  return settings.method === 'subsets' ? 'until all were tried' : 'until no change made it better'
}

/** Describes strengths beyond 0 and 1; empty if they are not allowed. */
const boundWords = ({ least, most }: { least: number; most: number }): string =>
  least === 0 && most === 1 ? '' : ` between ${strengthWords(least)} and ${strengthWords(most)}`
