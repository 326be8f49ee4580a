import { firstIssue } from '../../contract/model/problem'
import { SamplePrompt } from '../../contract/documents/task'
import { sameInOrder } from '../prompt-set/prompt-draft'

/** A sample prompt as it is edited. `id` keeps a row's identity while it moves. */
export interface SamplePromptDraft {
  id: number
  text: string
  category: string
  /** Default: the system prompt of the project. */
  system: string | undefined
  raw: boolean
}

/** Parses the prompt of a draft. @throws an error that names the problem */
export function parseSampleDraft({
  text,
  category,
  system,
  raw
}: SamplePromptDraft): { prompt: SamplePrompt; problem: null } | { prompt: null; problem: string } {
  const parsed = SamplePrompt.safeParse({ text, category, raw, ...(system === undefined ? {} : { system }) })
  return parsed.success
    ? { prompt: parsed.data, problem: null }
    : { prompt: null, problem: firstIssue(parsed.error).message }
}

/** The drafts of a prompt set, numbered from `firstId`. */
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
