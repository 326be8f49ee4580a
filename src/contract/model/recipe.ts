import { z } from 'zod'
import { OtherCheckpoint } from './checkpoint'

/** Maximum number of layers, far above any published decoder (126 layers). */
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

/** Limits of a strength. Values outside 0 (post) to 1 (base) extrapolate. */
export const STRENGTH_BOUNDS = { least: -1, most: 2 } as const

const strength = z.number().min(STRENGTH_BOUNDS.least).max(STRENGTH_BOUNDS.most)

/** Components of each half of a layer. In a layer with experts, `gate`, `up` and `down` are of all its experts. */
export const COMPONENTS = {
  attention: ['norms', 'q', 'k', 'v', 'o'],
  mlp: ['norms', 'router', 'gate', 'up', 'down']
} as const
export type LayerHalf = keyof typeof COMPONENTS
export type Component = (typeof COMPONENTS)[LayerHalf][number]

export type ComponentStrengths = Partial<Record<Component, number>>

/** Returns one number if all components agree, otherwise the strengths. Equal weights therefore have one notation. */
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

/** Strength of the source in each half or component of a layer: 0 is post, 1 the source, others extrapolate. */
export const LayerStrength = z.object({
  attention: z.union([strength, attention]),
  mlp: z.union([strength, mlp]),
  /** Checkpoint whose layer is mixed with post's. Missing means base. */
  source: OtherCheckpoint.optional()
})
export type LayerStrength = z.infer<typeof LayerStrength>

/** Default number of uniform blends, as many as the paper's baseline searched. */
export const DEFAULT_UNIFORM_BLENDS = 21

/** A blend of all layers with one strength, linear to `last` for a depth ramp (LiNeS, arXiv 2410.17146). */
export const Blend = z.object({ strength: z.number().min(0).max(1), last: z.number().min(0).max(1).optional() })
export type Blend = z.infer<typeof Blend>

/** Depth ramps that a sweep scores beside its uniform blends: restoring fades out, or sets in, over the layers. */
export const DEPTH_RAMPS: readonly Required<Blend>[] = [0.25, 0.5, 0.75, 1].flatMap((strength) => [
  { strength, last: 0 },
  { strength: 0, last: strength }
])

export const isUniform = ({ last }: Blend): boolean => last === undefined

/** Number of uniform blends of a sweep: 0, or at least two, because one blend is not a curve. */
export const UniformBlendCount = z
  .number()
  .int()
  .min(0)
  .max(201)
  .refine((size) => size !== 1, 'a list of uniform blends has at least two blends')

const rangePair = z
  .tuple([layerIndex, layerIndex])
  .refine(([start, end]) => start <= end, 'start must not be after end')

/** A named recipe in its file format: complete ranges, or the strengths of every layer. */
export const Recipe = z.union([
  z.object({ name: z.string().min(1).max(200), ranges: z.array(rangePair).min(1).max(MAX_LAYERS) }).strict(),
  z.object({ name: z.string().min(1).max(200), layers: z.array(LayerStrength).min(1).max(MAX_LAYERS) }).strict()
])
export type Recipe = z.infer<typeof Recipe>

/** Ranges with their source, which is null for base. In typed text, the checkpoint's name follows the last range. */
export const SourcedRanges = z.object({ ranges: z.array(rangePair), source: z.string().nullable() })
export type SourcedRanges = z.infer<typeof SourcedRanges>

/** Parses typed ranges with optional sources, such as `3-7@sft,9`; null for any other text. */
export function sourcedRangesFromText(text: string): SourcedRanges[] | null {
  // A comma separates two ranges only if a layer follows it, because names and folders may contain other commas.
  const parts = text.split(/,(?=\s*\d+\s*(?:[-–]\s*\d+\s*)?(?:[@,]|$))/)
  const sourced: SourcedRanges[] = []
  for (const part of parts) {
    const [, typed = part, name] = /^([^@]*)@(.+)$/s.exec(part) ?? []
    const ranges = rangesFromText(typed)
    if (ranges === null) return null
    const source = name?.trim() ?? null
    const last = sourced.at(-1)
    if (last?.source === source) last.ranges.push(...ranges)
    else sourced.push({ ranges, source })
  }
  return layerNamedTwice(sourced.flatMap(({ ranges }) => ranges)) === null ? sourced : null
}

/** Parses typed ranges such as `3-7,9` in layer order; null for any other text, or a layer named twice. */
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

function layerNamedTwice(ranges: readonly [number, number][]): number | null {
  const sorted = ranges.toSorted(([a], [b]) => a - b)
  const overlapping = sorted.find(
    ([start], index) => start <= Math.max(-1, ...sorted.slice(0, index).map(([, end]) => end))
  )
  return overlapping?.[0] ?? null
}

/** Returns the same layers as the smallest number of ranges, by joining adjacent ones. */
function joined(ranges: readonly [number, number][]): [number, number][] {
  const merged: [number, number][] = []
  for (const [start, end] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1)
    if (last !== undefined && start === last[1] + 1) last[1] = end
    else merged.push([start, end])
  }
  return merged
}

export const rangesText = (ranges: readonly [number, number][]): string =>
  ranges.map(([start, end]) => (start === end ? String(start) : `${start}-${end}`)).join(',')
