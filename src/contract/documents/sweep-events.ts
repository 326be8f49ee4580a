import { z } from 'zod'
import { CategoryScore } from './crc'
import { Work } from './sweep-work'
import { RestoredTo } from '../model/checkpoint'
import { ScoredByBrief } from './scored-by'
import { SweptModel } from './swept-model'
import { UNFINISHED } from './job-ending'

/** The score of one model so far, without its per-prompt detail. */
export const LiveScore = CategoryScore.extend({
  effectiveChoices: z.number(),
  /** Of a task: different right answers expected in the draws. */
  distinctRight: z.number().optional(),
  /** Over how many prompts; fewer than all until the last prompt group is done. */
  promptCount: z.number().int()
})
export type LiveScore = z.infer<typeof LiveScore>

export const LiveEntry = z.object({ model: SweptModel, score: LiveScore })
export type LiveEntry = z.infer<typeof LiveEntry>

/** Rows of hidden states pushed through blocks, of all rows the sweep needs. */
export const SweepProgress = z.object({
  phase: z.enum(['preparing', 'sweeping', 'saving']),
  rowsDone: z.number(),
  rowsTotal: z.number(),
  rowsPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Decoder layer being computed, 0-based, of layerCount; null while preparing or saving. */
  layer: z.number().int().nullable(),
  layerCount: z.number().int(),
  /** Prompts that need not be computed, because an interrupted or earlier sweep has their results. */
  reusedPromptCount: z.number().int()
})
export type SweepProgress = z.infer<typeof SweepProgress>

/**
 * What a watcher of a sweep sees. The first event is a snapshot (all scores so far), so a window that was reloaded
 * shows a running sweep as if it had been there from the start. After `finished`, `failed` or `cancelled` the stream ends.
 */
export const SweepEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('snapshot'),
    sweepId: z.string(),
    scoredBy: ScoredByBrief,
    layerCount: z.number().int(),
    source: RestoredTo,
    promptCount: z.number().int(),
    /** Whether it scores most ranges on some prompts only; false from when the prompts turn out to be too few. */
    isPreview: z.boolean(),
    progress: SweepProgress,
    entries: z.array(LiveEntry),
    notices: z.array(z.string())
  }),
  z.object({ type: z.literal('progress'), progress: SweepProgress }),
  z.object({ type: z.literal('scores'), entries: z.array(LiveEntry) }),
  /** Something the user should know, such as that the engine died and was started again. */
  z.object({
    type: z.literal('notice'),
    message: z.string(),
    /** Whether it says that a preview scores every range on all prompts. */
    endsPreview: z.boolean().optional()
  }),
  z.object({ type: z.literal('finished'), sweepId: z.string(), work: Work, seconds: z.number() }),
  ...UNFINISHED
])
export type SweepEvent = z.infer<typeof SweepEvent>
