import type { OtherCheckpoint } from './checkpoint'
import { mapGet } from './look-up'
import type { Recipe, SourcedRanges } from './recipe'
import { isPostLayer, postStrengths, rangesStrengths, setSource } from './strengths'

/** Ranges that a user typed, such as `3-7@sft,9`. No layer is named twice. */
interface SourcedRecipe {
  name: string
  restored: readonly SourcedRanges[]
  /** Checkpoints by the names that the ranges use. */
  sources: ReadonlyMap<string, OtherCheckpoint>
  /** Name of the option or field that contains the ranges, for errors. */
  asked: string
}

/** Returns the recipe for ranges with sources. @param layerCount of the pair */
export function sourcedRecipe({ name, restored, sources, asked }: SourcedRecipe, layerCount: number): Recipe {
  const layers = postStrengths(layerCount)
  for (const { ranges, source } of restored) {
    const from = source === null ? null : mapGet(sources, source, 'checkpoint')
    for (const [layer, strength] of setSource(rangesStrengths(ranges, layerCount, asked), from).entries()) {
      if (!isPostLayer(strength)) layers[layer] = strength
    }
  }
  return { name, layers }
}
