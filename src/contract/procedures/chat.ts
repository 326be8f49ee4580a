import { z } from 'zod'
import { SampleLine, SampleProgress, SampleSettings, Variant } from '../documents/samples'

const MAX_TURNS = 200

export const ChatTurn = z.object({ role: z.enum(['user', 'assistant']), content: z.string().min(1).max(100_000) })
export type ChatTurn = z.infer<typeof ChatTurn>

/** A model that answers, and its conversation with the user. The last turn is the user's. */
export const ChatColumn = z.object({ variant: Variant, turns: z.array(ChatTurn).min(1).max(MAX_TURNS) })
export type ChatColumn = z.infer<typeof ChatColumn>

export const ChatQuestion = z.object({ settings: SampleSettings, columns: z.array(ChatColumn).min(1).max(20) })
export type ChatQuestion = z.infer<typeof ChatQuestion>

/** A complete or partial answer of one column. `finish` is null while the answer is being generated. */
export const ChatAnswer = SampleLine.pick({ index: true, text: true }).extend({
  column: z.number().int().nonnegative(),
  finish: SampleLine.shape.finish.nullable()
})
export type ChatAnswer = z.infer<typeof ChatAnswer>

export const ChatEvent = z.discriminatedUnion('type', [
  /** Changes since the last event. */
  z.object({
    type: z.literal('update'),
    notices: z.array(z.string()),
    answers: z.array(ChatAnswer),
    /** Null if the progress has not changed. */
    progress: SampleProgress.nullable()
  }),
  z.object({ type: z.literal('finished') })
])
export type ChatEvent = z.infer<typeof ChatEvent>
