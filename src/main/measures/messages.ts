import { z } from 'zod'
import { SweepDocument } from '../../contract/documents/crc'
import { EvaluationResults, EvaluationRun, PromptScores } from '../../contract/documents/evaluation'
import { Problem } from '../../contract/model/problem'
import { RestorationRange } from '../../contract/model/recipe'
import { SampleLine, SampleRun, SampleRunMeasures, ShownSample } from '../../contract/documents/samples'

/** Index of the variant that a judge prefers; null for an unreadable verdict. */
const Winner = z.union([z.number(), z.literal('tie')]).nullable()

/** Request to the process that measures answers: the measures of a sample run, or the results of an evaluation. */
export const MeasuringRequest = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('run'),
    run: SampleRun.pick({ prompts: true, variants: true }),
    samples: z.array(ShownSample)
  }),
  z.object({
    kind: z.literal('evaluation'),
    stored: z.object({
      run: EvaluationRun,
      samples: z.array(SampleLine),
      scores: z.array(PromptScores),
      judgeScores: z.array(z.object({ variant: z.string(), prompt: z.number(), index: z.number(), score: z.number() })),
      forms: z.array(
        z.object({ variant: z.string(), prompt: z.number(), forms: z.array(z.string().nullable()).readonly() })
      ),
      pairs: z.array(
        z.object({
          prompt: z.number(),
          variants: z.tuple([z.number(), z.number()]).readonly(),
          orders: z.tuple([Winner, Winner]).readonly().nullable()
        })
      )
    }),
    proxies: z.object({
      characters: SweepDocument.nullable(),
      task: SweepDocument.nullable(),
      picked: z.object({ range: RestorationRange, rho: z.number() }).optional()
    }),
    against: z.string().optional()
  })
])
export type MeasuringRequest = z.infer<typeof MeasuringRequest>

/** Reply to a request. An error of the user's input is `failed`. */
export const MeasuringReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), result: SampleRunMeasures }),
  z.object({ kind: z.literal('evaluation'), result: EvaluationResults }),
  z.object({ kind: z.literal('failed'), problem: Problem })
])
export type MeasuringReply = z.infer<typeof MeasuringReply>
