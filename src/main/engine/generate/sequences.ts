import { elementAt } from '../../../contract/model/look-up'
import type { RecipeTrie } from '../tries/recipe-trie'
import type { DrawnModel } from './drawn-models'
import type { PromptTokens } from './prefill'
import { lastToken, type RowCopy, type RunningRow } from './row-runner'

// Answers of equal models that begin with the same tokens are one row until they differ.

/** A prompt and the tokens after it, which a model computes once for all answers that begin with them. */
export class Sequence implements RunningRow {
  constructor(
    readonly model: number,
    readonly prompt: PromptTokens,
    readonly tokens: number[]
  ) {}

  get position(): number {
    return this.prompt.length + this.tokens.length - 1
  }
}

/** An answer, and the sequence of each of its models. */
interface SharingAnswer {
  readonly prompt: PromptTokens
  readonly tokens: readonly number[]
  readonly drawn: DrawnModel
  sequences: readonly Sequence[]
}

/**
 * Gives answers with one token their sequences.
 *
 * @param shares whether answers of equal models with the same prompt and token get the same sequence
 * @returns the new sequences
 */
export function beginSequences(answers: readonly SharingAnswer[], { leafOf }: RecipeTrie, shares: boolean): Sequence[] {
  const prompts = new Map([...new Set(answers.map(({ prompt }) => prompt))].map((prompt, i) => [prompt, i]))
  const begun = new Map<string, Sequence>()
  for (const [i, answer] of answers.entries()) {
    answer.sequences = answer.drawn.parts.map((model, part) => {
      const leaf = elementAt(leafOf, model, 'model')
      const shared = [leaf, prompts.get(answer.prompt), lastToken(answer)]
      const name = (shares ? shared : [i, part]).join()
      const sequence = begun.get(name) ?? new Sequence(model, answer.prompt, [...answer.tokens])
      begun.set(name, sequence)
      return sequence
    })
  }
  return [...begun.values()]
}

/**
 * Extends sequences by the last token of their answers. If these differ, one of them extends the sequence, and each
 * other one extends a copy.
 *
 * @returns the copies, which have the same keys and values as the sequence
 */
export function extendSequences(answers: readonly SharingAnswer[]): RowCopy[] {
  const extended = new Map<Sequence, Map<number, Sequence>>()
  const copies: RowCopy[] = []
  for (const answer of answers) {
    const token = lastToken(answer)
    answer.sequences = answer.sequences.map((sequence) => {
      const byToken = extended.get(sequence) ?? new Map<number, Sequence>()
      extended.set(sequence, byToken)
      const existing = byToken.get(token)
      if (existing !== undefined) return existing
      const next = byToken.size === 0 ? sequence : new Sequence(sequence.model, sequence.prompt, [...sequence.tokens])
      if (next !== sequence) copies.push({ from: sequence, to: next })
      byToken.set(token, next)
      return next
    })
  }
  for (const byToken of extended.values()) for (const [token, { tokens }] of byToken) tokens.push(token)
  return copies
}
