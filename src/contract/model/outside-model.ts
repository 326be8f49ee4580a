import { z } from 'zod'
import { EndpointAddress, whereEndpoint, withKey } from './endpoint'

/**
 * The ways to ask an endpoint. `completions` sends a prompt as the pair's own chat template renders it, so that all models see the same
 * text; `chat` sends the turns, which the server renders by the template of its own.
 */
export const EndpointInterface = z.enum(['completions', 'chat'])
export type EndpointInterface = z.infer<typeof EndpointInterface>

export const DEFAULT_CONCURRENCY = 16

export const Endpoint = EndpointAddress.extend({
  through: EndpointInterface.default('completions'),
  /** Takes answers also of a model that calls itself otherwise. */
  anyModel: z.boolean().default(false),
  /** Requests under way at once. */
  concurrency: z.number().int().min(1).max(256).default(DEFAULT_CONCURRENCY)
}).strict()
export type Endpoint = z.infer<typeof Endpoint>

const name = z.string()

/** Who answers elsewhere than in this program's engine: a model behind an endpoint, or whoever wrote a file of answers. */
export const OutsideModel = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('endpoint'), name, endpoint: Endpoint }),
  z.object({
    kind: z.literal('file'),
    name,
    path: z.string().min(1).max(4_096),
    /** SHA-256 of the file. */
    fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
    /** Whose answers of those in the file; left out where it holds those of one model. */
    of: z.string().max(1_000).optional()
  })
])
export type OutsideModel = z.infer<typeof OutsideModel>

/** One string for outside models that answer alike, whatever they are called and however many requests they are sent. */
export function outsideKey(model: OutsideModel): string {
  if (model.kind === 'file') return `file ${model.fingerprint} ${model.of ?? ''}`.trimEnd()
  const { through, baseUrl, model: served } = model.endpoint
  return `endpoint ${through} ${baseUrl} ${served}`
}

/** In one line, for people. */
export function describeOutside(model: OutsideModel): string {
  if (model.kind === 'file')
    return `answers from ${model.path}${model.of === undefined ? '' : ` of ${model.of}`}`
  const { baseUrl, model: served, through } = model.endpoint
  return `${served} at ${baseUrl}, ${through}`
}

/** `[NAME=]MODEL@URL`, as people write an endpoint. @returns null when it is none */
export function endpointFromText(text: string): { name: string; model: string; baseUrl: string } | null {
  const [, name, model, baseUrl] = /^(?:([^=@]+)=)?(.+?)@(https?:\/\/.+)$/.exec(text) ?? []
  return model === undefined || baseUrl === undefined ? null : { name: name ?? model, model, baseUrl }
}

/** An endpoint as options of a command. */
export const endpointWords = ({ name, endpoint }: Extract<OutsideModel, { kind: 'endpoint' }>): string[] => [
  endpoint.through === 'chat' ? '--endpoint-chat' : '--endpoint',
  `${name}=${endpoint.model}@${endpoint.baseUrl}`,
  ...(endpoint.keyVariable === undefined ? [] : ['--endpoint-key', endpoint.keyVariable]),
  ...(endpoint.anyModel ? ['--endpoint-any-model'] : [])
]

/** Says what a user must know before anything is sent. */
export const endpointWarning = (endpoint: Pick<Endpoint, 'baseUrl' | 'model' | 'keyVariable'>): string =>
  `Prompts leave this program: they are sent to ${whereEndpoint(endpoint)}${withKey(endpoint)}, to be answered by ${endpoint.model}.`

/** What a file of answers holds. */
export const AnswerFileFacts = z.object({
  format: z.string(),
  fingerprint: z.string(),
  /** Whose answers, and how many of each; null for what has no name. */
  by: z.array(z.object({ of: z.string().nullable(), answers: z.number().int() }))
})
export type AnswerFileFacts = z.infer<typeof AnswerFileFacts>

/** What is known of who answered: where it says so itself. */
export const OutsideRecord = z.object({
  /** The variant's name. */
  variant: z.string(),
  /** What the server calls the models that answered; in a file, the models that it names. */
  models: z.array(z.string()),
  /** `system_fingerprint` of the replies: another one is another build or configuration of the server. */
  fingerprints: z.array(z.string()),
  /** The server program as its replies name it; of a file the format. */
  server: z.string().nullable()
})
export type OutsideRecord = z.infer<typeof OutsideRecord>
