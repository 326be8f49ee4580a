import { mostDiverse } from '../model/by-diversity'
import { type BaselineComparison, isBaseline } from './crc'
import { baselineModel } from './swept-model'
import { freeName } from '../model/free-name'
import type { KeptCheckpoint, KeptRecipe, SweepSummary } from './project'
import type { Recipe, RestorationRange } from '../model/recipe'
import type { KeptIdentity } from '../model/kept'
import type { Variant } from './samples'
import { type Baseline, isBlend, needsBase } from '../model/sampling-baseline'
import { sweptRangeModel, type RestorationSource, sameModel, modelName } from '../model/model'

export interface VariantChoice {
  variant: Variant
  origin:
    | 'whole model'
    | 'selected by the sweep'
    | 'selected by the character task'
    | 'kept recipe'
    | 'checkpoint'
    | 'baseline'
    | 'endpoint'
    | 'file'
}

/** Returns the variants that can be compared: base, post, a sweep's selected range, kept recipes, and checkpoints. */
export function variantChoices(
  recipes: readonly KeptRecipe[],
  checkpoints: readonly KeptCheckpoint[],
  selected: (RestorationRange & RestorationSource) | null,
  ofCharacters: (RestorationRange & RestorationSource) | null = null
): VariantChoice[] {
  const choices: VariantChoice[] = [
    { variant: { kind: 'base', name: 'base' }, origin: 'whole model' },
    { variant: { kind: 'post', name: 'post' }, origin: 'whole model' }
  ]
  const free = (name: string): string =>
    freeName(
      name,
      choices.map(({ variant }) => variant.name)
    )
  const add = (recipe: Recipe, origin: VariantChoice['origin'], kept?: KeptIdentity): void => {
    const variant: Variant = { kind: 'recipe', name: free(recipe.name), recipe, ...(kept && { kept }) }
    choices.push({ variant, origin })
  }
  const addSelected = (range: (RestorationRange & RestorationSource) | null, origin: VariantChoice['origin']): void => {
    if (range === null) return
    const model = sweptRangeModel(range, range)
    const existing = [
      ...choices.map(({ variant }) => variant),
      ...recipes.map(({ recipe }) => ({ kind: 'recipe', recipe }) as const)
    ]
    if (!existing.some((other) => sameModel(other, model))) add(model.recipe, origin)
  }
  addSelected(selected, 'selected by the sweep')
  addSelected(ofCharacters, 'selected by the character task')
  for (const { id, mark, recipe } of recipes) add(recipe, 'kept recipe', { id, mark })
  for (const { id, mark, name, path, fingerprint } of checkpoints) {
    const identity = { id, mark }
    const variant: Variant = { kind: 'checkpoint', name: free(name), path, fingerprint, kept: identity }
    choices.push({ variant, origin: 'checkpoint' })
  }
  return choices
}

/** Returns the baselines to evaluate beside the range: the most diverse uniform blend, sampler, mix and filter. */
export function evaluatedBaselines(compared: readonly BaselineComparison[]): Baseline[] {
  const scored = compared.flatMap(({ baseline, ...score }) => (isBaseline(baseline) ? [{ baseline, score }] : []))
  const groups = [
    ({ kind }: Baseline) => kind === 'uniform-blend',
    (baseline: Baseline) => !isBlend(baseline) && !needsBase(baseline),
    ({ kind }: Baseline) => kind === 'mix',
    ({ kind }: Baseline) => kind === 'filter'
  ]
  return groups.flatMap((isIn) => {
    const group = scored.filter(({ baseline }) => isIn(baseline))
    return mostDiverse(group, ({ score }) => score)
      .slice(0, 1)
      .map(({ baseline }) => baseline)
  })
}

/** Returns the blends and baselines that a sweep's selection rule picks, as variants. */
export function takenVariants(baselines: readonly Baseline[], restoring: RestorationSource): VariantChoice[] {
  return baselines.map((taken): VariantChoice => {
    const model = baselineModel(taken, restoring)
    return { variant: { ...model, name: modelName(model) }, origin: 'baseline' }
  })
}

/** Returns the default variants of an evaluation: models that can be compared, and the newest sweep's baselines. */
export function evaluatedChoices(
  offered: readonly VariantChoice[],
  newest: Pick<SweepSummary, 'baselines' | 'layerCount' | 'source'> | undefined
): VariantChoice[] {
  const taken = newest === undefined ? [] : takenVariants(newest.baselines, newest)
  return [...offered, ...taken.filter(({ variant }) => !offered.some((choice) => sameModel(choice.variant, variant)))]
}
