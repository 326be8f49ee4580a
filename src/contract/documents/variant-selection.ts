import { z } from 'zod'
import { elementAt } from '../model/look-up'
import { modelKey, sameModel } from '../model/model'
import { EvaluationVariant, isPlain } from './evaluation'
import { Variant } from './samples'

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

/** Settings of older projects, in which Samples and Evaluate had separate selections. */
const SeparateSettings = z.object({
  samples: z.object({ added: z.array(Variant).default([]), leftOut: z.array(z.string()).default([]) }).optional(),
  evaluation: z
    .object({ added: z.array(EvaluationVariant).default([]), leftOut: z.array(z.string()).default([]) })
    .optional()
})

/** Matches keys of the baselines that a sweep offers: samplers, mixes, filters and uniform blends. */
const SWEEP_BASELINE_KEY = /^(?:sampler|mix|filter) |^0-\d+@[\d.]+/

/**
 * Migrates stored settings of a pair. Older settings have separate selections of variants for Samples and Evaluate, two
 * steps of the window. The shared selection has the added variants of both. It leaves out a variant that every step
 * that lists it left out.
 */
export function withSharedVariants(settings: unknown, context: Pick<z.RefinementCtx, 'addIssue'>): unknown {
  if (typeof settings !== 'object' || settings === null || 'variants' in settings) return settings
  const separate = SeparateSettings.safeParse(settings)
  if (!separate.success) {
    for (const { path, message } of separate.error.issues) context.addIssue({ code: 'custom', path, message })
    return settings
  }
  const { samples, evaluation } = separate.data
  const evaluated = evaluation?.added ?? []
  const sampled = (samples?.added ?? []).map(
    (variant): EvaluationVariant =>
      evaluated.find((entry) => isPlain(entry) && sameModel(entry.variant, variant)) ?? { variant }
  )
  const added = [...new Set([...evaluated, ...sampled])]
  const keysOf = (entries: readonly EvaluationVariant[]): string[] =>
    entries.map(({ variant }) => addedKey(variant.name))
  // Samples stored the key of an added variant's model in place of the key of its name.
  const keyOf = (key: string): string => {
    const index = (samples?.added ?? []).findIndex((variant) => modelKey(variant) === key)
    return index === -1 ? key : elementAt(keysOf(sampled), index, 'variant')
  }
  // A step lists the variants that were added to it, and all variants that the pair offers.
  const lists = (entries: readonly EvaluationVariant[], key: string): boolean =>
    keysOf(entries).includes(key) || !keysOf(added).includes(key)
  const steps = [
    samples && {
      leftOut: samples.leftOut.map(keyOf),
      lists: (key: string) => lists(sampled, key) && !SWEEP_BASELINE_KEY.test(key)
    },
    evaluation && { leftOut: evaluation.leftOut, lists: (key: string) => lists(evaluated, key) }
  ].filter((step) => step !== undefined)
  const leftOut = [...new Set(steps.flatMap((step) => step.leftOut))].filter((key) =>
    steps.every((step) => step.leftOut.includes(key) || !step.lists(key))
  )
  const variants: VariantSelection = { added: added.slice(0, MAX_ADDED), leftOut, sampled: [] }
  return { ...settings, variants }
}
