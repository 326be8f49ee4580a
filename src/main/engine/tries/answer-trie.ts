import type { TrackedPrompt } from '../../../contract/procedures/engine'
import { at } from '../../../contract/model/look-up'
import type { PromptPlaces } from './prompt-trie'

/** One token of a sequence: the place that it follows, and which of the tokens asked for there it is. */
export interface Step {
  readonly place: number
  readonly choice: number
}

/**
 * The continuations that a prompt is asked about, as a trie: what they have in common is computed once, and a place where
 * they part is asked for the next token once. A prompt that is asked for single tokens has one place, its own end.
 */
export interface AnswerTrie {
  /** The sequence of tokens up to each place; the prompt's own first, and a place after the one that it follows. */
  readonly places: PromptPlaces
  /** The tokens asked for at each place. */
  readonly choices: readonly (readonly number[])[]
  /** How a place is come to; null for the prompt's own end. */
  readonly cameBy: readonly (Step | null)[]
  /** For each group the last step of each of its sequences. */
  readonly groups: readonly (readonly Step[])[]
}

export function buildAnswerTrie({ tokens, groups }: TrackedPrompt): AnswerTrie {
  const places: number[][] = [tokens]
  const choices: number[][] = [[]]
  const cameBy: (Step | null)[] = [null]
  const choiceOf = [new Map<number, number>()]
  const placeAfter = new Map<string, number>()
  const step = (place: number, token: number): Step => {
    const known = at(choiceOf, place, 'place')
    const choice = known.get(token) ?? known.size
    if (choice === known.size) {
      known.set(token, choice)
      at(choices, place, 'place').push(token)
    }
    return { place, choice }
  }
  const follow = (taken: Step, token: number): number => {
    const key = `${taken.place}:${taken.choice}`
    const known = placeAfter.get(key)
    if (known !== undefined) return known
    const place = places.length
    placeAfter.set(key, place)
    places.push([...at(places, taken.place, 'place'), token])
    choices.push([])
    cameBy.push(taken)
    choiceOf.push(new Map())
    return place
  }
  const last = (sequence: readonly number[]): Step => {
    let place = 0
    for (const token of sequence.slice(0, -1)) place = follow(step(place, token), token)
    return step(place, at(sequence, sequence.length - 1, 'token'))
  }
  return { places, choices, cameBy, groups: groups.map((sequences) => sequences.map(last)) }
}

/** An answer trie over the probabilities of what is asked, which lie end to end: which of them each step is. */
export interface PlacedAnswers {
  /** For each place but the first the one that it follows, and the step's probability. */
  readonly parents: Int32Array
  readonly cameBy: Int32Array
  /** For each sequence of all groups the place of its last step, that step's probability, and its group. */
  readonly ends: Int32Array
  readonly lastSteps: Int32Array
  readonly groupOf: Int32Array
  readonly groupCount: number
}

/** @param indexOf where a step's probability lies */
export function placeAnswers({ cameBy, groups }: AnswerTrie, indexOf: (step: Step) => number): PlacedAnswers {
  const [, ...steps] = cameBy
  const taken = steps.map((step) => {
    if (step === null) throw new Error('a place that follows none')
    return step
  })
  const sequences = groups.flatMap((ofGroup, group) => ofGroup.map((step) => ({ step, group })))
  return {
    parents: Int32Array.from(taken, ({ place }) => place),
    cameBy: Int32Array.from(taken, indexOf),
    ends: Int32Array.from(sequences, ({ step }) => step.place),
    lastSteps: Int32Array.from(sequences, ({ step }) => indexOf(step)),
    groupOf: Int32Array.from(sequences, ({ group }) => group),
    groupCount: groups.length
  }
}

/**
 * The probability of each group: the sum over its sequences of the product of their tokens' probabilities.
 *
 * @param next probabilities of what is asked, end to end
 */
export function groupProbabilities(answers: PlacedAnswers, next: Float64Array): number[] {
  const { parents, cameBy, ends, lastSteps, groupOf, groupCount } = answers
  // Unchecked: a sweep comes here for every model, prompt and sampler, and these arrays were made for each other.
  const reached = new Float64Array(parents.length + 1)
  reached[0] = 1
  for (let i = 0; i < parents.length; i++) {
    reached[i + 1] = (reached[parents[i] ?? -1] ?? NaN) * (next[cameBy[i] ?? -1] ?? NaN)
  }
  const sums = new Float64Array(groupCount)
  for (let i = 0; i < ends.length; i++) {
    const group = groupOf[i] ?? -1
    sums[group] = (sums[group] ?? NaN) + (reached[ends[i] ?? -1] ?? NaN) * (next[lastSteps[i] ?? -1] ?? NaN)
  }
  return Array.from(sums)
}
