import { z } from 'zod'
import { Problem } from '../../contract/model/problem'

/** Heap of the process, in MiB. */
export const HEAP_MIB = 512

const ChatMessage = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })
export type ChatMessage = z.infer<typeof ChatMessage>

/** Chats to be rendered with one template. */
export const TemplateRequest = z.object({
  kind: z.literal('template'),
  /** The file that the template came from, for messages. */
  file: z.string(),
  source: z.string(),
  /** `bos_token` and so on, with their text. */
  specialTokens: z.array(z.tuple([z.string(), z.string()])),
  templateArguments: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** YYYY-MM-DD */
  date: z.string(),
  chats: z.array(z.array(ChatMessage))
})
export type TemplateRequest = z.infer<typeof TemplateRequest>

export const YamlRequest = z.object({
  kind: z.literal('yaml'),
  /** The file, for messages. */
  file: z.string(),
  text: z.string(),
  /** How many nodes aliases may stand for: a few are common, thousands of thousands an attack on the memory. */
  maxAliases: z.number()
})
export type YamlRequest = z.infer<typeof YamlRequest>

/** What main asks the confined process, one request at a time. */
export const ConfinedRequest = z.discriminatedUnion('kind', [TemplateRequest, YamlRequest])
export type ConfinedRequest = z.infer<typeof ConfinedRequest>

/** What the process works on, as a message begins. */
export function subjectOf({ kind, file }: ConfinedRequest): string {
  return kind === 'template' ? `The chat template in ${file}` : file
}

/** What the process says: first that it is ready, then one reply to each request. */
export const ConfinedReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('template'), rendered: z.array(z.string()) }),
  z.object({ kind: z.literal('yaml'), value: z.unknown() }),
  z.object({ kind: z.literal('failed'), problem: Problem })
])
export type ConfinedReply = z.infer<typeof ConfinedReply>
