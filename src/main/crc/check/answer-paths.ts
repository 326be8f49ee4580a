import type { RenderedPrompt } from '../../../contract/documents/crc'
import { encodeOne, type TextModel } from '../../text/text-model'
import type { RenderedPrompts } from '../task/render-prompts'
import { elementAt } from '../../../contract/model/look-up'

/** A sequence of tokens that adds exactly one valid character to a prompt. */
export interface AnswerPath {
  prompt: number
  /** Index into the prompt's valid set. */
  character: number
  tokens: readonly number[]
  /** True if white space may follow. After white space, more white space would make another answer. */
  mayTrail: boolean
}

/** Lists the ways to write each valid character: the single tokens that add it, or else several tokens. */
export async function answerPaths({ prompts, groups }: RenderedPrompts, text: TextModel): Promise<AnswerPath[]> {
  const paths: AnswerPath[] = []
  for (const [index, prompt] of prompts.entries()) {
    for (const [characterIndex, character] of prompt.valid.entries()) {
      const single = elementAt(elementAt(groups, index, 'prompt'), characterIndex, 'character').map((token) => [token])
      const ways = single.length > 0 ? single : await encodeCharacter(prompt, character, text)
      for (const tokens of ways) {
        paths.push({ prompt: index, character: characterIndex, tokens, mayTrail: character.trim() !== '' })
      }
    }
  }
  return paths
}

/** Encodes a character in several tokens. Returns no way if they do not add exactly the character to the prompt. */
async function encodeCharacter(
  { tokens: context }: RenderedPrompt,
  character: string,
  text: TextModel
): Promise<number[][]> {
  const tokens = await encodeOne(text, character)
  if (tokens.length <= 1) return []
  const [before, after] = await text.decodeAll([context, [...context, ...tokens]])
  return after === `${before}${character}` ? [tokens] : []
}
