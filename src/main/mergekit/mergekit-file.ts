import { z } from 'zod'

/** A number, or a text of a number: YAML reads `1e-3` as a text. */
export const Quantity = z.union([
  z.number(),
  z
    .string()
    .regex(/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/, 'expected a number')
    .transform(Number)
])

/** Parameters by name. Each is validated where it is used, so that an error can name the slice of the parameter. */
const Settings = z.record(z.string(), z.unknown())

/** Merge methods that a recipe can express: copied layers, and weighted sums. */
export const METHODS = ['passthrough', 'linear'] as const
/** An end of a layer range, counted from 0. */
const boundary = Quantity.pipe(z.number().int().min(0).max(100_000))
/** A model by name, or as mergekit's objects with an optional revision: `{path: …}`, `{model: {path: …}}`. */
const name = z.string().min(1).max(4096)
const ModelPath = z.union([
  name,
  z
    .strictObject({ path: name, revision: name.nullish() })
    .transform(({ path, revision }) => (revision === undefined || revision === null ? path : `${path}@${revision}`))
])
const ModelReference = z.union([
  ModelPath,
  z.strictObject({ model: ModelPath, lora: z.null().optional() }).transform(({ model }) => model)
])
/** Layers of one model. The second number of layer_range is the first layer after them. */
const Source = z.strictObject({
  model: ModelReference,
  layer_range: z.tuple([boundary, boundary]),
  parameters: Settings.nullish()
})
/** Layers that follow the slices before it, merged from the layers of its sources. */
const Slice = z.strictObject({ sources: z.array(Source).min(1).max(100), parameters: Settings.nullish() })
/** A configuration file of mergekit. It has either slices or whole models. */
export const MergekitFile = z.strictObject({
  name: z.string().nullish(),
  merge_method: z.enum(METHODS),
  base_model: ModelReference.nullish(),
  dtype: z.string().nullish(),
  out_dtype: z.string().nullish(),
  tokenizer_source: z.string().nullish(),
  parameters: Settings.nullish(),
  slices: z.array(Slice).min(1).max(10_000).nullish(),
  models: z
    .array(Source.omit({ layer_range: true }))
    .min(1)
    .max(100)
    .nullish()
})
export type MergekitFile = z.infer<typeof MergekitFile>
export type Slice = z.infer<typeof Slice>
export type Source = z.infer<typeof Source>
