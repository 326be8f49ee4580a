import { z } from 'zod'
import { Rendering } from '../../contract/documents/crc'
import { firstIssue } from '../../contract/model/problem'
import { Sampling } from '../../contract/model/sampling'
import type { SampleSettings } from '../../contract/documents/samples'
import type { ServedRequest } from '../../contract/procedures/served-models'
import type { ChatMessage } from '../sandbox/messages'
import { quoteName } from '../base/json-object'
import { ApiError } from './api-error'

/* Schemas of the requests to the API, as OpenAI and vLLM document them. */

const MAX_ANSWERS = 128
const MAX_PROMPTS = 1_024
/** Maximum number of alternatives to a token in log-probabilities; OpenAI's limit. */
const MAX_TOP = 20
const MAX_STOPS = 16
const MAX_BIASES = 1_024
const MAX_TOKENS = 100_000
/** Most characters of a field's name in an error. */
const MAX_NAME = 200

/** Default lengths of an answer in tokens. A longer default would reserve memory that most answers do not use. */
const DEFAULT_TOKENS = { completion: 16, chat: 1_024 }

/** Ids outside the vocabulary are refused later, when the model is known. */
const tokenId = z.number().int()
const count = (max: number) => z.number().int().min(1).max(max)

/** Fields without an effect on answers. */
const IGNORED = {
  user: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  metadata: z.unknown().optional(),
  store: z.unknown().optional(),
  service_tier: z.unknown().optional()
}

/** Unsupported fields, with the values that are accepted because they change nothing. */
const NEUTRAL: ReadonlyMap<string, readonly unknown[]> = new Map(
  Object.entries({
    frequency_penalty: [0],
    presence_penalty: [0],
    best_of: [1],
    suffix: [''],
    tools: [[]],
    tool_choice: ['none', 'auto'],
    functions: [[]],
    function_call: ['none', 'auto'],
    parallel_tool_calls: [true, false],
    response_format: [{ type: 'text' }],
    modalities: [['text']],
    use_beam_search: [false],
    ignore_eos: [false],
    min_tokens: [0],
    length_penalty: [1],
    skip_special_tokens: [true],
    spaces_between_special_tokens: [true],
    add_generation_prompt: [true],
    continue_final_message: [false],
    repeat_penalty: [1]
  })
)

const shared = {
  model: z.string().min(1).max(1_000),
  stream: z.boolean().default(false),
  stream_options: z.object({ include_usage: z.boolean().default(false) }).optional(),
  n: count(MAX_ANSWERS).default(1),
  seed: z.number().int().optional(),
  temperature: Sampling.shape.temperature.optional(),
  top_p: Sampling.shape.topP.optional(),
  /** -1 and 0 keep all tokens. */
  top_k: z.number().int().min(-1).optional(),
  min_p: Sampling.shape.minP.optional(),
  repetition_penalty: Sampling.shape.repetitionPenalty.optional(),
  stop: z
    .preprocess((stop) => (typeof stop === 'string' ? [stop] : stop), z.array(z.string()).max(MAX_STOPS))
    .default([]),
  logit_bias: z
    .record(z.string().regex(/^\d+$/, 'expected token ids as names'), z.number().min(-100).max(100))
    .refine((biases) => Object.keys(biases).length <= MAX_BIASES, `has more than ${MAX_BIASES} tokens`)
    .default({}),
  prompt_logprobs: z.number().int().min(0).max(MAX_TOP).optional(),
  ...IGNORED
}

const prompts = z.union(
  [
    z.string().transform((text) => [text]),
    z.array(z.string()).min(1).max(MAX_PROMPTS),
    z
      .array(tokenId)
      .min(1)
      .transform((tokens) => [tokens]),
    z.array(z.array(tokenId).min(1)).min(1).max(MAX_PROMPTS)
  ],
  'expected a text, a list of texts, token ids, or lists of token ids'
)

const CompletionBody = z.strictObject({
  ...shared,
  prompt: prompts,
  max_tokens: z.number().int().min(0).max(MAX_TOKENS).default(DEFAULT_TOKENS.completion),
  logprobs: z.number().int().min(0).max(MAX_TOP).optional(),
  echo: z.boolean().default(false)
})

const TextPart = z
  .looseObject({
    type: z.string().refine((type) => type === 'text', {
      error: ({ input }) => `${quoteName(String(input))} is not supported`
    }),
    text: z.string().optional()
  })
  .transform(({ text }, context): string => {
    if (text !== undefined) return text
    context.addIssue({ code: 'custom', path: ['text'], message: 'expected a text' })
    return z.NEVER
  })

const Message = z
  .looseObject({
    role: z.enum(['system', 'developer', 'user', 'assistant']),
    content: z.union([z.string(), z.array(TextPart)])
  })
  .transform(({ role, content }): ChatMessage => ({
    role: role === 'developer' ? 'system' : role,
    content: typeof content === 'string' ? content : content.join('')
  }))

const ChatBody = z
  .strictObject({
    ...shared,
    messages: z.array(Message).min(1).max(10_000),
    max_tokens: count(MAX_TOKENS).optional(),
    max_completion_tokens: count(MAX_TOKENS).optional(),
    logprobs: z.boolean().default(false),
    top_logprobs: z.number().int().min(0).max(MAX_TOP).default(0),
    chat_template_kwargs: Rendering.shape.templateArguments.default({})
  })
  .refine(({ logprobs, top_logprobs: top }) => logprobs || top === 0, {
    path: ['top_logprobs'],
    message: 'needs "logprobs": true'
  })

/** A request in the terms of the program. */
export interface ApiRequest extends Readonly<Omit<ServedRequest, 'served' | 'id' | 'model' | 'prompt' | 'seed'>> {
  readonly model: string
  readonly content:
    | { readonly kind: 'completion'; readonly prompts: readonly (string | number[])[] }
    | {
        readonly kind: 'chat'
        readonly messages: readonly ChatMessage[]
        readonly templateArguments: Rendering['templateArguments']
      }
  /** Null for a seed of the server's choice. */
  readonly seed: number | null
  /** True if the reply repeats the prompt before each answer. */
  readonly echo: boolean
  readonly stream: boolean
  readonly streamUsage: boolean
}

/** Parses a request for completions. @throws ApiError naming the field */
export function parseCompletion(value: unknown, defaults: SampleSettings): ApiRequest {
  const body = parseBody(CompletionBody, value)
  if (body.max_tokens === 0 && !body.echo)
    throw new ApiError(400, 'max_tokens: 0 needs "echo": true. Expected at least 1.', null, 'max_tokens')
  return {
    ...sharedSettings(body, defaults),
    content: { kind: 'completion', prompts: body.prompt },
    maxTokens: body.max_tokens,
    topLogprobs: body.logprobs ?? null,
    // With an echo, `logprobs` also applies to the prompt.
    promptLogprobs: body.prompt_logprobs ?? (body.echo ? (body.logprobs ?? null) : null),
    echo: body.echo
  }
}

/** Parses a request for chat completions. @throws ApiError naming the field */
export function parseChat(value: unknown, defaults: SampleSettings): ApiRequest {
  const body = parseBody(ChatBody, value)
  if (body.messages.at(-1)?.role !== 'user')
    throw new ApiError(400, 'messages: the last message has to be of the role user.', null, 'messages')
  return {
    ...sharedSettings(body, defaults),
    content: { kind: 'chat', messages: body.messages, templateArguments: body.chat_template_kwargs },
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? DEFAULT_TOKENS.chat,
    topLogprobs: body.logprobs ? body.top_logprobs : null,
    promptLogprobs: body.prompt_logprobs ?? null,
    echo: false
  }
}

function sharedSettings(
  body: z.output<z.ZodObject<typeof shared>>,
  { sampling }: SampleSettings
): Omit<ApiRequest, 'content' | 'maxTokens' | 'topLogprobs' | 'promptLogprobs' | 'echo'> {
  const topK = body.top_k ?? sampling.topK
  return {
    model: body.model,
    answerCount: body.n,
    seed: body.seed ?? null,
    sampling: {
      temperature: body.temperature ?? sampling.temperature,
      topK: topK !== null && topK > 0 ? topK : null,
      topP: body.top_p ?? sampling.topP,
      minP: body.min_p ?? sampling.minP,
      repetitionPenalty: body.repetition_penalty ?? sampling.repetitionPenalty
    },
    stopTexts: body.stop.filter((stop) => stop !== ''),
    logitBias: Object.entries(body.logit_bias).map(([token, bias]) => [Number(token), bias]),
    stream: body.stream,
    streamUsage: body.stream_options?.include_usage ?? false
  }
}

/** Parses a body. A field that is null, or is unsupported but has a neutral value, counts as missing. */
function parseBody<Schema extends z.ZodObject>(schema: Schema, value: unknown): z.output<Schema> {
  const fields = z.record(z.string(), z.unknown()).safeParse(value)
  if (!fields.success) throw new ApiError(400, 'The body is not a JSON object.')
  const effective = Object.entries(fields.data).filter(([name, field]) => field !== null && !isNeutral(name, field))
  for (const [name] of effective) {
    if (Object.hasOwn(schema.shape, name)) continue
    const message = `${quoteName(name)} is not supported. Leave it out.`
    throw new ApiError(400, message, 'unsupported_parameter', name.slice(0, MAX_NAME))
  }
  const parsed = schema.safeParse(Object.fromEntries(effective))
  if (parsed.success) return parsed.data
  const { path, message } = firstIssue(parsed.error)
  const param = path.map(String).join('.')
  throw new ApiError(400, `${param}: ${message}`, null, param)
}

const isNeutral = (name: string, field: unknown): boolean =>
  NEUTRAL.get(name)?.some((neutral) => JSON.stringify(neutral) === JSON.stringify(field)) === true
