import {
  keptStyle,
  MARK_SHAPES,
  MODEL_TONES,
  OUTSIDE_TONE,
  RIVAL_TONES,
  type MarkShape,
  type ModelStyle,
  type ModelTone
} from '../model/model-style'
import { isOutside, keptOf } from '../model/model'
import type { Variant } from './samples'

/** How a variant is coloured: what is kept as everywhere, others by what they are. */
export function toneOf(variant: Variant): ModelTone {
  const kept = keptOf(variant)
  if (kept !== undefined) return keptStyle(kept.mark).tone
  if (variant.kind === 'rival') return RIVAL_TONES[variant.rival.kind]
  if (isOutside(variant)) return OUTSIDE_TONE
  return variant.kind === 'recipe' ? 'hybrid' : variant.kind
}

/**
 * How the variants of a run look in a chart, in their order. Base, post and what is kept look as everywhere; others take the colour of
 * what they are while nothing else of the run has it, else one that is left, and where none is, a shape that is left in theirs.
 */
export function variantStyles(variants: readonly Variant[]): ModelStyle[] {
  const fixed = variants.map(fixedStyle)
  const taken = new Set(fixed.flatMap((style) => style?.tone ?? []))
  const tones = variants.map((variant, place): ModelTone | null => {
    const tone = fixed[place]?.tone ?? toneOf(variant)
    if (fixed[place] === null && taken.has(tone)) return null
    taken.add(tone)
    return tone
  })
  // Base's and post's are theirs in every chart, also where neither is.
  const left = MODEL_TONES.filter((tone) => tone !== 'base' && tone !== 'post' && !taken.has(tone))
  const styles = fixed.flatMap((style) => style ?? [])
  let others = 0
  return variants.map((variant, place): ModelStyle => {
    const style = fixed[place] ?? null
    if (style !== null) return style
    const tone = tones[place] ?? left.shift() ?? toneOf(variant)
    const shapes = MARK_SHAPES.filter(
      (shape) => !styles.some((one) => one.tone === tone && one.shape === shape)
    )
    const chosen = { tone, shape: shapes[others++ % shapes.length] ?? 'circle' }
    styles.push(chosen)
    return chosen
  })
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

function fixedStyle(variant: Variant): ModelStyle | null {
  if (variant.kind === 'base') return { tone: 'base', shape: 'rect' }
  if (variant.kind === 'post') return { tone: 'post', shape: 'rectRot' }
  const kept = keptOf(variant)
  return kept === undefined ? null : keptStyle(kept.mark)
}
