import type { TrackedPrompt } from '../../../contract/procedures/engine'
import { elementAt } from '../../../contract/model/look-up'
import type { PromptPlaces } from './prompt-trie'

/** One token of a sequence, as the place that it follows and its index among the tokens requested there. */
export interface AnswerStep {
  readonly placeIndex: number
  readonly choice: number
}

/** The continuations of a prompt as a trie. A place is where probabilities of next tokens are requested. */
export interface AnswerTrie {
  /** The tokens up to each place. The prompt's own end is first, and each place comes after the one that it follows. */
  readonly places: PromptPlaces
  /** The tokens requested at each place. */
  readonly choices: readonly (readonly number[])[]
  /** The step that leads to each place. Null for the prompt's own end. */
  readonly cameBy: readonly (AnswerStep | null)[]
  /** The last step of each sequence, by group. */
  readonly groups: readonly (readonly AnswerStep[])[]
}

export function buildAnswerTrie({ tokens, groups }: TrackedPrompt): AnswerTrie {
  const places: number[][] = [tokens]
  const choices: number[][] = [[]]
  const cameBy: (AnswerStep | null)[] = [null]
  const choiceOf = [new Map<number, number>()]
  const placeAfter = new Map<string, number>()
  const step = (place: number, token: number): AnswerStep => {
    const choicesHere = elementAt(choiceOf, place, 'place')
    const choice = choicesHere.get(token) ?? choicesHere.size
    if (choice === choicesHere.size) {
      choicesHere.set(token, choice)
      elementAt(choices, place, 'place').push(token)
    }
    return { placeIndex: place, choice }
  }
  const follow = (taken: AnswerStep, token: number): number => {
    const key = `${taken.placeIndex}:${taken.choice}`
    const existing = placeAfter.get(key)
    if (existing !== undefined) return existing
    const newPlace = places.length
    placeAfter.set(key, newPlace)
    places.push([...elementAt(places, taken.placeIndex, 'place'), token])
    choices.push([])
    cameBy.push(taken)
    choiceOf.push(new Map())
    return newPlace
  }
  const lastStep = (sequence: readonly number[]): AnswerStep => {
    let lastPlace = 0
    for (const token of sequence.slice(0, -1)) lastPlace = follow(step(lastPlace, token), token)
    return step(lastPlace, elementAt(sequence, sequence.length - 1, 'token'))
  }
  return { places, choices, cameBy, groups: groups.map((sequences) => sequences.map(lastStep)) }
}

/** An answer trie as indices into the concatenated requested probabilities. */
export interface PlacedAnswers {
  /** For each place but the first: the place that it follows, and the index of the probability of its step. */
  readonly parents: Int32Array
  readonly cameBy: Int32Array
  /** For each sequence of all groups: the place of its last step, the index of its probability, and its group. */
  readonly ends: Int32Array
  readonly lastSteps: Int32Array
  readonly groupOf: Int32Array
  readonly groupCount: number
}

/** Replaces the steps of an answer trie by indices of their probabilities. */
export function placeAnswers(
  { cameBy, groups }: AnswerTrie,
  indexOf: (step: AnswerStep) => number
): PlacedAnswers {
  const [, ...steps] = cameBy
  const taken = steps.map((step) => {
    if (step === null) throw new Error('a place that follows none')
    return step
  })
  const sequences = groups.flatMap((ofGroup, group) => ofGroup.map((step) => ({ step, group })))
  return {
    parents: Int32Array.from(taken, ({ placeIndex }) => placeIndex),
    cameBy: Int32Array.from(taken, indexOf),
    ends: Int32Array.from(sequences, ({ step }) => step.placeIndex),
    lastSteps: Int32Array.from(sequences, ({ step }) => indexOf(step)),
    groupOf: Int32Array.from(sequences, ({ group }) => group),
    groupCount: groups.length
  }
}

/** Computes the probability of each group: the sum over its sequences of the product of their tokens' probabilities. */
export function groupProbabilities(answers: PlacedAnswers, next: Float64Array): number[] {
  const { parents, cameBy, ends, lastSteps, groupOf, groupCount } = answers
  // Indices are not checked. A sweep calls this for every model, prompt and sampler, and `placeAnswers` built the
  // arrays to match.
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
