import { SamplePrompt } from '../../contract/documents/task'
import { type AnyDraft, type Parsed, parsePrompt, sameInOrder } from '../prompt-set/prompt-draft'

/** A sample prompt being edited. */
export interface SamplePromptDraft extends AnyDraft {
  /** Undefined for the system prompt of the project. */
  readonly system: string | undefined
  /** True if the text is passed to the model without the chat template. */
  readonly raw: boolean
}

export const parseSampleDraft = ({ text, category, system, raw }: SamplePromptDraft): Parsed<SamplePrompt> =>
  parsePrompt(SamplePrompt, { text, category, raw, ...(system === undefined ? {} : { system }) })

/** Creates drafts of a prompt set, numbered from `firstId`. */
export const sampleDraftsOf = (prompts: readonly SamplePrompt[], firstId: number): SamplePromptDraft[] =>
  prompts.map(({ text, category, system, raw }, index) => ({
    id: firstId + index,
    text,
    category,
    system,
    raw
  }))

/** Reports whether two prompt sets are equal, in the same order. */
export const sameSamplePrompts = (left: readonly SamplePrompt[], right: readonly SamplePrompt[]): boolean =>
  sameInOrder(left, right, (one, other) => one.system === other.system && one.raw === other.raw)
