import type { TrackedPrompt } from '../../../contract/procedures/engine'
import { at, got } from '../../../contract/model/look-up'

/** What was asked: of a prompt, one of its groups of continuations. */
export interface Question {
  readonly prompt: number
  readonly group: number
}

/** Groups of continuations whose probabilities are wanted, gathered prompt by prompt. */
export class Questions {
  private readonly groups = new Map<number, TrackedPrompt['groups']>()

  /** @param sequences different, none the beginning of another; their probabilities add up */
  add(prompt: number, sequences: readonly (readonly number[])[]): Question {
    const ofPrompt = this.groups.get(prompt) ?? []
    this.groups.set(prompt, ofPrompt)
    ofPrompt.push(sequences.map((sequence) => [...sequence]))
    return { prompt, group: ofPrompt.length - 1 }
  }

  /** The prompts that something is asked of, with what is. */
  asked(): { prompt: number; groups: TrackedPrompt['groups'] }[] {
    return Array.from(this.groups, ([prompt, groups]) => ({ prompt, groups }))
  }
}

/** What the engine said of one model. */
export class Answers {
  private readonly known = new Map<number, readonly number[]>()

  learn(prompt: number, probabilities: readonly number[]): void {
    this.known.set(prompt, probabilities)
  }

  get count(): number {
    return this.known.size
  }

  /** @throws RangeError for what the engine has not said */
  of({ prompt, group }: Question): number {
    return at(got(this.known, prompt, 'prompt'), group, 'group')
  }
}
