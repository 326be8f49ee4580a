import { z } from 'zod'
import { SweepDocument } from '../../contract/documents/crc'
import { EvaluationResults, EvaluationRun, PromptScores } from '../../contract/documents/evaluation'
import { Problem } from '../../contract/model/problem'
import { RestorationRange } from '../../contract/model/recipe'
import { SampleLine, SampleRun, SampleRunMeasures, ShownSample } from '../../contract/documents/samples'

const Winner = z.union([z.number(), z.literal('tie')]).nullable()

/** Messages between main and the process that measures answers. Encoding them as JSON would take ten times as long. */
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
        z.object({
          variant: z.string(),
          prompt: z.number(),
          forms: z.array(z.string().nullable()).readonly()
        })
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

export const MeasuringReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), result: SampleRunMeasures }),
  z.object({ kind: z.literal('evaluation'), result: EvaluationResults }),
  z.object({ kind: z.literal('failed'), problem: Problem })
])
export type MeasuringReply = z.infer<typeof MeasuringReply>
