import { z } from 'zod'
import { SampleLine, Variant } from './samples'

const FinishedAnswer = SampleLine.pick({ index: true, text: true, finish: true })
export type FinishedAnswer = z.infer<typeof FinishedAnswer>

/** Answers of one model to a message. */
export const StoredAnswers = z.object({
  variant: Variant,
  finished: z.array(FinishedAnswer).max(64),
  /** Received parts of answers that were stopped. */
  unfinished: z.array(FinishedAnswer.omit({ finish: true })).max(64),
  /** Text that the conversation continues with, if the user chose one. */
  picked: z.string().nullable(),
  requestedCount: z.number().int().min(1).max(64)
})
export type StoredAnswers = z.infer<typeof StoredAnswers>

/** A message of the user, with the answers of each column. */
export const StoredTurn = z.object({
  id: z.uuid(),
  text: z.string().min(1).max(100_000),
  answers: z.record(z.string().max(1000), StoredAnswers)
})
export type StoredTurn = z.infer<typeof StoredTurn>

export const CONVERSATION_VERSION = 1

/** The conversation with models of a pair, stored in conversation.json. */
export const ConversationDocument = z.object({
  schemaVersion: z.literal(CONVERSATION_VERSION),
  turns: z.array(StoredTurn)
})
export type ConversationDocument = z.infer<typeof ConversationDocument>
