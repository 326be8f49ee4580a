import { z } from 'zod'

/**
 * Tasks of a judge. `marks` gives each answer a score. `pairs` decides which of two variants' answers are better.
 * `forms` finds the answer that each text means, in its canonical form.
 */
export const JudgeWay = z.enum(['marks', 'pairs', 'forms'])
export type JudgeWay = z.infer<typeof JudgeWay>
