import type { TrackedPrompt } from '../../../contract/procedures/engine'
import { elementAt, mapGet } from '../../../contract/model/look-up'

export interface Question {
  readonly prompt: number
  readonly group: number
}

/** Collects groups of continuations by prompt, to ask the engine for their probabilities. */
export class SequenceQuestions {
  private readonly groups = new Map<number, TrackedPrompt['groups']>()

  /** @param sequences distinct; none is a prefix of another, so their probabilities can be summed */
  add(prompt: number, sequences: readonly (readonly number[])[]): Question {
    const promptGroups = this.groups.get(prompt) ?? []
    this.groups.set(prompt, promptGroups)
    promptGroups.push(sequences.map((sequence) => [...sequence]))
    return { prompt, group: promptGroups.length - 1 }
  }

  byPrompt(): { prompt: number; groups: TrackedPrompt['groups'] }[] {
    return Array.from(this.groups, ([prompt, groups]) => ({ prompt, groups }))
  }
}

export class SequenceProbabilities {
  private readonly probabilities = new Map<number, readonly number[]>()

  set(prompt: number, probabilities: readonly number[]): void {
    this.probabilities.set(prompt, probabilities)
  }

  get count(): number {
    return this.probabilities.size
  }

  /** @throws RangeError for a question without a probability */
  of({ prompt, group }: Question): number {
    return elementAt(mapGet(this.probabilities, prompt, 'prompt'), group, 'group')
  }
}
