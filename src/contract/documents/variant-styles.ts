import {
  keptStyle,
  MARK_SHAPES,
  OUTSIDE_TONE,
  RIVAL_TONES,
  type MarkShape,
  type ModelStyle,
  type ModelTone
} from '../model/model-style'
import { isOutside, keptOf } from '../model/model'
import type { Recipe } from '../model/recipe'
import type { Rival } from '../model/rival'
import { isRestored, sameStrength } from '../model/strengths'
import type { Variant } from './samples'

/** The shapes of baselines in every chart, so that one is told from the model whose colour it has. */
const RIVAL_SHAPES: Readonly<Record<Rival['kind'], MarkShape>> = {
  sampler: 'crossRot',
  mix: 'rectRounded',
  filter: 'triangle'
}

/** Whether a recipe blends all layers alike, and so chooses none. */
const isUniformBlend = (recipe: Recipe): boolean => {
  if (!('layers' in recipe) || isRestored(recipe.layers)) return false
  const [first] = recipe.layers
  return first !== undefined && recipe.layers.every((layer) => sameStrength(layer, first))
}

/**
 * The colour of a variant, and its shape where nothing beside it has both. It follows from the variant alone: the number of what the project
 * keeps, else the kind of model. So a variant has one colour on every page, whatever stands beside it and whatever is kept later. Several
 * variants may have one colour.
 */
export function variantStyle(variant: Variant): ModelStyle {
  const kept = keptOf(variant)
  if (kept !== undefined) return keptStyle(kept.mark)
  if (isOutside(variant)) return { tone: OUTSIDE_TONE, shape: 'star' }
  switch (variant.kind) {
    case 'base':
      return { tone: 'base', shape: 'rect' }
    case 'post':
      return { tone: 'post', shape: 'rectRot' }
    case 'checkpoint':
      return { tone: 'checkpoint', shape: 'rectRounded' }
    case 'rival':
      return { tone: RIVAL_TONES[variant.rival.kind], shape: RIVAL_SHAPES[variant.rival.kind] }
    case 'recipe':
      return isUniformBlend(variant.recipe)
        ? { tone: 'black', shape: 'cross' }
        : { tone: 'hybrid', shape: 'circle' }
  }
}

export const toneOf = (variant: Variant): ModelTone => variantStyle(variant).tone

/** How the variants of a run look in a chart, in their order: each as {@link variantStyle} says, but in a free shape where an earlier one has both. */
export function variantStyles(variants: readonly Variant[]): ModelStyle[] {
  const styles: ModelStyle[] = []
  for (const variant of variants) {
    const { tone, shape } = variantStyle(variant)
    const taken = styles.filter((style) => style.tone === tone)
    const isTaken = (other: MarkShape): boolean => taken.some((style) => style.shape === other)
    const free = MARK_SHAPES.filter((other) => !isTaken(other))
    styles.push({
      tone,
      shape: isTaken(shape) ? (free[0] ?? MARK_SHAPES[taken.length % MARK_SHAPES.length] ?? shape) : shape
    })
  }
  return styles
}

/** How the name of a variant looks: its shape only where its colour alone does not tell which of the run it is. */
export interface NameStyle {
  tone: ModelTone
  shape?: MarkShape
}

/** The look of the name of one of the variants of a run: that of its points in the charts. */
export function nameStyle(variants: readonly Variant[], variant: Variant): NameStyle {
  const styles = variantStyles(variants)
  const style = styles[variants.findIndex(({ name }) => name === variant.name)]
  if (style === undefined) return { tone: toneOf(variant) }
  const isShared = styles.filter(({ tone }) => tone === style.tone).length > 1
  return isShared ? style : { tone: style.tone }
}
