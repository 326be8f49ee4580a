import { elementAt } from '../contract/model/look-up'
import { DEFAULT_RENDERING } from '../contract/documents/crc'
import type { TrackedPrompt } from '../contract/procedures/engine'
import { type Model, rangeModel } from '../contract/model/model'
import { builtinPromptSet } from '../main/crc/task/builtin-prompts'
import { singleTokens } from '../main/crc/task/characters'
import { renderPrompts } from '../main/crc/task/render-prompts'
import { packPrompts, type PackedPrompts } from '../main/engine/tries/prompt-trie'
import { allRanges } from '../contract/model/strengths'
import { buildRecipeTrie, noSharing, type RecipeTrie } from '../main/engine/tries/recipe-trie'
import { resourcePath } from '../main/base/resources'
import { loadTextModel } from '../main/text/text-model'

/** Returns the demo's 40 prompts as its tokenizer renders them, with tokens below 2,048 that every vocabulary has. */
export async function demoPrompts(): Promise<TrackedPrompt[]> {
  const text = await loadTextModel(resourcePath('blend-pair', 'post'))
  const { prompts, groups } = await renderPrompts(await builtinPromptSet('demo-crc'), DEFAULT_RENDERING, text)
  return prompts.map(({ tokens }, index) => ({
    tokens,
    groups: singleTokens(elementAt(groups, index, 'list of groups'))
  }))
}

/** Selects `count` prompts at equal distances, so that both categories stay represented. */
export function spreadPrompts(prompts: readonly TrackedPrompt[], count: number): TrackedPrompt[] {
  return prompts.filter((_, index) => (index * count) % prompts.length < count)
}

/** Returns the models of a full sweep: post and all restoration ranges. */
export function postAndRanges(layerCount: number): Model[] {
  return [{ kind: 'post' }, ...allRanges(layerCount).map(rangeModel)]
}

/** Returns the trie of shared layers of models of a synthetic or demo pair, whose layers all differ. */
export function trieOf(models: readonly Model[], layerCount: number): RecipeTrie {
  return buildRecipeTrie(models, noSharing(layerCount))
}

/** Packs prompts so that common prefixes are computed once. */
export function packTokens(prompts: readonly TrackedPrompt[]): PackedPrompts {
  return packPrompts(prompts.map((prompt) => prompt.tokens))
}
