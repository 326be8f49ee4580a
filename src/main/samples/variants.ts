import { modelStrengths } from '../../contract/model/model'
import { inputError } from '../../contract/model/problem'
import type { Variant } from '../../contract/documents/samples'

/** Refuses two variants with one name, and recipes that do not fit the model. @throws WorkbenchError `bad-input` */
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
