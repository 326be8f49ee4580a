import { createHash } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { EvaluationVariant } from '../../contract/documents/evaluation'
import type { SampleLine } from '../../contract/documents/samples'
import { freeName } from '../../contract/model/free-name'
import { elementAt } from '../../contract/model/look-up'
import { PROMPTED_ANSWERS, type Prompting, PROMPTINGS } from '../../contract/model/prompting'
import { type ListedItem, readList } from '../answers/read-list'
import { withoutThoughts } from '../answers/thoughts'
import type { TextModel } from '../text/text-model'

/**
 * Adds a copy of each variant for each way of prompting, such as "list then pick". Variants that already change the
 * prompts, and files of answers, are not copied.
 */
export function withPromptings(
  variants: readonly EvaluationVariant[],
  promptings: readonly Prompting[] = []
): EvaluationVariant[] {
  const added = [...new Set(promptings)].flatMap((prompting) =>
    variants
      .filter(
        ({ variant, prompting: other, listed, prefix, suffix }) =>
          variant.kind !== 'file' && [other, listed, prefix, suffix].every((part) => part === undefined)
      )
      .map((entry): EvaluationVariant => {
        const name = freeName(
          `${entry.variant.name}, ${PROMPTINGS[prompting].label}`,
          variants.map(({ variant }) => variant.name)
        )
        return { ...entry, variant: { ...entry.variant, name }, prompting }
      })
  )
  return [...variants, ...added]
}

/** Selects the one answer that counts of a text that lists several; an empty answer if the text has none. */
export const answerOfList = (prompting: Prompting, text: string, random: () => number): ListedItem =>
  (prompting === 'list-then-pick' ? pickedItem(text) : drawnItem(readList(text), random)) ?? {
    text: '',
    probability: null
  }

/**
 * Draws an item by the probabilities that the model stated. An item without a probability gets the mean of the others.
 */
function drawnItem(items: readonly ListedItem[], random: () => number): ListedItem | null {
  const stated = items.map(({ probability }) => probability).filter((probability) => probability !== null)
  const total = stated.reduce((sum, probability) => sum + probability, 0)
  const weights = items.map(({ probability }) => (total === 0 ? 1 : (probability ?? total / stated.length)))
  let remaining = random() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, item] of items.entries()) {
    remaining -= elementAt(weights, index, 'weight')
    if (remaining < 0) return item
  }
  return items.at(-1) ?? null
}

/** Matches the line of a pick, such as `**Pick:** 3. Vermont`. */
const PICK = /^[\s*_#>-]*(?:my |final )?pick(?:ed)?[*_]*\s*[:=][*_\s]*(?<picked>\S.*)$/gim

/** Reads the picked item: its text, or else its number. A single answer without a list counts as picked. */
function pickedItem(text: string): ListedItem | null {
  const written = withoutThoughts(text)
  const pickLine = [...written.matchAll(PICK)].at(-1)
  const items = readList(pickLine === undefined ? written : written.slice(0, pickLine.index))
  const picked = pickLine?.groups?.picked
  if (picked === undefined) return items.length === 1 ? elementAt(items, 0, 'item') : null
  const number = /^[*_]*#?(?<number>\d{1,3})[.)]?[*_]*$/.exec(picked.trim())?.groups?.number
  const numbered =
    number === undefined ? undefined : (items.find(({ text }) => text === number) ?? items[Number(number) - 1])
  const [named] = readList(picked.replace(/^[*_]*\d{1,3}[.)]\s+/, ''))
  return numbered ?? named ?? null
}

/** Replaces each list by the answer that counts. The draw depends only on the seed, variant, prompt and index. */
export async function answersOfLists(
  prompting: Prompting,
  lines: readonly SampleLine[],
  seed: number,
  text: Pick<TextModel, 'encodeAll'>
): Promise<SampleLine[]> {
  const answers = lines.map((line) => {
    const position = JSON.stringify([seed, line.variant, line.prompt, line.index])
    const generator = xoroshiro128plus(createHash('sha256').update(position).digest().readInt32LE())
    const item = answerOfList(prompting, line.text, () => uniformFloat64(generator))
    return { ...line, text: item.text, list: { probability: item.probability, whole: line.text } }
  })
  const tokens = await text.encodeAll(answers.map((answer) => answer.text))
  return answers.map((answer, index) => ({ ...answer, tokens: elementAt(tokens, index, 'answer') }))
}

/** A prompt of regeneration: a task's prompt with the earlier answers of a chain. */
export interface RegenerationPrompt {
  /** Index of the task's prompt. */
  readonly prompt: number
  readonly earlier: readonly string[]
  /** Indices of the requested answers, one for each chain with these earlier answers. */
  readonly indices: readonly number[]
}

/**
 * Lists the prompts of a round of regeneration. The answers to a prompt form chains of {@link PROMPTED_ANSWERS}:
 * answers 0 to 4, 5 to 9 and so on. Round r requests the r-th answer of every chain. The prompt shows the chain's
 * earlier answers. Chains with equal earlier answers share a prompt.
 *
 * @param answers texts of the earlier rounds, by prompt and index of the answer
 */
export function regenerationRound(
  answers: ReadonlyMap<number, ReadonlyMap<number, string>>,
  { promptCount, sampleCount, round }: { promptCount: number; sampleCount: number; round: number }
): RegenerationPrompt[] {
  return Array.from({ length: promptCount }, (_, prompt) => {
    const byHistory = new Map<string, { prompt: number; earlier: string[]; indices: number[] }>()
    for (let index = round; index < sampleCount; index += PROMPTED_ANSWERS) {
      const chainStart = index - round
      const earlier = Array.from({ length: round }, (_, position) => {
        const text = answers.get(prompt)?.get(chainStart + position)
        if (text === undefined) throw new Error(`answer ${index} has no earlier answer`)
        return text
      })
      const key = JSON.stringify(earlier)
      const entry = byHistory.get(key) ?? { prompt, earlier, indices: [] }
      entry.indices.push(index)
      byHistory.set(key, entry)
    }
    return [...byHistory.values()]
  }).flat()
}

/** Returns the text after a prompt that shows earlier answers; empty in the first round. */
export const regenerationText = (earlier: readonly string[], suffix: string): string =>
  earlier.length === 0
    ? ''
    : `\n\nEarlier answers:\n${earlier.map((text, index) => `${index + 1}. ${text.trim()}`).join('\n')}${suffix}`
