import type { PreferenceMark, Variant } from './samples'

export interface TallyEntry {
  variant: Variant
  count: number
  /** Of all marks. */
  share: number
}

/** How often each variant was preferred, most often first. */
export function tally(marks: readonly PreferenceMark[], variants: readonly Variant[]): TallyEntry[] {
  return variants
    .map((variant) => {
      const count = marks.filter((mark) => mark.variant === variant.name).length
      return { variant, count, share: count / Math.max(1, marks.length) }
    })
    .sort((left, right) => right.count - left.count)
}

/** The marks with one comparison decided, or with null undecided. */
export function withMark(
  marks: readonly PreferenceMark[],
  { prompt, index }: Pick<PreferenceMark, 'prompt' | 'index'>,
  variant: string | null
): PreferenceMark[] {
  const others = marks.filter((mark) => mark.prompt !== prompt || mark.index !== index)
  return variant === null ? others : [...others, { prompt, index, variant }]
}
