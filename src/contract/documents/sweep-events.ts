import { z } from 'zod'
import { CategoryScore } from './crc'
import { RestoredTo } from '../model/checkpoint'
import { ScoredByBrief } from './scored-by'
import { SweptModel } from './swept-model'
import { UNFINISHED } from './job-ending'

/** Score of one model so far, without values for each prompt. */
export const LiveScore = CategoryScore.extend({
  effectiveChoices: z.number(),
  distinctRight: z.number().optional(),
  /** Number of scored prompts. It is below the total until the last prompt group is done. */
  promptCount: z.number().int()
})
export type LiveScore = z.infer<typeof LiveScore>

export const LiveEntry = z.object({ model: SweptModel, score: LiveScore })
export type LiveEntry = z.infer<typeof LiveEntry>

/** Rows of hidden states pushed through blocks, and the rows that the sweep needs. */
export const SweepProgress = z.object({
  phase: z.enum(['preparing', 'sweeping', 'selecting', 'halving', 'verifying', 'saving']),
  rowsDone: z.number(),
  rowsTotal: z.number(),
  rowsPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Decoder layer being computed, 0-based, of layerCount. Null outside of sweeping. */
  layer: z.number().int().nullable(),
  layerCount: z.number().int(),
  /** Number of prompts whose results come from an interrupted or earlier sweep. */
  reusedPromptCount: z.number().int()
})
export type SweepProgress = z.infer<typeof SweepProgress>

/** Events of a running sweep. The first is a snapshot with all scores so far. */
export const SweepEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('snapshot'),
    sweepId: z.string(),
    scoredBy: ScoredByBrief,
    layerCount: z.number().int(),
    source: RestoredTo,
    promptCount: z.number().int(),
    /** True if the sweep scores most ranges on some prompts only, which may end. */
    isPreview: z.boolean(),
    progress: SweepProgress,
    entries: z.array(LiveEntry),
    notices: z.array(z.string())
  }),
  z.object({ type: z.literal('progress'), progress: SweepProgress }),
  z.object({ type: z.literal('scores'), entries: z.array(LiveEntry) }),
  z.object({
    type: z.literal('notice'),
    message: z.string(),
    /** True if the notice reports that a preview scores every range on all prompts. */
    endsPreview: z.boolean().optional()
  }),
  z.object({ type: z.literal('finished'), sweepId: z.string() }),
  ...UNFINISHED
])
export type SweepEvent = z.infer<typeof SweepEvent>
