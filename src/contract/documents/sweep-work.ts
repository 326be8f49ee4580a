import { z } from 'zod'

/** Counts of the work of a sweep, without reused prompts. They are equal on every machine. */
export const WorkCounts = z.object({
  /** Number of computed block evaluations: models with equal lower layers share them. Summed over prompt groups. */
  blockEvaluations: z.number().int(),
  /** Number of distinct prompt prefixes. `promptTokens` is the number of tokens of all prompts. */
  packedTokens: z.number().int(),
  promptTokens: z.number().int(),
  weightBytesRead: z.number().int()
})
export type WorkCounts = z.infer<typeof WorkCounts>

export function totalWork(works: readonly WorkCounts[]): WorkCounts {
  const total = (count: keyof WorkCounts): number => works.reduce((sum, work) => sum + work[count], 0)
  return {
    blockEvaluations: total('blockEvaluations'),
    packedTokens: total('packedTokens'),
    promptTokens: total('promptTokens'),
    weightBytesRead: total('weightBytesRead')
  }
}

/** Memory of a sweep: its limit, its planned peak, and the number of groups of prompts that it needed. */
export const SweepMemory = z.object({
  budgetBytes: z.number(),
  plannedPeakBytes: z.number(),
  groupCount: z.number().int()
})
export type SweepMemory = z.infer<typeof SweepMemory>
