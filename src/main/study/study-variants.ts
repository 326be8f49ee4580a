import { isDeepStrictEqual } from 'node:util'
import { type EvaluationVariant, frameKey } from '../../contract/documents/evaluation'
import type { Selection, SweepDocument } from '../../contract/documents/crc'
import type { Variant } from '../../contract/documents/samples'
import { takenVariants, evaluatedBaselines } from '../../contract/documents/variant-choices'
import { freeName } from '../../contract/model/free-name'
import { sweptRangeModel, sameModel } from '../../contract/model/model'
import type { Sampling } from '../../contract/model/sampling'
import { changedSampling } from '../../contract/work/settings'
import { optionName } from '../../contract/work/work'
import { namedModel, recipeVariant, type WordContext } from '../work/named-models'
import type { SelectedModels, StudyModel, StudySampler, StudyVariant } from './study-models'

export interface CheckedSweep {
  sweep: Pick<SweepDocument, 'layerCount' | 'source' | 'selection'>
  /** Null for a sweep without ranges. */
  selection: Selection | null
}

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
  const range = (of: { start: number; end: number }): Variant => {
    return recipeVariant(sweptRangeModel(of, sweep).recipe)
  }
  if (selection === null) return []
  if (which === 'selected') return selection.selected === null ? [] : [range(selection.selected)]
  const baselines = selection.baselines.map(({ baseline }) => baseline)
  if (which === 'controls') {
    return baselines.flatMap((baseline) => (baseline.kind === 'control' ? [range(baseline.range)] : []))
  }
  // As in the window, the scores of the sweep select the baselines. The check does not replace them.
  const { baselines: scored } = sweep.selection?.rho === selection.rho ? sweep.selection : selection
  return takenVariants(evaluatedBaselines(scored), sweep).map(({ variant }) => variant)
}

/**
 * Returns the variants of an evaluation: each model once, under a unique name, and once per sampler unless its entry
 * sets one. The task's sampler changes no name. @param otherwise sampler of the task without the study
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
      const asking = { variant, ...present({ prefix, suffix, system, listed, prompting, sampling }) }
      if (models.some((other) => sameModel(other.variant, variant) && asksAlike(other, asking))) continue
      const name = freeName(
        entry.name ?? variant.name,
        models.map((other) => other.variant.name)
      )
      models.push({ ...asking, variant: renamed(variant, name) })
    }
  }
  if (samplers === undefined) return models
  return samplers.flatMap((sampler, index) =>
    models.flatMap(({ variant, ...asked }): EvaluationVariant[] => {
      // An answer file has its answers already, and a sampling baseline is defined by its sampler.
      const isFixed =
        asked.sampling !== undefined ||
        variant.kind === 'file' ||
        (variant.kind === 'baseline' && variant.baseline.kind === 'sampler')
      if (index === 0) return [{ variant, ...asked }]
      if (isFixed) return []
      const name = `${variant.name}, ${samplerName(sampler)}`
      return [{ ...asked, variant: { ...variant, name }, sampling: changedSampling(sampler, otherwise) }]
    })
  )
}

type Asking = Omit<EvaluationVariant, 'variant'>

/** Removes undefined fields, as in a stored run. */
const present = (asking: Asking): Asking =>
  Object.fromEntries(Object.entries(asking).filter(([, value]) => value !== undefined))

const asksAlike = (one: Asking, other: Asking): boolean =>
  frameKey(one) === frameKey(other) &&
  one.listed === other.listed &&
  one.prompting === other.prompting &&
  isDeepStrictEqual(one.sampling, other.sampling)

const renamed = (variant: Variant, name: string): Variant =>
  variant.kind === 'recipe' ? { ...variant, name, recipe: { ...variant.recipe, name } } : { ...variant, name }

/** Describes a sampler, such as "temperature 1.5, min-p 0.1". */
const samplerName = (sampler: StudySampler): string =>
  Object.entries(sampler)
    .map(([setting, value]) => `${optionName(setting)} ${value}`)
    .join(', ')
