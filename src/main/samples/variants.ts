import { modelStrengths } from '../../contract/model/model'
import { inputError } from '../../contract/model/problem'
import type { Variant } from '../../contract/documents/samples'

/** Refuses variants. @throws WorkbenchError `bad-input` for a name twice, or a recipe that does not fit the model */
export function requireUsable(variants: readonly Variant[], layerCount: number): void {
  const names = new Set<string>()
  for (const variant of variants) {
    if (names.has(variant.name)) {
      throw inputError(
        `Two variants are named "${variant.name}".`,
        'Answers are told apart by the name of their variant: give each its own.'
      )
    }
    names.add(variant.name)
    modelStrengths(variant, layerCount)
  }
}
