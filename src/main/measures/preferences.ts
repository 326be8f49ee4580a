import { mean } from 'simple-statistics'
import { FEWEST_PROMPTS } from '../../contract/documents/evaluation'
import type { PreferenceVote, PreferenceTally } from '../../contract/documents/preferences'
import type { Variant } from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { type PreferenceChoice, preferredTo } from './choice-strengths'
import { wilson } from './statistics'
import { multimap } from '../../contract/model/multimap'

/**
 * Summarises a person's blind votes, with one tally for each size of the compared sets of answers. Votes are averaged
 * by prompt, and intervals are over prompts. Votes on variants that the run lacks are omitted.
 */
export function preferenceTallies(
  allVotes: readonly PreferenceVote[],
  variants: readonly Variant[]
): PreferenceTally[] {
  const names = variants.map(({ name }) => name)
  const votes = allVotes.filter(({ among }) => among.every((name) => names.includes(name)))
  const sizes = [...new Set(votes.map(({ size }) => size))].sort((a, b) => a - b)
  return sizes.map((size) =>
    tallyOf(
      size,
      votes.filter((vote) => vote.size === size),
      variants
    )
  )
}

/** Summarises votes on sets of one size. The reference is post, or the first compared variant if post has no vote. */
function tallyOf(size: number, votes: readonly PreferenceVote[], variants: readonly Variant[]): PreferenceTally {
  const names = variants.map(({ name }) => name)
  const choices = votes.flatMap((vote): PreferenceChoice[] =>
    vote.verdict === 'skipped' ? [] : [choiceOf(vote, names)]
  )
  const compared = [...names.keys()].filter((variant) => choices.some(({ candidates }) => candidates.includes(variant)))
  // If all votes were skipped, no variant is compared, and the first variant stands for the reference.
  const [firstCompared = 0] = compared
  const reference = compared.find((variant) => variants[variant]?.kind === 'post') ?? firstCompared
  return { ...tallyOfChoices(choices, names, reference), size, skipped: votes.length - choices.length }
}

/** Summarises choices among variants. @param reference index of the variant that all others are compared with */
export function tallyOfChoices(
  choices: readonly PreferenceChoice[],
  names: readonly string[],
  reference: number
): Omit<PreferenceTally, 'size' | 'skipped'> {
  const chances = preferredTo(choices, names.length, reference)
  return {
    comparisons: choices.length,
    prompts: new Set(choices.map(({ prompt }) => prompt)).size,
    ties: choices.filter(({ preferred }) => preferred === null).length,
    reference: elementAt(names, reference, 'variant'),
    variants: names.map((variant, candidate) => ({
      variant,
      ...winsOf(choices, candidate),
      overReference: elementAt(chances, candidate, 'variant')
    }))
  }
}

/** Converts a vote on names of variants to a choice among their indices. */
function choiceOf(vote: PreferenceVote, names: readonly string[]): PreferenceChoice {
  const preferred = vote.verdict === 'preferred' ? names.indexOf(vote.variant) : null
  return { prompt: vote.prompt, candidates: vote.among.map((name) => names.indexOf(name)), preferred }
}

type Wins = Pick<PreferenceTally['variants'][number], 'compared' | 'won' | 'tied' | 'share' | 'shareInterval'>

function winsOf(choices: readonly PreferenceChoice[], candidate: number): Wins {
  const candidateChoices = choices.filter(({ candidates }) => candidates.includes(candidate))
  const byPrompt = multimap(
    candidateChoices.map(({ prompt, candidates, preferred }) => [
      prompt,
      preferred === null ? 1 / candidates.length : Number(preferred === candidate)
    ])
  )
  const share = byPrompt.size === 0 ? null : mean([...byPrompt.values()].map((parts) => mean(parts)))
  return {
    compared: candidateChoices.length,
    won: candidateChoices.filter(({ preferred }) => preferred === candidate).length,
    tied: candidateChoices.filter(({ preferred }) => preferred === null).length,
    share,
    shareInterval: share === null || byPrompt.size < FEWEST_PROMPTS ? null : wilson(share, byPrompt.size)
  }
}
