import { z } from 'zod'
import { Problem } from '../../contract/model/problem'

/** Heap of the process, in MiB: two tokenizers of 256,000 tokens have room, which base and post have. */
export const HEAP_MIB = 1024

/** How long one piece of work may take: processor time of the process, and, however busy the machine is, in all. */
const Limit = z.object({ cpuMs: z.number(), wallMs: z.number() })
export type Limit = z.infer<typeof Limit>

/** Which limit was exceeded: the process writes it to its standard error before it ends itself. */
export const Overdue = z.object({ by: z.enum(['processor', 'clock']), ms: z.number() })
export type Overdue = z.infer<typeof Overdue>

/** For one request, and for reading the files that it needs in addition. */
export const ConfinedLimits = z.object({ work: Limit, read: Limit })
export type ConfinedLimits = z.infer<typeof ConfinedLimits>

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

/** Where a field or an entry of a list stands: its path from the top, and its line, counted from 1. */
export const YamlLine = z.object({
  path: z.array(z.union([z.string(), z.number()])),
  line: z.number().int().positive()
})
export type YamlLine = z.infer<typeof YamlLine>

/** A tokenizer that the process keeps, or reads again. */
const textFields = {
  folder: z.string(),
  /** Tells states of the folder's files apart. */
  files: z.string(),
  /** The tokenizer's file, for messages. */
  file: z.string()
}
export const TextRequest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open-text'), ...textFields }),
  z.object({
    kind: z.literal('encode'),
    ...textFields,
    texts: z.array(z.string()),
    addSpecialTokens: z.boolean()
  }),
  z.object({ kind: z.literal('decode'), ...textFields, lists: z.array(z.array(z.number())) }),
  /** Of a context, and of the context with each of some tokens behind it. */
  z.object({
    kind: z.literal('decode-behind'),
    ...textFields,
    context: z.array(z.number()),
    tokens: z.instanceof(Int32Array)
  })
])
export type TextRequest = z.infer<typeof TextRequest>

/** Tokens of texts by the tokenizer of a sentence-embedding model, special tokens around them, cut to what the model reads. */
const EmbeddingTokensRequest = z.object({
  kind: z.literal('embedding-tokens'),
  ...textFields,
  texts: z.array(z.string())
})
export type EmbeddingTokensRequest = z.infer<typeof EmbeddingTokensRequest>

/** The chat template of a folder, without making a tokenizer of it; its settings may list every token. */
const FindTemplateRequest = z.object({
  kind: z.literal('find-template'),
  folder: z.string(),
  /** The tokenizer's settings, for messages. */
  file: z.string()
})

/** What a model folder says beside its tokenizer: config and headers of weights, how to sample, what its card says it was made from. */
const FolderRequest = z.object({
  kind: z.enum(['checkpoint', 'generation-config', 'local-model']),
  /** Absolute. */
  file: z.string()
})
export type FolderRequest = z.infer<typeof FolderRequest>

/** A file that a user brings, as prompts or as a task. */
const ImportRequest = z.object({
  kind: z.literal('import'),
  as: z.enum(['prompts', 'task']),
  /** The file's name. */
  file: z.string(),
  content: z.string()
})

/** A log of Inspect, which holds answers. */
const AnswerLogRequest = z.object({ kind: z.literal('answer-log'), file: z.string() })

/** What main asks the confined process, one request at a time. */
export const ConfinedRequest = z.discriminatedUnion('kind', [
  TemplateRequest,
  YamlRequest,
  TextRequest,
  EmbeddingTokensRequest,
  FindTemplateRequest,
  FolderRequest,
  ImportRequest,
  AnswerLogRequest
])
export type ConfinedRequest = z.infer<typeof ConfinedRequest>

/** What the process works on, as a message begins. */
export function subjectOf({ kind, file }: ConfinedRequest): string {
  switch (kind) {
    case 'yaml':
    case 'import':
    case 'answer-log':
      return file
    case 'template':
      return `The chat template in ${file}`
    case 'checkpoint':
    case 'generation-config':
    case 'local-model':
      return `The model folder ${file}`
    default:
      return `The tokenizer in ${file}`
  }
}

/** Whether it opens files by itself. */
export function readsFiles({ kind }: ConfinedRequest): boolean {
  return kind !== 'template' && kind !== 'yaml' && kind !== 'import'
}

/** What the process says: first that it is ready, then one reply to each request. */
export const ConfinedReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('template'), rendered: z.array(z.string()), inParts: z.boolean() }),
  z.object({ kind: z.literal('yaml'), value: z.unknown(), lines: z.array(YamlLine) }),
  z.object({ kind: z.literal('imported'), value: z.unknown() }),
  /** The samples of a log, each as a line of JSON: main reads them one by one. */
  z.object({ kind: z.literal('answer-log'), lines: z.instanceof(Uint8Array), fingerprint: z.string() }),
  /** As text: a model of 40,000 tensors would hold main while it is taken out of a message, and text it reads in pieces. */
  z.object({ kind: z.literal('folder'), json: z.instanceof(Uint8Array) }),
  /** Of a tokenizer and its chat template, what `TextModel` says of them. */
  z.object({
    kind: z.literal('text'),
    chatTemplate: z.object({ file: z.string(), source: z.string() }).nullable(),
    specialTokens: z.array(z.tuple([z.string(), z.string()])),
    addedTokens: z.array(z.tuple([z.number(), z.string()])),
    textTokens: z.instanceof(Int32Array)
  }),
  z.object({ kind: z.literal('found-template'), found: z.boolean() }),
  z.object({ kind: z.literal('tokens'), tokens: z.array(z.array(z.number())) }),
  z.object({ kind: z.literal('texts'), texts: z.array(z.string()) }),
  z.object({ kind: z.literal('failed'), problem: Problem })
])
export type ConfinedReply = z.infer<typeof ConfinedReply>
