import { z } from 'zod'
import { EvaluationVariant } from './evaluation'

const MAX_ADDED = 60

/** The variants that Answers and Evaluate compare, as the project stores them. */
export const VariantSelection = z.object({
  /** Variants in addition to those that the pair offers. */
  added: z.array(EvaluationVariant).max(MAX_ADDED),
  /** Keys of excluded variants: `modelKey` of offered ones, {@link addedKey} of added ones. Later models take part. */
  leftOut: z.array(z.string()),
  /** Keys of the sweep's baselines that Samples asks, and of base after a few-shot prompt. */
  sampled: z.array(z.string())
})
export type VariantSelection = z.infer<typeof VariantSelection>

/** All offered variants take part, and none is added. */
export const NO_VARIANT_CHANGES: VariantSelection = { added: [], leftOut: [], sampled: [] }

/** Returns the key of an added variant. Its name is unique in the selection, but its model may not be. */
export const addedKey = (name: string): string => `added ${name}`
