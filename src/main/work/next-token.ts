import type { Rendering } from '../../contract/documents/crc'
import type { ChosenDevice } from '../../contract/model/device'
import type { Model } from '../../contract/model/model'
import { type NextToken, type ProbeEvent, PROBED_MODELS, type ProbedModel } from '../../contract/procedures/probe'
import { inputError } from '../../contract/model/problem'
import type { Recipe } from '../../contract/model/recipe'
import { recipeStrengths } from '../../contract/model/strengths'
import { formatCount, plural } from '../../contract/words/format'
import { openPair } from '../checkpoint/pair'
import type { PairMember } from '../checkpoint/pair-member'
import { ownTextModel } from '../checkpoint/whole-model-tokens'
import type { EngineClient } from '../engine/host'
import { promptMessages, renderChat, type RenderedChat } from '../text/chat'
import { elementAt } from '../../contract/model/look-up'
import { recentTextModel } from '../text/recent-text-models'
import type { TextModel } from '../text/text-model'

/**
 * Returns the `n` most probable next tokens, the most probable first. Equally probable tokens are in the order of ids.
 *
 * @param logits of the whole vocabulary
 * @param text tokenizer of the model; null for none
 */
export async function likeliestTokens(
  logits: readonly number[],
  n: number,
  text: TextModel | null
): Promise<NextToken[]> {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity)
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)
  const top = logits
    .map((logit, id) => ({ id, logit }))
    .sort((a, b) => b.logit - a.logit || a.id - b.id)
    .slice(0, n)
  const texts = await text?.decodeBehind(
    [],
    top.map(({ id }) => id)
  )
  return top.map(({ id, logit }, index) => ({
    id,
    text: texts === undefined ? null : elementAt(texts, index, 'token'),
    probability: Math.exp(logit - highest) / total
  }))
}

/**
 * Returns the tokenizer for prompts of base or another checkpoint: its own, with post's chat template. A model without
 * a tokenizer uses post's if the vocabularies are equally large. Otherwise returns null.
 */
export async function tokenizerFor(whole: PairMember, post: PairMember): Promise<TextModel | null> {
  const [ownText, postText] = await Promise.all([ownTextModel(whole), ownTextModel(post)])
  if (ownText === null) return whole.spec.vocabularySize === post.spec.vocabularySize ? postText : null
  if (postText === null) return ownText
  const { chatTemplate, hasChatTemplate, specialTokens } = postText
  return {
    ...ownText,
    chatTemplate,
    hasChatTemplate,
    specialTokens,
    // The spread above copies fields but no methods.
    encodeAll: (texts, addSpecialTokens) => ownText.encodeAll(texts, addSpecialTokens),
    decodeAll: (lists) => ownText.decodeAll(lists),
    decodeBehind: (context, tokens) => ownText.decodeBehind(context, tokens)
  }
}

/** Renders a chat prompt as the tokens that the model reads. @param name name of the prompt in messages */
export async function renderProbed(
  prompt: string,
  rendering: Rendering,
  text: TextModel,
  name: string
): Promise<RenderedChat> {
  const chat = await renderChat(text, promptMessages(prompt, rendering.systemPrompt), rendering)
  if (chat.tokens.length > 0) return chat
  throw inputError(`${name} becomes no tokens at all.`)
}

/** Returns a warning for each input that is longer than the context of the model. Its result is unreliable. */
export function contextNotices(
  prompts: readonly (readonly number[])[],
  { spec: { contextLength } }: { spec: { contextLength: number | null } }
): string[] {
  if (contextLength === null) return []
  return prompts.flatMap(({ length }, index) =>
    length <= contextLength
      ? []
      : [
          `Input ${index + 1} has ${plural(length, 'token')}, above the ${formatCount(contextLength)} ` +
            'of the model (max_position_embeddings). Its result is unreliable.'
        ]
  )
}

export interface NextTokenRequest {
  base: string
  post: string
  recipe: Recipe | null
  prompt: string
  /** Number of tokens to show. */
  top: number
  rendering: Rendering
  device: ChosenDevice
}

/** Yields the most probable next tokens after a prompt: of post, then of a recipe if one is given, then of base. */
export async function* probeRecipe(
  engine: EngineClient,
  { recipe, prompt, top, rendering, device, ...folders }: NextTokenRequest,
  signal: AbortSignal
): AsyncGenerator<ProbeEvent> {
  const { base, post } = await openPair(folders.base, folders.post)
  // A recipe that does not fit is refused before post is computed.
  if (recipe !== null) recipeStrengths(recipe, post.spec.layerCount)
  const models: Readonly<Record<ProbedModel, Model | null>> = {
    post: { kind: 'post' },
    hybrid: recipe === null ? null : { kind: 'recipe', recipe },
    base: { kind: 'base' }
  }
  const postText = await recentTextModel(post.checkpoint.textFolder)
  for (const name of PROBED_MODELS) {
    const model = models[name]
    if (model === null) continue
    const text = name === 'base' ? await tokenizerFor(base, post) : postText
    if (text === null) {
      const reason = "Base has no tokenizer of its own, and its vocabulary is not of post's size."
      yield { type: 'unavailable', model: name, reason }
      continue
    }
    const { rendered, tokens, notices } = await renderProbed(prompt, rendering, text, 'The prompt')
    const { logits } = await engine.probe({ ...folders, device: device.device, model, prompts: [tokens] }, { signal })
    const likeliest = await likeliestTokens(elementAt(logits, 0, 'prompt'), top, text)
    const warnings = [...notices, ...contextNotices([tokens], name === 'base' ? base : post)]
    yield { type: 'probed', model: name, rendered, tokens, top: likeliest, notices: warnings }
  }
}
