import { z } from 'zod'
import { OtherCheckpoint } from './checkpoint'

/** The deepest model we accept: far above any published decoder (126 layers), low enough to bound all-ranges work. */
export const MAX_LAYERS = 512

const layerIndex = z
  .number()
  .int()
  .min(0)
  .max(MAX_LAYERS - 1)

/** Decoder layers start..end, 0-based and inclusive, restored to base. */
export const RestorationRange = z
  .object({ start: layerIndex, end: layerIndex })
  .refine((range) => range.start <= range.end, 'start must not be after end')
export type RestorationRange = z.infer<typeof RestorationRange>

/**
 * How far a strength may go. From 0 (post) to 1 (base) it blends the two; below and above it extrapolates, at most by as much as
 * they differ.
 */
export const STRENGTH_BOUNDS = { least: -1, most: 2 } as const

const strength = z.number().min(STRENGTH_BOUNDS.least).max(STRENGTH_BOUNDS.most)

/**
 * What each half of a decoder layer is made of; a half's norms are those before and after it, and those of queries and keys. Where a
 * layer has experts, its MLP half is the router that chooses among them, and gate, up and down of all of them.
 */
export const COMPONENTS = {
  attention: ['norms', 'q', 'k', 'v', 'o'],
  mlp: ['norms', 'router', 'gate', 'up', 'down']
} as const
export type LayerHalf = keyof typeof COMPONENTS
export type Component = (typeof COMPONENTS)[LayerHalf][number]

/** How much of base each component of a half takes. */
export type ComponentStrengths = Partial<Record<Component, number>>

/** One number where all components agree: what makes the same weights is written alike. */
export function wholeHalf<Strengths extends ComponentStrengths>(strengths: Strengths): number | Strengths {
  const [first, ...others] = Object.values(strengths)
  return first !== undefined && others.every((other) => other === first) ? first : strengths
}

const component = strength.default(0)
const attention = z
  .strictObject({ norms: component, q: component, k: component, v: component, o: component })
  .transform(wholeHalf)
const mlp = z
  .strictObject({ norms: component, router: component, gate: component, up: component, down: component })
  .transform(wholeHalf)

/**
 * How much of its source each half of one decoder layer takes, or each component of a half (those that are not named take nothing): 0
 * is post, 1 is the source, between is a blend, beyond is extrapolated.
 */
export const LayerStrength = z.object({
  attention: z.union([strength, attention]),
  mlp: z.union([strength, mlp]),
  /** Whose layer post's is mixed with; base's where none is named. */
  source: OtherCheckpoint.optional()
})
export type LayerStrength = z.infer<typeof LayerStrength>

/** Blends of a soup: as many as the paper's baseline searched. */
export const DEFAULT_SOUP_SIZE = 21

/** How many blends a soup may have; 0 for no soup. One blend is no curve. */
export const SoupSize = z
  .number()
  .int()
  .min(0)
  .max(201)
  .refine((size) => size !== 1, 'a soup has at least two blends')

const rangePair = z
  .tuple([layerIndex, layerIndex])
  .refine(([start, end]) => start <= end, 'start must not be after end')

/** A named recipe as files hold it: whole ranges, or the strengths of every layer. */
export const Recipe = z.union([
  z.object({ name: z.string().min(1).max(200), ranges: z.array(rangePair).min(1).max(MAX_LAYERS) }).strict(),
  z
    .object({ name: z.string().min(1).max(200), layers: z.array(LayerStrength).min(1).max(MAX_LAYERS) })
    .strict()
])
export type Recipe = z.infer<typeof Recipe>

/** Ranges of base, or of the checkpoint that is named behind the last of them. */
export const SourcedRanges = z.object({ ranges: z.array(rangePair), source: z.string().nullable() })
export type SourcedRanges = z.infer<typeof SourcedRanges>

/**
 * Ranges as people type them, with whose layers they are: `3-7`, or `3-7@sft,9`, where layers 3 to 7 are those of the checkpoint
 * named sft. Null when the text is none.
 */
export function sourcedRangesFromText(text: string): SourcedRanges[] | null {
  // A comma parts two ranges where a layer comes behind it: names and folders may have others.
  const parts = text.split(/,(?=\s*\d+\s*(?:[-–]\s*\d+\s*)?(?:[@,]|$))/)
  const found: SourcedRanges[] = []
  for (const part of parts) {
    const [, typed = part, name] = /^([^@]*)@(.+)$/.exec(part) ?? []
    const ranges = rangesFromText(typed)
    if (ranges === null) return null
    const source = name?.trim() ?? null
    const last = found.at(-1)
    if (last?.source === source) last.ranges.push(...ranges)
    else found.push({ ranges, source })
  }
  return found
}

/** Ranges as people type them, such as `3-7` or `3-7,9`, in their order. Null when the text is none, or names a layer twice. */
export function rangesFromText(text: string): [number, number][] | null {
  const ranges: [number, number][] = []
  for (const part of text.split(',')) {
    const [, start, end = start] = /^\s*(\d+)\s*(?:[-–]\s*(\d+)\s*)?$/.exec(part) ?? []
    const range = RestorationRange.safeParse({ start: Number(start), end: Number(end) })
    if (start === undefined || !range.success) return null
    ranges.push([range.data.start, range.data.end])
  }
  return layerNamedTwice(ranges) === null ? joined(ranges) : null
}

/** The first layer that several ranges have; null where no ranges overlap. */
export function layerNamedTwice(ranges: readonly [number, number][]): number | null {
  const sorted = ranges.toSorted(([a], [b]) => a - b)
  const overlapping = sorted.find(
    ([start], place) => start <= Math.max(-1, ...sorted.slice(0, place).map(([, end]) => end))
  )
  return overlapping?.[0] ?? null
}

/** The same layers in the fewest ranges: those that touch are one. */
function joined(ranges: readonly [number, number][]): [number, number][] {
  const apart: [number, number][] = []
  for (const [start, end] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = apart.at(-1)
    if (last !== undefined && start === last[1] + 1) last[1] = end
    else apart.push([start, end])
  }
  return apart
}

/** Ranges as they are typed: `3-7,9`. */
export const rangesText = (ranges: readonly [number, number][]): string =>
  ranges.map(([start, end]) => (start === end ? String(start) : `${start}-${end}`)).join(',')
