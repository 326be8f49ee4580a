import { z } from 'zod'

/**
 * What a judge is asked: a mark for each answer, which of two variants' answers are better, or which answer each text means,
 * in its canonical form.
 */
export const JudgeWay = z.enum(['marks', 'pairs', 'forms'])
export type JudgeWay = z.infer<typeof JudgeWay>
