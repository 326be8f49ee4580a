import { modelOf, type SweptModel } from '../../../contract/documents/swept-model'
import { at } from '../../../contract/model/look-up'
import { packPrompts, type PromptPlaces } from '../../engine/tries/prompt-trie'
import { buildRecipeTrie, countEdges, type Sharing } from '../../engine/tries/recipe-trie'

/**
 * What it takes to score models on prompts, in rows of one block: evaluations of blocks, times the distinct prefixes of the prompts.
 * Layers that are the same in base and post are not known here: where there are any, a sweep takes less.
 */
export class PreviewCost {
  private readonly sharing: Sharing

  constructor(
    private readonly layerCount: number,
    private readonly models: readonly SweptModel[],
    private readonly places: readonly PromptPlaces[]
  ) {
    this.sharing = { layerCount, identical: () => false, lossless: true, alike: true, others: new Map() }
  }

  of(models: readonly number[], prompts: readonly number[]): number {
    return this.evaluations(models) * this.prefixes(prompts)
  }

  /** What models take beside others that were computed on the same prompts, whose states are there. */
  evaluationsAfter(before: readonly number[]): (models: readonly number[]) => number {
    const there = this.evaluations(before)
    return (models) => this.evaluations([...before, ...models]) - there
  }

  /** @param models indices of them, each once */
  evaluations(models: readonly number[]): number {
    const swept = models.map((model) => at(this.models, model, 'model'))
    const inPair = swept.filter(({ kind }) => kind !== 'checkpoint')
    const ofPair =
      inPair.length === 0
        ? 0
        : countEdges(
            buildRecipeTrie(
              inPair.map((model) => modelOf(model, { layerCount: this.layerCount, source: null })),
              this.sharing
            )
          )
    return ofPair + this.layerCount * (swept.length - inPair.length)
  }

  /** @param prompts indices of them */
  prefixes(prompts: readonly number[]): number {
    return packPrompts(prompts.flatMap((prompt) => at(this.places, prompt, 'prompt'))).tokens.length
  }
}
