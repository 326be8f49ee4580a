import { z } from 'zod'

/** Tasks of a judge: scoring answers, comparing answers of two variants, or finding the answer that a text means. */
export const JudgeWay = z.enum(['marks', 'pairs', 'forms'])
export type JudgeWay = z.infer<typeof JudgeWay>
