import type {
  CategoryScore,
  RangeScore,
  RivalComparison,
  Score,
  Selection,
  SweepDocument
} from '../../../contract/documents/crc'
import type { Rival } from '../../../contract/model/rival'
import { scoreWords } from '../../../contract/words/score-words'
import { DEFAULT_SEED, selection } from './selection'
import { promptsByCategory } from './score-table'
import { signFlip } from './sign-flip'
import { at } from '../../base/look-up'

/** What of a sweep decides what is selected, and what that is compared with. */
export type Found = Pick<SweepDocument, 'prompts' | 'scoredBy' | 'post' | 'ranges' | 'soup' | 'rivals'>

/**
 * Selects a range, and compares it with what else the sweep has scored.
 *
 * @param candidates the sweep's ranges, or those of them that may be selected
 */
export function selectionOf(
  found: Found,
  candidates: readonly RangeScore[],
  rho: number,
  seed = DEFAULT_SEED
): Selection {
  const { prompts, post, scoredBy } = found
  const selected = selection(prompts, post, candidates, rho, seed, scoreWords(scoredBy))
  return { ...selected, rivals: compareRivals(found, selected, seed) }
}

interface Candidate {
  rival: RivalComparison['rival']
  score: Score
}

const RIVAL_KINDS = ['sampler', 'mix', 'filter'] as const satisfies readonly Rival['kind'][]

/** Of each kind of rival the one that the rule takes, and the controls of the selected length, against the selected range. */
function compareRivals(
  { prompts, post, ranges, soup, rivals }: Found,
  { selected, minimumValidity }: Pick<Selection, 'selected' | 'minimumValidity'>,
  seed: number
): RivalComparison[] {
  const range = ranges.find(({ start, end }) => start === selected?.start && end === selected.end)
  if (range === undefined) return []
  const best = (candidates: readonly Candidate[]): Candidate[] => {
    const qualify = candidates.filter(
      ({ score }) => score.validity >= minimumValidity && score.diversity > post.diversity
    )
    const [first, ...others] = qualify
    if (first === undefined) return []
    return [others.reduce((most, one) => (one.score.diversity > most.score.diversity ? one : most), first)]
  }
  const blends = soup
    // The ends of the soup are post itself, and a range.
    .filter(({ strength }) => strength > 0 && strength < 1)
    .map((score): Candidate => ({ rival: { kind: 'blend', strength: score.strength }, score }))
  const taken = [
    ...best(blends),
    ...RIVAL_KINDS.flatMap((kind) =>
      best(
        rivals
          .filter(({ rival }) => rival.kind === kind)
          .map((score): Candidate => ({ rival: score.rival, score }))
      )
    ),
    ...controls(ranges, range)
  ]
  const { categories } = promptsByCategory(prompts)
  return taken.map(({ rival, score }) => ({
    rival,
    validity: score.validity,
    diversity: score.diversity,
    promptCount: prompts.length,
    difference: {
      validity: difference(score, range, 'validity', categories, seed),
      diversity: difference(score, range, 'diversity', categories, seed)
    }
  }))
}

/** The first, the middle and the last range that are as long as the selected one, but for itself. */
function controls(ranges: readonly RangeScore[], selected: RangeScore): Candidate[] {
  const alike = ranges
    .filter(({ start, end }) => end - start === selected.end - selected.start)
    .sort((a, b) => a.start - b.start)
  const places = [
    ['earliest', 0],
    ['median', Math.floor((alike.length - 1) / 2)],
    ['latest', alike.length - 1]
  ] as const
  const seen = new Set([selected.start])
  return places.flatMap(([place, index]): Candidate[] => {
    const score = at(alike, index, 'range')
    if (seen.has(score.start)) return []
    seen.add(score.start)
    const { start, end } = score
    return [{ rival: { kind: 'control', place, range: { start, end } }, score }]
  })
}

function difference(
  score: Score,
  selected: Score,
  measure: keyof CategoryScore,
  categories: readonly (readonly number[])[],
  seed: number
): ReturnType<typeof signFlip> {
  const indices = categories.flat()
  const weights = categories.flatMap((category) => category.map(() => 1 / category.length))
  const differences = indices.map(
    (index) => at(score.prompts, index, 'prompt')[measure] - at(selected.prompts, index, 'prompt')[measure]
  )
  return signFlip(differences, weights, seed)
}
