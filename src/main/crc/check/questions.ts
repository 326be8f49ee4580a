import type { TrackedPrompt } from '../../../contract/procedures/engine'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/** A request for the total probability of a group of token sequences behind a context. */
export interface Question {
  /** Index of the token sequence that the continuations follow, such as a prompt. */
  readonly context: number
  /** Index of the group among the groups of its context. */
  readonly group: number
}

/** Collects groups of continuations by their context, to ask the engine for their probabilities. */
export class SequenceQuestions {
  private readonly groups = new Map<number, TrackedPrompt['groups']>()

  /** Adds a group. @param sequences distinct; none is a prefix of another, so their probabilities can be summed */
  add(context: number, sequences: readonly (readonly number[])[]): Question {
    const contextGroups = this.groups.get(context) ?? []
    this.groups.set(context, contextGroups)
    contextGroups.push(sequences.map((sequence) => [...sequence]))
    return { context, group: contextGroups.length - 1 }
  }

  byContext(): { context: number; groups: TrackedPrompt['groups'] }[] {
    return Array.from(this.groups, ([context, groups]) => ({ context, groups }))
  }
}

/** A model's answers to questions. */
export class SequenceProbabilities {
  /** Probability of each group, by context. */
  private readonly probabilities = new Map<number, readonly number[]>()

  set(context: number, probabilities: readonly number[]): void {
    this.probabilities.set(context, probabilities)
  }

  get count(): number {
    return this.probabilities.size
  }

  /** Returns the answer to a question. @throws RangeError for a question without a probability */
  of({ context, group }: Question): number {
    return elementAt(mapGet(this.probabilities, context, 'context'), group, 'group')
  }
}
