import { z } from 'zod'
import { CategoryScore, Interval, RecipeScore, SweepDocument, Work } from './crc'
import { CheckpointReference } from '../model/checkpoint'
import { DeviceName, Precision } from '../model/device'
import { Problem } from '../model/problem'
import { Recipe, RestorationRange } from '../model/recipe'
import { BY_CHARACTERS, ScoredByBrief } from './scored-by'
import { SweepProgress } from './sweep-events'

/** How a search grows recipes from the best ranges of a sweep. */
export const SearchSettings = z.object({
  /** Recipes kept from one generation to the next; 1 is greedy. */
  beam: z.number().int().min(1).max(32),
  /** Most generations; a search that finds nothing better ends earlier. */
  generations: z.number().int().min(1).max(100),
  /** No generation begins that would bring the block evaluations, for one prompt group, above this. */
  blockEvaluations: z.number().int().min(1),
  /** Strengths between post and base that a layer may take besides 0 and 1. */
  strengths: z.array(z.number().gt(0).lt(1)).max(9),
  /** Of the bootstrap. */
  seed: z.number().int()
})
export type SearchSettings = z.infer<typeof SearchSettings>

/** Block evaluations of post and all ranges, for one prompt group. */
export const rangesCost = (layerCount: number): number =>
  layerCount + (layerCount * (layerCount + 1)) / 2 + ((layerCount - 1) * layerCount * (layerCount + 1)) / 6

/** A search that takes, for each recipe of its beam, at most ten times the work of the sweep it starts from. */
export const defaultSearchSettings = (layerCount: number, beam: number): SearchSettings => ({
  beam,
  generations: 12,
  blockEvaluations: 10 * beam * rangesCost(layerCount),
  strengths: [0.5],
  seed: 1
})

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
 * that the same half selects, on the other half: free of the advantage of having tried many recipes on the prompts that count.
 */
export const HeldOut = PairedDifference.extend({
  found: CategoryScore,
  range: CategoryScore,
  post: CategoryScore,
  /** What the two halves found. */
  recipes: z.tuple([Recipe, Recipe])
})
export type HeldOut = z.infer<typeof HeldOut>

/**
 * `none`: no recipe tried is more diverse than the best range. `unproven`: one is on the prompts that picked it, but not
 * surely on unseen ones. `confirmed`: the searched recipes are also more diverse on unseen prompts, their whole interval
 * above 0, and keep the validity there.
 */
export const SearchVerdict = z.enum(['none', 'unproven', 'confirmed'])
export type SearchVerdict = z.infer<typeof SearchVerdict>

export const SearchGeneration = z.object({
  candidates: z.number().int(),
  blockEvaluations: z.number().int(),
  /** The best recipe after it. */
  best: CategoryScore.extend({ recipe: Recipe })
})
export type SearchGeneration = z.infer<typeof SearchGeneration>

export const SEARCH_VERSION = 1

export const SearchDocument = z.object({
  schemaVersion: z.literal(SEARCH_VERSION),
  createdAt: z.iso.datetime(),
  seconds: z.number(),
  /** The sweep whose ranges, prompts and rendering it started from; a project keeps the latest search of each sweep. */
  sweepId: SweepDocument.shape.id,
  device: DeviceName,
  precision: Precision,
  layerCount: z.number().int(),
  scoredBy: ScoredByBrief.default(BY_CHARACTERS),
  basePath: CheckpointReference,
  postPath: CheckpointReference,
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
  heldOut: HeldOut.nullable(),
  /** Why there is no held-out comparison. */
  heldOutReason: z.string().nullable(),
  work: Work
})
export type SearchDocument = z.infer<typeof SearchDocument>

/** A search that was stopped before its end, as it was asked for: the same one goes on from what that has computed. */
export const UnfinishedSearch = SearchDocument.pick({ sweepId: true, rho: true, settings: true })
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
export const SearchEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), sweepId: z.string(), progress: SearchProgress }),
  z.object({ type: z.literal('finished'), sweepId: z.string() }),
  z.object({ type: z.literal('failed'), problem: Problem }),
  z.object({ type: z.literal('cancelled') })
])
export type SearchEvent = z.infer<typeof SearchEvent>
