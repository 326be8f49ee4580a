import { z } from 'zod'

/**
 * Counted work of a sweep. Counts are the same on every machine, so tests can assert them. They exclude reused
 * prompts, and unfinished work of an engine that died.
 */
export const WorkCounts = z.object({
  /** Recipe-trie edges advanced, summed over prompt groups. */
  blockEvaluations: z.number().int(),
  /** Number of distinct prompt prefixes. `promptTokens` is the number of tokens of all prompts. */
  packedTokens: z.number().int(),
  promptTokens: z.number().int(),
  /** Stored bytes of decoder layers read from both checkpoints. */
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

/** Memory limit and planned peak of a sweep's engine process, in bytes. */
export const SweepMemory = z.object({
  budgetBytes: z.number(),
  plannedPeakBytes: z.number(),
  /** Number of groups in which the prompts were computed. */
  groupCount: z.number().int()
})
export type SweepMemory = z.infer<typeof SweepMemory>
