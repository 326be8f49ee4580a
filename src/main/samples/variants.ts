import type { EngineModel } from '../../contract/procedures/engine'
import { WorkbenchError } from '../../contract/model/problem'
import type { Variant } from '../../contract/documents/samples'
import { postStrengths, recipeStrengths } from '../../contract/model/strengths'

/**
 * What the engine is to compute for each column of a comparison.
 *
 * @throws WorkbenchError `bad-input` when two share a name, or when a recipe does not fit the model
 */
export function variantModels(variants: readonly Variant[], layerCount: number): EngineModel[] {
  const names = new Set<string>()
  return variants.map((variant) => {
    if (names.has(variant.name)) {
      throw new WorkbenchError(
        'bad-input',
        `Two variants are named "${variant.name}".`,
        'Answers are told apart by the name of their variant: give each its own.'
      )
    }
    names.add(variant.name)
    if (variant.kind === 'base') return { kind: 'base' }
    if (variant.kind === 'checkpoint') {
      return { kind: 'checkpoint', path: variant.path, fingerprint: variant.fingerprint }
    }
    const layers =
      variant.kind === 'post' ? postStrengths(layerCount) : recipeStrengths(variant.recipe, layerCount)
    return { kind: 'recipe', layers }
  })
}
