import { z } from 'zod'
import { EndpointAddress, whereEndpoint, withKey } from './endpoint'

/** Interfaces of an endpoint: `completions` sends a prompt rendered by the pair's template, `chat` sends the turns. */
const EndpointInterface = z.enum(['completions', 'chat'])
type EndpointInterface = z.infer<typeof EndpointInterface>

export const DEFAULT_CONCURRENCY = 16

export const Endpoint = EndpointAddress.extend({
  through: EndpointInterface.default('completions'),
  anyModel: z.boolean().default(false),
  concurrency: z.number().int().min(1).max(256).default(DEFAULT_CONCURRENCY)
}).strict()
export type Endpoint = z.infer<typeof Endpoint>

const name = z.string()

/** An external model: a model behind an endpoint, or the author of a file of answers. */
export const ExternalModel = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('endpoint'), name, endpoint: Endpoint }),
  z.object({
    kind: z.literal('file'),
    name,
    path: z.string().min(1).max(4_096),
    fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
    /** Name of the model inside the file. Omitted if the file has answers of only one model. */
    of: z.string().max(1_000).optional()
  })
])
export type ExternalModel = z.infer<typeof ExternalModel>

/** Returns a key that is equal for external models with the same answers, regardless of names. */
export function externalKey(model: ExternalModel): string {
  if (model.kind === 'file') return `file ${model.fingerprint} ${model.of ?? ''}`.trimEnd()
  const { through, baseUrl, model: served } = model.endpoint
  return `endpoint ${through} ${baseUrl} ${served}`
}

export function describeExternal(model: ExternalModel): string {
  if (model.kind === 'file') return `answers from ${model.path}${model.of === undefined ? '' : ` of ${model.of}`}`
  const { baseUrl, model: served, through } = model.endpoint
  return `${served} at ${baseUrl}, ${through}`
}

/** Parses an endpoint typed as `[NAME=]MODEL@URL`; null for any other text. */
export function endpointFromText(text: string): { name: string; model: string; baseUrl: string } | null {
  const [, name, model, baseUrl] = /^(?:([^=@]+)=)?(.+?)@(https?:\/\/.+)$/.exec(text) ?? []
  return model === undefined || baseUrl === undefined ? null : { name: name ?? model, model, baseUrl }
}

export const endpointWarning = (endpoint: Pick<Endpoint, 'baseUrl' | 'model' | 'keyVariable'>): string =>
  `Prompts leave this program: they are sent to ${whereEndpoint(endpoint)}${withKey(endpoint)}, ` +
  `to be answered by ${endpoint.model}.`

export const AnswerFileFacts = z.object({
  format: z.string(),
  fingerprint: z.string(),
  /** Models in the file with their numbers of answers. `of` is null for answers without a model name. */
  by: z.array(z.object({ of: z.string().nullable(), answers: z.number().int() }))
})
export type AnswerFileFacts = z.infer<typeof AnswerFileFacts>

/** Facts that an external model reports about itself. */
export const ExternalRecord = z.object({
  variant: z.string(),
  models: z.array(z.string()),
  /** `system_fingerprint` of the replies. A different value means a different build or configuration of the server. */
  fingerprints: z.array(z.string()),
  /** Name of the server program in its replies, or the format of the file. */
  server: z.string().nullable(),
  /** Prompts with refused or failed answers, by number and beginning. */
  refused: z.array(z.object({ prompt: z.string(), reason: z.string() })).default([])
})
export type ExternalRecord = z.infer<typeof ExternalRecord>
