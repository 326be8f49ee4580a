import {
  keptStyle,
  MARK_SHAPES,
  EXTERNAL_TONE,
  type MarkShape,
  type ModelStyle,
  type ModelTone
} from '../model/model-style'
import { isExternal, keptOf } from '../model/model'
import type { Recipe } from '../model/recipe'
import { BASELINE_FAMILIES } from '../model/sampling-baseline'
import { isRestored, sameStrength } from '../model/strengths'
import type { Variant } from './samples'

const isUniformBlend = (recipe: Recipe): boolean => {
  if (!('layers' in recipe) || isRestored(recipe.layers)) return false
  const [first] = recipe.layers
  return first !== undefined && recipe.layers.every((layer) => sameStrength(layer, first))
}

/** Returns the colour and shape of a variant, which depend only on the number of a kept model or the kind of model. */
function variantStyle(variant: Variant): ModelStyle {
  const identity = keptOf(variant)
  if (identity !== undefined) return keptStyle(identity.mark)
  if (isExternal(variant)) return { tone: EXTERNAL_TONE, shape: 'star' }
  switch (variant.kind) {
    case 'base':
      return { tone: 'base', shape: 'rect' }
    case 'few-shot':
      return { tone: 'base', shape: 'star' }
    case 'post':
      return { tone: 'post', shape: 'rectRot' }
    case 'checkpoint':
      return { tone: 'checkpoint', shape: 'rectRounded' }
    case 'baseline':
      return BASELINE_FAMILIES[variant.baseline.kind]
    case 'recipe':
      return isUniformBlend(variant.recipe) ? { tone: 'black', shape: 'cross' } : { tone: 'hybrid', shape: 'circle' }
  }
}

export const toneOf = (variant: Variant): ModelTone => variantStyle(variant).tone

/** Returns the styles of a run's variants. If two would have the same colour and shape, one gets another shape. */
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

/** Style of a variant's name. The shape is present only if several variants of the run share the colour. */
export interface NameStyle {
  tone: ModelTone
  shape?: MarkShape
}

/** Returns the style of a variant's name in a run. It matches the variant's points in the charts. */
export function nameStyle(variants: readonly Variant[], variant: Variant): NameStyle {
  const styles = variantStyles(variants)
  const style = styles[variants.findIndex(({ name }) => name === variant.name)]
  if (style === undefined) return { tone: toneOf(variant) }
  const isShared = styles.filter(({ tone }) => tone === style.tone).length > 1
  return isShared ? style : { tone: style.tone }
}
