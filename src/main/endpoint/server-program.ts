import { z } from 'zod'
import { type EndpointClient, EndpointRefusal } from './client'

/** A program that serves models, whose requests have fields of their own. */
export type ServerProgram = 'vLLM' | 'SGLang' | 'llama.cpp' | 'SLR Workbench'

/** Value of `owned_by` in the list of models of `slr serve`, by which its servers are recognised. */
export const SERVED_OWNER = 'slr-workbench'

/** Owner of the listed models for each program. A proxy may hide everything else about the server. */
const OWNERS: ReadonlyMap<string, ServerProgram> = new Map([
  ['vllm', 'vLLM'],
  ['sglang', 'SGLang'],
  ['llamacpp', 'llama.cpp'],
  [SERVED_OWNER, 'SLR Workbench']
])

/** Limit of a list: hosted services list several hundred models with about 500 bytes each. */
const MAX_LIST_BYTES = 2_000_000
const MAX_LISTED = 5_000

const Models = z.object({
  data: z.array(z.object({ id: z.string().max(1_000), owned_by: z.string().nullish() })).max(MAX_LISTED)
})

/** Facts about a server from its list of models. */
interface ServerFacts {
  /** Names of the server's models; null if the server does not list them. */
  models: string[] | null
  /** Null for a program that is not recognised. */
  program: ServerProgram | null
}

/** Reads a server's list of models. @param isNeeded true if a malformed list is an error */
export async function askServed(client: EndpointClient, isNeeded: boolean, signal: AbortSignal): Promise<ServerFacts> {
  const schema = isNeeded ? Models : Models.nullable().catch(null)
  try {
    const question = { path: '/models', name: 'a list of models', schema, maxBytes: MAX_LIST_BYTES }
    const { reply } = await client.ask(question, signal)
    if (reply === null) return { models: null, program: null }
    const [program] = reply.data.flatMap(({ owned_by }) => OWNERS.get(owned_by ?? '') ?? [])
    return { models: reply.data.map(({ id }) => id), program: program ?? null }
  } catch (error) {
    if (!(error instanceof EndpointRefusal) || [401, 403].includes(error.status)) throw error
    return { models: null, program: null }
  }
}
