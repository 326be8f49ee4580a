import type { Score, SweepDocument } from '../../contract/documents/crc'
import type { LayerStrength, Recipe, RestorationRange } from '../../contract/model/recipe'
import type { SearchDocument } from '../../contract/documents/search'
import { blendStrengths, rangeStrengths, recipeStrengths } from '../../contract/model/strengths'
import {
  type KeptModels,
  keptCheckpoint,
  keptRecipe,
  NOTHING_KEPT,
  sameLayers
} from '../../contract/documents/kept-models'
import { blendName } from '../../contract/documents/swept-model'
import { rangeName } from '../ui/format'

/** A model with everything known of it, for the inspector. */
export interface ScoredModel {
  key: string
  kind: 'range' | 'blend' | 'recipe' | 'found' | 'checkpoint'
  /** What it is called now. */
  name: string
  /** Of a kept recipe or checkpoint: its number in the order of keeping. */
  mark: number | null
  /** Null for another checkpoint, which is no recipe over the pair. */
  layers: readonly LayerStrength[] | null
  score: Score
}

/** One that is no range. */
export type OtherModel = ScoredModel & { kind: Exclude<ScoredModel['kind'], 'range'> }

export const blendKey = (strength: number): string => `blend ${strength}`
export const recipeKey = (name: string): string => `recipe ${name}`
/** @param index among the found recipes that are no ranges */
export const foundKey = (index: number): string => `found ${index}`
export const checkpointKey = (name: string): string => `checkpoint ${name}`

/**
 * The models of a sweep that are no ranges, and those that a search found; a range that it could not better is a range.
 *
 * @param kept gives recipes and checkpoints the names that they have now
 */
export function otherModels(
  sweep: SweepDocument,
  search: SearchDocument | null,
  kept: KeptModels = NOTHING_KEPT
): OtherModel[] {
  const { layerCount } = sweep
  const found =
    search?.found.filter(({ recipe }) => !('ranges' in recipe && recipe.ranges.length === 1)) ?? []
  return [
    ...sweep.soup.map((score) => ({
      key: blendKey(score.strength),
      kind: 'blend' as const,
      name: blendName(score.strength),
      mark: null,
      layers: blendStrengths(score.strength, layerCount),
      score
    })),
    ...sweep.recipes.map((score) => {
      const own = keptRecipe(score.recipe, kept)
      return {
        key: recipeKey(score.recipe.name),
        kind: 'recipe' as const,
        name: own?.recipe.name ?? score.recipe.name,
        mark: own?.mark ?? null,
        layers: recipeStrengths(score.recipe, layerCount),
        score
      }
    }),
    ...sweep.checkpoints.map((score) => {
      const own = keptCheckpoint(score, kept)
      return {
        key: checkpointKey(score.name),
        kind: 'checkpoint' as const,
        name: own?.name ?? score.name,
        mark: own?.mark ?? null,
        layers: null,
        score
      }
    }),
    ...found.map((score, index) => ({
      key: foundKey(index),
      kind: 'found' as const,
      name: score.recipe.name,
      mark: null,
      layers: recipeStrengths(score.recipe, layerCount),
      score
    }))
  ]
}

/**
 * The recipe or range of a sweep that restores what a kept recipe does, whatever that is called by now; null when the sweep has
 * scored none.
 */
export function scoredAs(sweep: SweepDocument, recipe: Recipe): RestorationRange | string | null {
  const { name } = recipe
  const scored = sweep.recipes.filter((score) => sameLayers(score.recipe, recipe))
  const first = scored.find((score) => score.recipe.name === name) ?? scored[0]
  if (first !== undefined) return recipeKey(first.recipe.name)
  const only = 'ranges' in recipe && recipe.ranges.length === 1 ? recipe.ranges[0] : undefined
  const range = sweep.ranges.find(({ start, end }) => start === only?.[0] && end === only[1])
  return range === undefined ? null : { start: range.start, end: range.end }
}

/** One model of a sweep or of its search; null when there is none. */
export function scoredModel(
  sweep: SweepDocument,
  search: SearchDocument | null,
  ref: RestorationRange | string,
  kept: KeptModels = NOTHING_KEPT
): ScoredModel | null {
  if (typeof ref === 'string') return otherModels(sweep, search, kept).find(({ key }) => key === ref) ?? null
  const score = sweep.ranges.find(({ start, end }) => start === ref.start && end === ref.end)
  if (score === undefined) return null
  return {
    key: `${ref.start}-${ref.end}`,
    kind: 'range',
    name: rangeName(ref),
    mark: null,
    layers: rangeStrengths(ref, sweep.layerCount),
    score
  }
}
