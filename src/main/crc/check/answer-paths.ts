import type { RenderedPrompt } from '../../../contract/documents/crc'
import type { TextModel } from '../../text/text-model'
import type { RenderedPrompts } from '../task/render-prompts'
import { at } from '../../base/look-up'

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
export function answerPaths({ prompts, groups }: RenderedPrompts, text: TextModel): AnswerPath[] {
  return prompts.flatMap((prompt, index) =>
    prompt.valid.flatMap((character, place) => {
      const single = at(at(groups, index, 'prompt'), place, 'character').map((token) => [token])
      const ways = single.length > 0 ? single : spelled(prompt, character, text)
      return ways.map((tokens) => ({
        prompt: index,
        character: place,
        tokens,
        mayTrail: character.trim() !== ''
      }))
    })
  )
}

/** None where the tokens would add something else here. */
function spelled({ tokens: context }: RenderedPrompt, character: string, text: TextModel): number[][] {
  const tokens = text.encode(character)
  const added = text.decode([...context, ...tokens]) === text.decode(context) + character
  return tokens.length > 1 && added ? [tokens] : []
}
