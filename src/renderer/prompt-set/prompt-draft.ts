import type { z } from 'zod'
import { CrcPrompt, CrcPrompts } from '../../contract/documents/crc'
import { describeIssue, firstIssue } from '../../contract/model/problem'

/** Fields of every draft of a prompt. `id` identifies its row in the window, and is not stored. */
export interface AnyDraft {
  readonly id: number
  readonly text: string
  readonly category: string
}

/** A prompt of the character task being edited. Its valid characters are one text. */
export interface PromptDraft extends AnyDraft {
  readonly valid: string
}

/** A parsed draft, or its problem with the field's name. */
export type Parsed<Prompt> = { prompt: Prompt; problem: null } | { prompt: null; problem: string }

/** Parses a prompt by its schema, or returns the first problem. */
export function parsePrompt<Prompt>(schema: z.ZodType<Prompt>, value: unknown): Parsed<Prompt> {
  const parsed = schema.safeParse(value)
  return parsed.success
    ? { prompt: parsed.data, problem: null }
    : { prompt: null, problem: firstIssue(parsed.error).message }
}

export const parseDraft = ({ text, category, valid }: PromptDraft): Parsed<CrcPrompt> =>
  parsePrompt(CrcPrompt, { text, category, valid: [...valid] })

/** Creates drafts of a prompt set, numbered from `firstId`. */
export const draftsOf = (prompts: readonly CrcPrompt[], firstId: number): PromptDraft[] =>
  prompts.map(({ text, category, valid }, index) => ({
    id: firstId + index,
    text,
    category,
    valid: valid.join('')
  }))

/** Returns new drafts. A draft that is already shown keeps its id, so that its row stays. */
export function keepRows<Draft extends AnyDraft>(drafts: readonly Draft[], shown: readonly Draft[]): Draft[] {
  const rowText = (draft: Draft): string => JSON.stringify({ ...draft, id: 0 })
  const rows = new Map(shown.map((draft) => [rowText(draft), draft]))
  return drafts.map((draft) => {
    const text = rowText(draft)
    const row = rows.get(text) ?? draft
    rows.delete(text)
    return row
  })
}

/** Reads a prompt file. @throws Error with the file's name, the field and the problem */
export function parsePromptFile(name: string, content: string): CrcPrompts {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (error) {
    throw new Error(`${name} is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error
    })
  }
  const parsed = CrcPrompts.safeParse(value)
  if (!parsed.success) throw new Error(`${name}, ${describePath(parsed.error)}`)
  return parsed.data
}

/** Describes the first issue of a list of prompts, with the number of the prompt. */
const describePath = (error: z.ZodError): string => describeIssue(error).replace(/^entry (\d+): /, 'prompt $1, ')

export const promptFile = (prompts: CrcPrompts): string => `${JSON.stringify(prompts, null, 2)}\n`

/** Compares texts, categories and order of two prompt lists, and whatever `same` compares. */
export const sameInOrder = <Prompt extends { text: string; category: string }>(
  left: readonly Prompt[],
  right: readonly Prompt[],
  same: (one: Prompt, other: Prompt) => boolean
): boolean =>
  left.length === right.length &&
  left.every((one, index) => {
    const other = right[index]
    return other !== undefined && one.text === other.text && one.category === other.category && same(one, other)
  })

/** Compares two prompt sets, including their order, in which scores are stored. */
export const areSamePrompts = (left: CrcPrompts, right: CrcPrompts): boolean =>
  sameInOrder(left, right, (one, other) => one.valid.join('') === other.valid.join(''))
