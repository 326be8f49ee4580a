import type { RenderedPrompt } from '../../../contract/documents/crc'
import { encodeOne, type TextModel } from '../../text/text-model'
import type { RenderedPrompts } from '../task/render-prompts'
import { at } from '../../../contract/model/look-up'

/** A sequence of tokens that adds exactly one valid character to a prompt. */
export interface AnswerPath {
  prompt: number
  /** Index into the prompt's valid set. */
  character: number
  tokens: readonly number[]
  /** Whether white space may follow: not behind white space, which would be another answer. */
  mayTrail: boolean
}

/**
 * The ways to write each valid character: every single token that adds it, and where there is none, the tokens that the
 * tokenizer makes of it.
 */
export async function answerPaths(
  { prompts, groups }: RenderedPrompts,
  text: TextModel
): Promise<AnswerPath[]> {
  const paths: AnswerPath[] = []
  for (const [index, prompt] of prompts.entries()) {
    for (const [place, character] of prompt.valid.entries()) {
      const single = at(at(groups, index, 'prompt'), place, 'character').map((token) => [token])
      const ways = single.length > 0 ? single : await spelled(prompt, character, text)
      for (const tokens of ways) {
        paths.push({ prompt: index, character: place, tokens, mayTrail: character.trim() !== '' })
      }
    }
  }
  return paths
}

/** None where the tokens would add something else here. */
async function spelled(
  { tokens: context }: RenderedPrompt,
  character: string,
  text: TextModel
): Promise<number[][]> {
  const tokens = await encodeOne(text, character)
  if (tokens.length <= 1) return []
  const [before, after] = await text.decodeAll([context, [...context, ...tokens]])
  return after === `${before}${character}` ? [tokens] : []
}
