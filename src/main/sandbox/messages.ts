import { z } from 'zod'
import { Problem } from '../../contract/model/problem'

/* Messages between main and the sandbox process. In each request, `file` is the file that errors name. */

/** Time limit of a step in milliseconds: processor time of the process, and wall-clock time. */
const Limit = z.object({ cpuMs: z.number(), wallMs: z.number() })
export type Limit = z.infer<typeof Limit>

/** The exceeded limit, which the process writes to its standard error before it ends itself. */
export const Overdue = z.object({ by: z.enum(['processor', 'clock']), ms: z.number() })
export type Overdue = z.infer<typeof Overdue>

/** Limits of the two steps of a request: first it reads files, then it works on them. And of memory for JavaScript. */
export const SandboxLimits = z.object({ work: Limit, read: Limit, heapMiB: z.number() })
export type SandboxLimits = z.infer<typeof SandboxLimits>

const ChatMessage = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })
export type ChatMessage = z.infer<typeof ChatMessage>

/** Requests the texts of chats by the chat template `source`. */
export const TemplateRequest = z.object({
  kind: z.literal('template'),
  file: z.string(),
  source: z.string(),
  /** Texts of `bos_token` and other special tokens. */
  specialTokens: z.array(z.tuple([z.string(), z.string()])),
  templateArguments: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** Today for the template, as YYYY-MM-DD. */
  date: z.string(),
  chats: z.array(z.array(ChatMessage))
})
export type TemplateRequest = z.infer<typeof TemplateRequest>

/** Requests the names of variables that a template reads. */
const TemplateVariablesRequest = TemplateRequest.pick({ file: true, source: true }).extend({
  kind: z.literal('template-variables')
})

export const YamlRequest = z.object({
  kind: z.literal('yaml'),
  file: z.string(),
  text: z.string(),
  maxAliases: z.number()
})
export type YamlRequest = z.infer<typeof YamlRequest>

/** Position of a field or list entry: its path from the top, and its line, counted from 1. */
export const YamlLine = z.object({
  path: z.array(z.union([z.string(), z.number()])),
  line: z.number().int().positive()
})
export type YamlLine = z.infer<typeof YamlLine>

/** Identifies a tokenizer. The process reads it again if its files have changed. */
const textFields = {
  folder: z.string(),
  /** Key that changes with the folder's files. */
  files: z.string(),
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
  /** Decodes a context, and the context followed by each of some tokens. */
  z.object({
    kind: z.literal('decode-behind'),
    ...textFields,
    context: z.array(z.number()),
    tokens: z.instanceof(Int32Array)
  })
])
export type TextRequest = z.infer<typeof TextRequest>

/** Requests tokens by the tokenizer of a sentence-embedding model, cut to the model's length. */
const EmbeddingTokensRequest = z.object({
  kind: z.literal('embedding-tokens'),
  ...textFields,
  texts: z.array(z.string())
})
export type EmbeddingTokensRequest = z.infer<typeof EmbeddingTokensRequest>

/** Asks whether a folder has a chat template, without loading the tokenizer. */
const FindTemplateRequest = z.object({
  kind: z.literal('find-template'),
  folder: z.string(),
  file: z.string()
})

/** Requests facts of a model folder besides its tokenizer. */
const FolderRequest = z.object({
  kind: z.enum(['checkpoint', 'generation-config', 'local-model']),
  /** The model folder. */
  file: z.string(),
  /** Folder of an adapter's base model, if it is known. */
  adapterBase: z.string().optional(),
  /** A model whose path the config of an adapter may name. */
  namedBase: z.string().optional()
})
export type FolderRequest = z.infer<typeof FolderRequest>

/** Requests the prompts or the task in the content of a file that the user imports. */
const ImportRequest = z.object({
  kind: z.literal('import'),
  as: z.enum(['prompts', 'task']),
  file: z.string(),
  content: z.string()
})

/** Requests the answers in a log of Inspect. */
const AnswerLogRequest = z.object({ kind: z.literal('answer-log'), file: z.string() })

export const SandboxRequest = z.discriminatedUnion('kind', [
  TemplateRequest,
  TemplateVariablesRequest,
  YamlRequest,
  TextRequest,
  EmbeddingTokensRequest,
  FindTemplateRequest,
  FolderRequest,
  ImportRequest,
  AnswerLogRequest
])
export type SandboxRequest = z.infer<typeof SandboxRequest>

/** Names the subject of a request at the start of an error. */
export function subjectOf({ kind, file }: SandboxRequest): string {
  switch (kind) {
    case 'yaml':
    case 'import':
    case 'answer-log':
      return file
    case 'template':
    case 'template-variables':
      return `The chat template in ${file}`
    case 'checkpoint':
    case 'generation-config':
    case 'local-model':
      return `The model folder ${file}`
    default:
      return `The tokenizer in ${file}`
  }
}

/** Reports whether the process reads files for a request. Other requests contain everything that they need. */
export function readsFiles({ kind }: SandboxRequest): boolean {
  return !['template', 'template-variables', 'yaml', 'import'].includes(kind)
}

export const SandboxReply = z.discriminatedUnion('kind', [
  /** Sent once, when the process has started. */
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('template'), rendered: z.array(z.string()), inParts: z.boolean() }),
  z.object({ kind: z.literal('yaml'), value: z.unknown(), lines: z.array(YamlLine) }),
  z.object({ kind: z.literal('imported'), value: z.unknown() }),
  /** Samples of a log, each as a line of JSON, which main reads one by one. */
  z.object({ kind: z.literal('answer-log'), lines: z.instanceof(Uint8Array), fingerprint: z.string() }),
  /** Facts as JSON text, which main reads in pieces. */
  z.object({ kind: z.literal('folder'), json: z.instanceof(Uint8Array) }),
  /** Facts about a tokenizer and its chat template for a `TextModel`. */
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
export type SandboxReply = z.infer<typeof SandboxReply>
