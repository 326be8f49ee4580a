import { z } from 'zod'
import { modelKey, sameModel } from '../model/model'
import { EvaluationVariant, isPlain } from './evaluation'
import { Variant } from './samples'

/** The variants that Answers and Evaluate compare, as the project stores them. */
export const VariantSelection = z.object({
  /** Variants in addition to those that the pair offers. */
  added: z.array(EvaluationVariant).max(60),
  /** Keys of excluded variants: `modelKey` of offered ones, {@link addedKey} of added ones. Later models take part. */
  leftOut: z.array(z.string()),
  /** Keys of the sweep's baselines that Samples asks. Evaluate asks all that are not left out. */
  sampled: z.array(z.string())
})
export type VariantSelection = z.infer<typeof VariantSelection>

/** All offered variants take part, and none is added. */
export const NO_VARIANT_CHANGES: VariantSelection = { added: [], leftOut: [], sampled: [] }

/** Returns the key of an added variant. Its name is unique in the selection, but its model may not be. */
export const addedKey = (name: string): string => `added ${name}`

/** Settings of a project in which Samples and Evaluate each had their own variants. */
const SeparateSettings = z.object({
  samples: z
    .object({ added: z.array(Variant).default([]), leftOut: z.array(z.string()).default([]) })
    .optional(),
  evaluation: z
    .object({ added: z.array(EvaluationVariant).default([]), leftOut: z.array(z.string()).default([]) })
    .optional()
})

/** Adds the shared selection to stored settings of a pair that have none. A variant that one step used takes part. */
export function withSharedVariants(settings: unknown): unknown {
  if (typeof settings !== 'object' || settings === null || 'variants' in settings) return settings
  const { samples, evaluation } = SeparateSettings.safeParse(settings).data ?? {}
  const evaluated = evaluation?.added ?? []
  const sampled = (samples?.added ?? []).filter(
    (variant) => !evaluated.some((entry) => isPlain(entry) && sameModel(entry.variant, variant))
  )
  const keyOf = (key: string): string => {
    const variant = samples?.added.find((candidate) => modelKey(candidate) === key)
    return variant === undefined ? key : addedKey(variant.name)
  }
  const lists = [samples && { leftOut: samples.leftOut.map(keyOf) }, evaluation].flatMap((setup) =>
    setup === undefined ? [] : [setup.leftOut]
  )
  const variants: VariantSelection = {
    added: [...evaluated, ...sampled.map((variant) => ({ variant }))],
    leftOut: (lists[0] ?? []).filter((key) => lists.every((leftOut) => leftOut.includes(key))),
    sampled: []
  }
  return { ...settings, variants }
}
