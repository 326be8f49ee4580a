import { definedFields } from '../base/defined-fields'
import { isDeepStrictEqual } from 'node:util'
import { type EvaluationVariant, frameKey } from '../../contract/documents/evaluation'
import type { Selection, SweepDocument } from '../../contract/documents/crc'
import type { Variant } from '../../contract/documents/samples'
import { takenVariants, evaluatedBaselines } from '../../contract/documents/variant-choices'
import { freeName } from '../../contract/model/free-name'
import { sweptRangeModel, sameModel } from '../../contract/model/model'
import type { RestorationRange } from '../../contract/model/recipe'
import type { Sampling } from '../../contract/model/sampling'
import { changedSampling } from '../../contract/work/settings'
import { optionName } from '../../contract/work/work'
import { namedModel, recipeVariant, type WordContext } from '../work/named-models'
import type { SelectedModels, StudyModel, StudySampler, StudyVariant } from './study-models'

/** A sweep with its selection after the full-answer check. */
export interface CheckedSweep {
  sweep: Pick<SweepDocument, 'layerCount' | 'source' | 'selection'>
  /** Null for a sweep without ranges. */
  selection: Selection | null
}

/** Returns the variants that a model of a study means: one, or those that the sweep selects. */
async function variantsOfModel(
  model: StudyModel,
  context: WordContext,
  checkedSweep: CheckedSweep | null
): Promise<Variant[]> {
  if (model.kind === 'from sweep') return checkedSweep === null ? [] : selectedVariants(model.models, checkedSweep)
  if (model.kind === 'recipe') return [recipeVariant(model.recipe)]
  return [await namedModel(model, context)]
}

/** Describes each entry for which the sweep has no model. The evaluation leaves these entries out. */
export const omittedVariants = (entries: readonly StudyVariant[], checkedSweep: CheckedSweep): string[] =>
  entries.flatMap(({ model }) => {
    if (model.kind !== 'from sweep' || selectedVariants(model.models, checkedSweep).length > 0) return []
    const why =
      (checkedSweep.selection?.selected ?? null) === null
        ? 'the sweep selects no range'
        : 'the sweep has none for what it selects'
    return [`The variant ${model.models} is left out: ${why}.`]
  })

/** Returns the ranges and baselines that the selection of a sweep names. */
function selectedVariants(which: SelectedModels, { sweep, selection }: CheckedSweep): Variant[] {
  const rangeVariant = (range: RestorationRange): Variant => recipeVariant(sweptRangeModel(range, sweep).recipe)
  if (selection === null) return []
  if (which === 'selected') return selection.selected === null ? [] : [rangeVariant(selection.selected)]
  const baselines = selection.baselines.map(({ baseline }) => baseline)
  if (which === 'controls') {
    return baselines.flatMap((baseline) => (baseline.kind === 'control' ? [rangeVariant(baseline.range)] : []))
  }
  // As in the window, the scores of the sweep select the baselines. The check does not replace them.
  const { baselines: scored } = sweep.selection?.rho === selection.rho ? sweep.selection : selection
  return takenVariants(evaluatedBaselines(scored), sweep).map(({ variant }) => variant)
}

/**
 * Returns the variants of an evaluation: each model once for each sampler, under unique names. An entry with a sampler
 * is not repeated. Names do not mention the first sampler, which is the task's.
 *
 * @param otherwise sampler of the task before the study changes it
 */
export async function studyVariants(
  entries: readonly StudyVariant[],
  samplers: readonly StudySampler[] | undefined,
  otherwise: Sampling,
  context: WordContext,
  checkedSweep: CheckedSweep | null
): Promise<EvaluationVariant[]> {
  const models: EvaluationVariant[] = []
  for (const { prefix, suffix, system, listed, prompting, sampler, ...entry } of entries) {
    const sampling = sampler === undefined ? undefined : changedSampling(sampler, otherwise)
    for (const variant of await variantsOfModel(entry.model, context, checkedSweep)) {
      // Stored runs have no undefined fields.
      const promptSettings: PromptSettings = definedFields({ prefix, suffix, system, listed, prompting, sampling })
      if (models.some((other) => sameModel(other.variant, variant) && isAlike(other, promptSettings))) continue
      const name = freeName(
        entry.name ?? variant.name,
        models.map((other) => other.variant.name)
      )
      models.push({ variant: withName(variant, name), ...promptSettings })
    }
  }
  if (samplers === undefined) return models
  return samplers.flatMap((sampler, index) =>
    models.flatMap((model): EvaluationVariant[] => {
      if (index === 0) return [model]
      const { variant } = model
      // An answer file has its answers already, and a sampling baseline is defined by its sampler.
      const isFixed =
        model.sampling !== undefined ||
        variant.kind === 'file' ||
        (variant.kind === 'baseline' && variant.baseline.kind === 'sampler')
      if (isFixed) return []
      const name = `${variant.name}, ${samplerName(sampler)}`
      return [{ ...model, variant: { ...variant, name }, sampling: changedSampling(sampler, otherwise) }]
    })
  )
}

/** The prompts and the sampler of a variant. */
type PromptSettings = Omit<EvaluationVariant, 'variant'>

const isAlike = (one: PromptSettings, other: PromptSettings): boolean =>
  frameKey(one) === frameKey(other) &&
  one.listed === other.listed &&
  one.prompting === other.prompting &&
  isDeepStrictEqual(one.sampling, other.sampling)

const withName = (variant: Variant, name: string): Variant =>
  variant.kind === 'recipe' ? { ...variant, name, recipe: { ...variant.recipe, name } } : { ...variant, name }

/** Describes a sampler, such as "temperature 1.5, min-p 0.1". */
const samplerName = (sampler: StudySampler): string =>
  Object.entries(sampler)
    .map(([setting, value]) => `${optionName(setting)} ${value}`)
    .join(', ')
