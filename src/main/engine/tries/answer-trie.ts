import type { TrackedPrompt } from '../../../contract/procedures/engine'
import { elementAt } from '../../../contract/model/look-up'
import type { PromptPrefixes } from './prompt-trie'

/** One token of a sequence: the prefix that it follows, and its index among the tokens requested after the prefix. */
export interface AnswerStep {
  readonly prefixIndex: number
  readonly choice: number
}

/** The continuations of a prompt as a trie. Probabilities of next tokens are requested after each prefix. */
export interface AnswerTrie {
  /** Token prefixes: the prompt, and the prompt with the first tokens of answers. Shorter prefixes come first. */
  readonly prefixes: PromptPrefixes
  /** The tokens requested at each prefix. */
  readonly choices: readonly (readonly number[])[]
  /** The step that leads to each prefix. Null for the prompt's own end. */
  readonly cameBy: readonly (AnswerStep | null)[]
  /** The last step of each sequence, by group. */
  readonly groups: readonly (readonly AnswerStep[])[]
}

export function buildAnswerTrie({ tokens, groups }: TrackedPrompt): AnswerTrie {
  const prefixes: number[][] = [tokens]
  const choices: number[][] = [[]]
  const cameBy: (AnswerStep | null)[] = [null]
  const choiceOf = [new Map<number, number>()]
  const prefixAfter = new Map<string, number>()
  /** Requests a token after a prefix. */
  const step = (prefix: number, token: number): AnswerStep => {
    const choicesHere = elementAt(choiceOf, prefix, 'prefix')
    const choice = choicesHere.get(token) ?? choicesHere.size
    if (choice === choicesHere.size) {
      choicesHere.set(token, choice)
      elementAt(choices, prefix, 'prefix').push(token)
    }
    return { prefixIndex: prefix, choice }
  }
  /** Returns the prefix that ends with a step. */
  const follow = (taken: AnswerStep, token: number): number => {
    const key = `${taken.prefixIndex}:${taken.choice}`
    const existing = prefixAfter.get(key)
    if (existing !== undefined) return existing
    const newPrefix = prefixes.length
    prefixAfter.set(key, newPrefix)
    prefixes.push([...elementAt(prefixes, taken.prefixIndex, 'prefix'), token])
    choices.push([])
    cameBy.push(taken)
    choiceOf.push(new Map())
    return newPrefix
  }
  const lastStep = (sequence: readonly number[]): AnswerStep => {
    let lastPrefix = 0
    for (const token of sequence.slice(0, -1)) lastPrefix = follow(step(lastPrefix, token), token)
    return step(lastPrefix, elementAt(sequence, sequence.length - 1, 'token'))
  }
  return { prefixes, choices, cameBy, groups: groups.map((sequences) => sequences.map(lastStep)) }
}

/** An answer trie as indices into the concatenated requested probabilities. */
export interface IndexedAnswers {
  /** For each prefix but the first: the prefix that it follows, and the index of the probability of its step. */
  readonly parents: Int32Array
  readonly cameBy: Int32Array
  /** For each sequence of all groups: the prefix of its last step, the index of its probability, and its group. */
  readonly ends: Int32Array
  readonly lastSteps: Int32Array
  readonly groupOf: Int32Array
  readonly groupCount: number
}

/** Replaces the steps of an answer trie by indices of their probabilities. */
export function indexAnswers({ cameBy, groups }: AnswerTrie, indexOf: (step: AnswerStep) => number): IndexedAnswers {
  const [, ...steps] = cameBy
  const taken = steps.map((step) => {
    if (step === null) throw new Error('a prefix that follows none')
    return step
  })
  const sequences = groups.flatMap((ofGroup, group) => ofGroup.map((step) => ({ step, group })))
  return {
    parents: Int32Array.from(taken, ({ prefixIndex }) => prefixIndex),
    cameBy: Int32Array.from(taken, indexOf),
    ends: Int32Array.from(sequences, ({ step }) => step.prefixIndex),
    lastSteps: Int32Array.from(sequences, ({ step }) => indexOf(step)),
    groupOf: Int32Array.from(sequences, ({ group }) => group),
    groupCount: groups.length
  }
}

/**
 * Computes the probability of each group: the sum over its sequences of the product of their tokens' probabilities.
 * @param next requested probabilities, to which `answers` has indices
 */
export function groupProbabilities(answers: IndexedAnswers, next: Float64Array): Float64Array {
  const { parents, cameBy, ends, lastSteps, groupOf, groupCount } = answers
  // Indices are not checked. A sweep calls this for every model, prompt and sampler, and `indexAnswers` built the
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
  return sums
}
