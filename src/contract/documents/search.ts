import { z } from 'zod'
import { CategoryScore, Interval, RecipeScore, SweepDocument } from './crc'
import { WorkCounts } from './sweep-work'
import { PairReferences } from '../model/checkpoint'
import { DeviceName, Precision } from '../model/device'
import { type Blend, isUniform, Recipe, RestorationRange, STRENGTH_BOUNDS } from '../model/recipe'
import { PairFingerprints } from './pair'
import { RunComputation } from './run-computation'
import { BY_CHARACTERS, ScoredByBrief } from './scored-by'
import { SweepProgress } from './sweep-events'
import { sweepJobEvent } from './job-ending'

/** Maximum number of layers for trying every subset: 16,384 subsets at 14 layers. */
export const EXHAUSTIVE_LAYERS = 14

export const TriedStrength = z
  .number()
  .min(STRENGTH_BOUNDS.least)
  .max(STRENGTH_BOUNDS.most)
  .refine((strength) => strength !== 0 && strength !== 1, '0 and 1 are tried anyway')

const limited = {
  /** Budget of block evaluations for one prompt group. A generation that would exceed the budget does not start. */
  blockEvaluations: z.number().int().min(1),
  /** Seed of the bootstrap and of random orders. */
  seed: z.number().int()
}
const growing = {
  ...limited,
  /** Maximum number of generations. A search that finds no improvement ends earlier. */
  generations: z.number().int().min(1).max(100),
  strengths: z.array(TriedStrength).max(9)
}

/** Starting point of the strengths' optimisation: the best range, or the best uniform blend of all layers. */
export const StrengthStart = z.enum(['range', 'blend'])
export type StrengthStart = z.infer<typeof StrengthStart>

/** Method and limits of a search: best recipes step by step, sets of complete layers, or strengths of all layers. */
export const SearchSettings = z.discriminatedUnion('method', [
  z.object({ method: z.literal('greedy'), ...growing }),
  z.object({
    method: z.literal('beam'),
    /** Number of recipes kept from one generation to the next. */
    beam: z.number().int().min(2).max(32),
    ...growing
  }),
  z.object({
    method: z.literal('subsets'),
    /** Number of random orders of restoring the layers, each with its reverse. 0 means all subsets. */
    orderPairs: z.number().int().min(0).max(100),
    ...limited
  }),
  z.object({
    method: z.literal('strengths'),
    /** True if attention and MLP of a layer have separate strengths. */
    halves: z.boolean(),
    starts: z.array(StrengthStart).min(1).max(2),
    /** Minimum and maximum of strengths. 0 is post and 1 is base. Values outside extrapolate the weights. */
    least: z.number().min(STRENGTH_BOUNDS.least).max(0).default(0),
    most: z.number().min(1).max(STRENGTH_BOUNDS.most).default(1),
    ...limited
  })
])
export type SearchSettings = z.infer<typeof SearchSettings>
export type SearchMethodName = SearchSettings['method']

/** Returns the block evaluations of post and all ranges for one prompt group. Base is added by {@link sweepCost}. */
export const rangesCost = (layerCount: number): number =>
  layerCount + (layerCount * (layerCount + 1)) / 2 + ((layerCount - 1) * layerCount * (layerCount + 1)) / 6

/** Returns the block evaluations of a sweep. @param blends strictly between post and base, and ramps */
export const sweepCost = (layerCount: number, blends: readonly Blend[]): number =>
  rangesCost(layerCount) + (1 + blends.length) * layerCount - blends.filter((blend) => !isUniform(blend)).length

const DEFAULT_BEAM = 4

/** Returns the default settings of a search, whose work is at most ten times that of the sweep it starts from. */
export function defaultSearchSettings(
  method: SearchMethodName,
  layerCount: number,
  beam = DEFAULT_BEAM
): SearchSettings {
  const limits = { blockEvaluations: 10 * rangesCost(layerCount), seed: 1 }
  const grown = { ...limits, generations: 12, strengths: [0.5] }
  switch (method) {
    case 'greedy':
      return { method, ...grown }
    case 'beam':
      return { method, beam, ...grown, blockEvaluations: beam * limits.blockEvaluations }
    case 'subsets':
      return layerCount <= EXHAUSTIVE_LAYERS
        ? { method, orderPairs: 0, ...limits, blockEvaluations: 2 ** (layerCount + 1) + 8 * layerCount }
        : { method, orderPairs: 20, ...limits }
    case 'strengths':
      return { method, halves: false, starts: ['range'], least: 0, most: 1, ...limits }
  }
}

const perLayer = z.array(z.number())
const PerMeasure = z.object({ diversity: perLayer, validity: perLayer })

/** Further measures with layer shares if a task scores the sweep. */
export const TASK_SHARES = ['distinctRight', 'effectiveChoices'] as const

const TaskShares = z.object({
  measure: z.enum(TASK_SHARES),
  /** Value of post (`none`), and of post with every layer of base (`all`). */
  none: z.number(),
  all: z.number(),
  values: perLayer,
  intervals: z.array(Interval).nullable()
})
export type TaskShares = z.infer<typeof TaskShares>

/** Contribution of each layer to diversity and validity (Shapley values). */
export const LayerShares = z.object({
  /** The restored models: all subsets of layers, or random orders of restoring them. */
  basis: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('subsets'), models: z.number().int() }),
    z.object({ kind: z.literal('orders'), orders: z.number().int(), confidence: z.number() })
  ]),
  /** Score of post (`none`), and of post with every layer of base (`all`). */
  none: CategoryScore,
  all: CategoryScore,
  /** Each layer's share. The shares sum to `all` minus `none`. */
  diversity: perLayer,
  validity: perLayer,
  /** Intervals over random orders. Null if the shares are exact. */
  intervals: z.object({ diversity: z.array(Interval), validity: z.array(Interval) }).nullable(),
  alone: PerMeasure,
  /** Change from restoring this layer after all others. */
  leftOut: PerMeasure,
  /** Empty on the character task. */
  further: z.array(TaskShares).default([]),
  /** Extra diversity of each pair of layers together. Null unless all subsets are known. */
  interactions: z.array(perLayer).nullable()
})
export type LayerShares = z.infer<typeof LayerShares>

/** Mean difference of two models on the same prompts, with its interval over resampled prompts. */
export const PairedDifference = z.object({
  difference: z.number(),
  interval: Interval,
  confidence: z.number(),
  resamples: z.number().int()
})
export type PairedDifference = z.infer<typeof PairedDifference>

/** Comparison on unseen prompts, with the range that the half selects on which the search ran. */
export const HeldOut = PairedDifference.extend({
  found: CategoryScore,
  range: CategoryScore,
  post: CategoryScore,
  /** Recipes found on the selecting halves. */
  recipes: z.array(Recipe).min(1).max(2),
  split: z.object({ selectionPromptCount: z.number().int(), holdOutPromptCount: z.number().int() }).optional()
})
export type HeldOut = z.infer<typeof HeldOut>

/**
 * `none`: no recipe is more diverse than the best range. `unproven`: only on the prompts that selected it.
 * `confirmed`: also on unseen prompts, with the complete interval above 0 and the validity kept.
 */
export const SearchVerdict = z.enum(['none', 'unproven', 'confirmed'])
export type SearchVerdict = z.infer<typeof SearchVerdict>

const SearchGeneration = z.object({
  candidates: z.number().int(),
  blockEvaluations: z.number().int(),
  best: CategoryScore.extend({ recipe: Recipe })
})
type SearchGeneration = z.infer<typeof SearchGeneration>

/** In versions 1 and 2, a search had the id of its sweep. Version 4 renamed fields. */
export const SEARCH_VERSION = 4

/** The held-out comparison, or the reason why there is none. */
export const HeldOutOrWhy = z.union([
  z.object({ heldOut: HeldOut, heldOutReason: z.null() }),
  z.object({ heldOut: z.null(), heldOutReason: z.string() })
])
export type HeldOutOrWhy = z.infer<typeof HeldOutOrWhy>

/** A search for recipes beyond the ranges of a sweep. */
export const SearchFacts = z.object({
  schemaVersion: z.literal(SEARCH_VERSION),
  id: SweepDocument.shape.id,
  createdAt: z.iso.datetime(),
  programVersion: SweepDocument.shape.programVersion,
  seconds: z.number(),
  sweepId: SweepDocument.shape.id,
  device: DeviceName,
  precision: Precision,
  layerCount: z.number().int(),
  scoredBy: ScoredByBrief.default(BY_CHARACTERS),
  ...PairReferences.shape,
  source: SweepDocument.shape.source,
  rho: z.number(),
  minimumValidity: z.number(),
  settings: SearchSettings,
  post: CategoryScore,
  /** The best contiguous range. Null if none qualifies, in which case post replaces it. */
  range: CategoryScore.extend({ range: RestorationRange.nullable() }),
  generations: z.array(SearchGeneration),
  stopped: z.enum(['nothing-better', 'generations', 'budget']),
  /** Recipes of the last generation, best first. Empty if none qualifies. The best range may be among them. */
  found: z.array(RecipeScore),
  verdict: SearchVerdict,
  /** Compares the best recipe with the best range on the prompts that selected both; null for the same model. */
  comparison: PairedDifference.nullable(),
  /** Present if the search tried enough subsets of layers, otherwise null. */
  shapley: LayerShares.nullable(),
  work: WorkCounts
})
export type SearchFacts = z.infer<typeof SearchFacts>

export const SearchDocument = SearchFacts.and(HeldOutOrWhy)
export type SearchDocument = z.infer<typeof SearchDocument>

export const SearchSummary = SearchFacts.pick({
  id: true,
  createdAt: true,
  seconds: true,
  sweepId: true,
  verdict: true
}).extend({
  checkpoints: PairFingerprints,
  method: z.enum(['greedy', 'beam', 'subsets', 'strengths']),
  best: CategoryScore.extend({ name: z.string() }).nullable(),
  computed: RunComputation
})
export type SearchSummary = z.infer<typeof SearchSummary>

/** Settings of a search that was stopped before its end. A search with the same settings resumes its results. */
export const UnfinishedSearch = SearchFacts.pick({ sweepId: true, rho: true, settings: true })
export type UnfinishedSearch = z.infer<typeof UnfinishedSearch>

export const SearchProgress = z.object({
  /** Generation being scored, from 1. Found recipes are scored once more at the end. */
  generation: z.number().int(),
  candidates: z.number().int(),
  blockEvaluationsDone: z.number().int(),
  best: CategoryScore.extend({ recipe: Recipe }).nullable(),
  sweep: SweepProgress
})
export type SearchProgress = z.infer<typeof SearchProgress>

export const SearchEvent = sweepJobEvent(SearchProgress)
export type SearchEvent = z.infer<typeof SearchEvent>
