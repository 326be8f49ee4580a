import { DEFAULT_RENDERING } from '../contract/crc'
import type { EngineModel, TrackedPrompt } from '../contract/engine'
import { builtinPromptSet } from '../main/crc/builtin-prompts'
import { renderPrompts } from '../main/crc/render-prompts'
import { packPrompts, type PackedPrompts } from '../main/engine/prompt-trie'
import { allRanges, postStrengths, rangeStrengths } from '../contract/strengths'
import { buildRecipeTrie, type RecipeTrie } from '../main/engine/recipe-trie'
import type { DecoderSpec } from '../main/family'
import { layerTensors } from '../main/family'
import { resourcePath } from '../main/resources'
import { loadTextModel } from '../main/text/text-model'

/**
 * The demo's 40 prompts as its tokenizer renders them: real prompts with a real amount of sharing, and tokens below
 * 2,048 that every vocabulary has. Chat templates of large models are longer and share more.
 */
export async function demoPrompts(): Promise<TrackedPrompt[]> {
  const text = await loadTextModel(resourcePath('demo-pair', 'post'))
  const { prompts, groups } = renderPrompts(await builtinPromptSet('demo-crc'), DEFAULT_RENDERING, text)
  return prompts.map(({ tokens }, index) => ({ tokens, groups: groups[index] ?? [] }))
}

/** Every n-th prompt, so that both categories stay represented. */
export function somePrompts(prompts: readonly TrackedPrompt[], count: number): TrackedPrompt[] {
  return prompts.filter((_, index) => (index * count) % prompts.length < count)
}

/** What a sweep of all ranges computes: post and every range. */
export function sweptModels(layerCount: number): EngineModel[] {
  return [
    { kind: 'recipe', layers: postStrengths(layerCount) },
    ...allRanges(layerCount).map((range): EngineModel => {
      return { kind: 'recipe', layers: rangeStrengths(range, layerCount) }
    })
  ]
}

/** Trie of models of a synthetic or demo pair, whose layers all differ. */
export function trieOf(models: readonly EngineModel[], layerCount: number): RecipeTrie {
  return buildRecipeTrie(models, { layerCount, identical: () => false, lossless: true, others: new Map() })
}

export function pack(prompts: readonly TrackedPrompt[]): PackedPrompts {
  return packPrompts(prompts.map((prompt) => prompt.tokens))
}

/** Multiplications and additions of matrix products with weights; attention's own products are not counted. */
export interface Flops {
  readonly projections: number
  readonly head: number
}

/**
 * 2 x parameters x rows for each projection. In the last layer only keys and values are made of every packed row, the
 * rest of the rows that predict an answer.
 */
export function countFlops(spec: DecoderSpec, trie: RecipeTrie, packed: PackedPrompts): Flops {
  const finalCount = new Set(packed.paths.map((path) => path[path.length - 1])).size
  const matrices = layerTensors(spec, 0).filter((tensor) => tensor.shape.length === 2)
  const perNode = (lastLayer: boolean): number =>
    matrices.reduce((sum, { role, shape: [rows = 0, columns = 0] }) => {
      const everyRow = !lastLayer || role === 'k' || role === 'v' || role === 'qkv'
      return sum + 2 * rows * columns * (everyRow ? packed.tokens.length : finalCount)
    }, 0)
  const projections = trie.levels.reduce(
    (sum, level, layer) => sum + level.nodes.length * perNode(layer === spec.layerCount - 1),
    0
  )
  const leafCount = trie.levels.at(-1)?.nodes.length ?? 0
  return { projections, head: 2 * spec.hiddenSize * spec.vocabularySize * finalCount * leafCount }
}
