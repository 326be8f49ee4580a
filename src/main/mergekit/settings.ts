import { z } from 'zod'

/** A number, or its text, which mergekit reads as one. */
export const Quantity = z.union([
  z.number(),
  z
    .string()
    .regex(/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/, 'expected a number')
    .transform(Number)
])

const Conditional = z.strictObject({
  value: z.union([Quantity, z.array(Quantity).min(1)]),
  filter: z.string().optional()
})

/**
 * A parameter of a mergekit file: a number; a gradient over the layers of a slice; or either by a filter on tensor
 * names. See mergekit's documentation on parameter specification.
 */
export const Setting = z.union([
  Quantity,
  z.boolean(),
  z.array(Quantity).min(1),
  Conditional,
  z.array(Conditional).min(1)
])
export type Setting = z.infer<typeof Setting>

/** Parameters by name. */
export const Settings = z.record(z.string(), Setting)
export type Settings = z.infer<typeof Settings>

/**
 * The value a setting gives a tensor, as mergekit evaluates it: the first filter that is a part of the tensor's name
 * counts, and a gradient of n values is interpolated at `t`.
 *
 * @param t 0 at the first layer of a slice, 1 at its last
 * @returns null when no filter fits
 */
export function settingValue(setting: Setting, tensor: string, t: number): number | boolean | null {
  if (typeof setting === 'number' || typeof setting === 'boolean') return setting
  if (!Array.isArray(setting)) return settingValue([setting], tensor, t)
  const conditions: z.infer<typeof Conditional>[] = []
  const gradient: number[] = []
  for (const entry of setting) {
    if (typeof entry === 'number') gradient.push(entry)
    else conditions.push(entry)
  }
  if (conditions.length === 0) return interpolated(gradient, t)
  const fitting = conditions.find(
    ({ filter }) => filter === undefined || filter === '*' || tensor.includes(filter)
  )
  return fitting === undefined ? null : settingValue(fitting.value, tensor, t)
}

function interpolated(values: readonly number[], t: number): number {
  const place = t * (values.length - 1)
  const before = Math.floor(place)
  const after = Math.min(values.length - 1, before + 1)
  const share = place - before
  return (1 - share) * (values[before] ?? 0) + share * (values[after] ?? 0)
}
