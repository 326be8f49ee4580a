import { z } from 'zod'
import { CategoryScore, Interval, RecipeScore, SweepDocument } from './crc'
import { Work } from './sweep-work'
import { PairReferences } from '../model/checkpoint'
import { DeviceName, Precision } from '../model/device'
import { Recipe, RestorationRange, STRENGTH_BOUNDS } from '../model/recipe'
import { PairFingerprints } from './pair'
import { RunComputation } from './run-computation'
import { BY_CHARACTERS, ScoredByBrief } from './scored-by'
import { SweepProgress } from './sweep-events'
import { ofSweepEvent } from './job-ending'

/** The deepest model of which every subset of layers is tried: 16,384. */
export const EXHAUSTIVE_LAYERS = 14

/** A strength that a layer may be tried with besides post's and base's own. */
export const TriedStrength = z
  .number()
  .min(STRENGTH_BOUNDS.least)
  .max(STRENGTH_BOUNDS.most)
  .refine((strength) => strength !== 0 && strength !== 1, '0 and 1 are tried anyway')

const limited = {
  /** No generation begins that would bring the block evaluations, for one prompt group, above this. */
  blockEvaluations: z.number().int().min(1),
  /** Of the bootstrap, and of random orders. */
  seed: z.number().int()
}
const growing = {
  ...limited,
  /** Most generations; a search that finds nothing better ends earlier. */
  generations: z.number().int().min(1).max(100),
  /** Strengths that a layer may take besides 0 and 1. */
  strengths: z.array(TriedStrength).max(9)
}

/** Where strengths are optimised from: the best range, or the best blend of all layers alike. */
export const StrengthStart = z.enum(['range', 'blend'])
export type StrengthStart = z.infer<typeof StrengthStart>

/**
 * How a search goes beyond the ranges of a sweep: it grows the best recipes a place at a time (greedy: the best one), tries
 * subsets of whole layers, or optimises the strength of every layer.
 */
export const SearchSettings = z.discriminatedUnion('method', [
  z.object({ method: z.literal('greedy'), ...growing }),
  z.object({
    method: z.literal('beam'),
    /** Recipes kept from one generation to the next. */
    beam: z.number().int().min(2).max(32),
    ...growing
  }),
  z.object({
    method: z.literal('subsets'),
    /** Random orders of restoring the layers, each with its reverse; 0 for all subsets. */
    orderPairs: z.number().int().min(0).max(100),
    ...limited
  }),
  z.object({
    method: z.literal('strengths'),
    /** Whether attention and MLP of a layer have strengths of their own. */
    halves: z.boolean(),
    starts: z.array(StrengthStart).min(1).max(2),
    /** Bounds on strengths: from post to base, or beyond them, where weights are extrapolated. */
    least: z.number().min(STRENGTH_BOUNDS.least).max(0).default(0),
    most: z.number().min(1).max(STRENGTH_BOUNDS.most).default(1),
    ...limited
  })
])
export type SearchSettings = z.infer<typeof SearchSettings>
export type SearchMethodName = SearchSettings['method']

/** Block evaluations of post and all ranges, for one prompt group. Base comes on top, see {@link sweepCost}. */
export const rangesCost = (layerCount: number): number =>
  layerCount + (layerCount * (layerCount + 1)) / 2 + ((layerCount - 1) * layerCount * (layerCount + 1)) / 6

/**
 * Those of a whole sweep of post, base, its ranges and blends of all layers, as its plan counts them, but for kept recipes.
 *
 * @param blends strictly between post and base
 */
export const sweepCost = (layerCount: number, blends: number): number =>
  rangesCost(layerCount) + (1 + blends) * layerCount

/** Recipes that go on in a beam search unless so many are asked for. */
const DEFAULT_BEAM = 4

/**
 * What a search does unless it is told otherwise. Its work is at most ten times that of the sweep it starts from, or for each
 * recipe of a beam; trying all subsets takes what it takes.
 */
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

/** A number for each layer. */
const perLayer = z.array(z.number())
const PerMeasure = z.object({ diversity: perLayer, validity: perLayer })

/** What is shared out besides, where a sweep is scored by a task: how many different right answers are expected, and effective answers. */
export const TASK_SHARES = ['distinctRight', 'effectiveChoices'] as const

const TaskShares = z.object({
  measure: z.enum(TASK_SHARES),
  /** Of post, and of post with every layer of base. */
  none: z.number(),
  all: z.number(),
  values: perLayer,
  intervals: z.array(Interval).nullable()
})
export type TaskShares = z.infer<typeof TaskShares>

/** What each layer contributes to what restoring all of them changes: Shapley values. */
export const LayerShares = z.object({
  /** All subsets of layers, or random orders of restoring them. */
  basis: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('subsets'), models: z.number().int() }),
    z.object({ kind: z.literal('orders'), orders: z.number().int(), confidence: z.number() })
  ]),
  /** Post, and post with every layer of base. */
  none: CategoryScore,
  all: CategoryScore,
  /** Each layer's share; they sum to `all` minus `none`. */
  diversity: perLayer,
  validity: perLayer,
  /** Over random orders; null where the shares are exact. */
  intervals: z.object({ diversity: z.array(Interval), validity: z.array(Interval) }).nullable(),
  /** What a layer changes that is restored alone. */
  alone: PerMeasure,
  /** What it changes where all others are restored. */
  leftOut: PerMeasure,
  /** Empty on the character task. */
  further: z.array(TaskShares).default([]),
  /** Of diversity, how much more each two layers add together than on their own; null where not all subsets are known. */
  interactions: z.array(perLayer).nullable()
})
export type LayerShares = z.infer<typeof LayerShares>

/** Diversity of the found recipe minus that of the best range on the same prompts, with its bootstrap interval. */
export const PairedDifference = z.object({
  difference: z.number(),
  interval: Interval,
  confidence: z.number(),
  resamples: z.number().int()
})
export type PairedDifference = z.infer<typeof PairedDifference>

/**
 * The search done twice more, each time on one half of every category's prompts, and its outcome compared with the range
 * that the same half selects, on the other half; of a sweep whose questions are split, what one half found on the other. Free of the advantage of having tried many recipes on the prompts that count.
 */
export const HeldOut = PairedDifference.extend({
  found: CategoryScore,
  range: CategoryScore,
  post: CategoryScore,
  /** What the halves that picked found. */
  recipes: z.array(Recipe).min(1).max(2),
  /** Where the sweep's questions are split: so many picked, and so many others compared. */
  split: z.object({ chosenOn: z.number().int(), reportedOn: z.number().int() }).optional()
})
export type HeldOut = z.infer<typeof HeldOut>

/**
 * `none`: no recipe tried is more diverse than the best range. `unproven`: one is on the prompts that picked it, but not
 * surely on unseen ones. `confirmed`: the searched recipes are also more diverse on unseen prompts, their whole interval
 * above 0, and keep the validity there.
 */
export const SearchVerdict = z.enum(['none', 'unproven', 'confirmed'])
export type SearchVerdict = z.infer<typeof SearchVerdict>

const SearchGeneration = z.object({
  candidates: z.number().int(),
  blockEvaluations: z.number().int(),
  /** The best recipe after it. */
  best: CategoryScore.extend({ recipe: Recipe })
})
type SearchGeneration = z.infer<typeof SearchGeneration>

/** In versions 1 and 2 a search had no id but its sweep's. */
export const SEARCH_VERSION = 3

/** The held-out comparison, or why there is none. */
export const HeldOutOrWhy = z.union([
  z.object({ heldOut: HeldOut, heldOutReason: z.null() }),
  z.object({ heldOut: z.null(), heldOutReason: z.string() })
])
export type HeldOutOrWhy = z.infer<typeof HeldOutOrWhy>

/** What a search says but how its finds do on unseen prompts. */
export const SearchFacts = z.object({
  schemaVersion: z.literal(SEARCH_VERSION),
  id: SweepDocument.shape.id,
  createdAt: z.iso.datetime(),
  programVersion: SweepDocument.shape.programVersion,
  seconds: z.number(),
  /** The sweep whose ranges, prompts and rendering it started from. */
  sweepId: SweepDocument.shape.id,
  device: DeviceName,
  precision: Precision,
  layerCount: z.number().int(),
  scoredBy: ScoredByBrief.default(BY_CHARACTERS),
  ...PairReferences.shape,
  /** What its sweep restores layers to; null: base. */
  source: SweepDocument.shape.source,
  rho: z.number(),
  /** rho x Q(post). */
  minimumValidity: z.number(),
  settings: SearchSettings,
  post: CategoryScore,
  /** The best contiguous range; null when none qualifies, and post takes its place. */
  range: CategoryScore.extend({ range: RestorationRange.nullable() }),
  generations: z.array(SearchGeneration),
  stopped: z.enum(['nothing-better', 'generations', 'budget']),
  /** The last beam, best first; empty when nothing qualifies. The best range itself may be among them. */
  found: z.array(RecipeScore),
  verdict: SearchVerdict,
  /** Of the best recipe and the best range, on the prompts that picked both; null when they are one and the same. */
  comparison: PairedDifference.nullable(),
  /** Where the search tried subsets of layers, and enough of them; null otherwise. */
  shapley: LayerShares.nullable(),
  work: Work
})
export type SearchFacts = z.infer<typeof SearchFacts>

export const SearchDocument = SearchFacts.and(HeldOutOrWhy)
export type SearchDocument = z.infer<typeof SearchDocument>

/** What lists show of a search. */
export const SearchSummary = SearchFacts.pick({
  id: true,
  createdAt: true,
  seconds: true,
  sweepId: true,
  verdict: true
}).extend({
  checkpoints: PairFingerprints,
  method: z.enum(['greedy', 'beam', 'subsets', 'strengths']),
  /** The best recipe; null when nothing qualifies. */
  best: CategoryScore.extend({ name: z.string() }).nullable(),
  computed: RunComputation
})
export type SearchSummary = z.infer<typeof SearchSummary>

/** A search that was stopped before its end, as it was asked for: the same one goes on from what that has computed. */
export const UnfinishedSearch = SearchFacts.pick({ sweepId: true, rho: true, settings: true })
export type UnfinishedSearch = z.infer<typeof UnfinishedSearch>

export const SearchProgress = z.object({
  /** The generation being scored, counted from 1; found recipes are scored once more at the end. */
  generation: z.number().int(),
  candidates: z.number().int(),
  blockEvaluationsDone: z.number().int(),
  best: CategoryScore.extend({ recipe: Recipe }).nullable(),
  /** Of the generation being scored. */
  sweep: SweepProgress
})
export type SearchProgress = z.infer<typeof SearchProgress>

/** What a watcher of a search sees. After `finished`, `failed` or `cancelled` the stream ends. */
export const SearchEvent = ofSweepEvent(SearchProgress)
export type SearchEvent = z.infer<typeof SearchEvent>
