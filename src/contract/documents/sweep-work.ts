import { z } from 'zod'

/**
 * Counted work of a sweep: the same on every machine, so tests can assert it. Of what this sweep computed itself: reused
 * prompts and what an engine that died had begun do not count.
 */
export const Work = z.object({
  /** Recipe-trie edges advanced, summed over prompt groups. */
  blockEvaluations: z.number().int(),
  /** Distinct prompt prefixes, and the tokens of all prompts. */
  packedTokens: z.number().int(),
  promptTokens: z.number().int(),
  /** Stored bytes of decoder layers read from both checkpoints. */
  weightBytesRead: z.number().int()
})
export type Work = z.infer<typeof Work>

export function totalWork(works: readonly Work[]): Work {
  const total = (count: keyof Work): number => works.reduce((sum, work) => sum + work[count], 0)
  return {
    blockEvaluations: total('blockEvaluations'),
    packedTokens: total('packedTokens'),
    promptTokens: total('promptTokens'),
    weightBytesRead: total('weightBytesRead')
  }
}

/** What the engine process of a sweep was allowed, and planned to take at its peak, in bytes. */
export const SweepMemory = z.object({
  budgetBytes: z.number(),
  plannedPeakBytes: z.number(),
  /** Prompts were computed in so many groups. */
  groupCount: z.number().int()
})
export type SweepMemory = z.infer<typeof SweepMemory>
