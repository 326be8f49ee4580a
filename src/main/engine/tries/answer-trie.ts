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

/**
 * The probability of each group: the sum over its sequences of the product of their tokens' probabilities.
 *
 * @param next probability of one of the tokens asked for at a place
 */
export function groupProbabilities({ cameBy, groups }: AnswerTrie, next: (step: Step) => number): number[] {
  const reached: number[] = []
  const of = (step: Step): number => at(reached, step.place, 'place') * next(step)
  for (const taken of cameBy) reached.push(taken === null ? 1 : of(taken))
  return groups.map((steps) => steps.reduce((sum, taken) => sum + of(taken), 0))
}
