import {
  keptStyle,
  MARK_SHAPES,
  OUTSIDE_TONE,
  RIVAL_TONES,
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

/** How the variants of a run look in a chart, in their order. Those that are not kept take shapes that are left in their colour. */
export function variantStyles(variants: readonly Variant[]): ModelStyle[] {
  const kept = variants.flatMap((variant) => keptOf(variant) ?? []).map(({ mark }) => keptStyle(mark))
  let others = 0
  return variants.map((variant): ModelStyle => {
    if (variant.kind === 'base') return { tone: 'base', shape: 'rect' }
    if (variant.kind === 'post') return { tone: 'post', shape: 'rectRot' }
    const own = keptOf(variant)
    if (own !== undefined) return keptStyle(own.mark)
    const tone = toneOf(variant)
    const taken = kept.filter((style) => style.tone === tone).map(({ shape }) => shape)
    const left = MARK_SHAPES.filter((shape) => !taken.includes(shape))
    return { tone, shape: left[others++ % left.length] ?? 'circle' }
  })
}
