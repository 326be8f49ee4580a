import { z } from 'zod'
import { type EndpointClient, EndpointRefusal } from './client'

/** A program that serves models, as far as what it takes is known. */
export type ServerProgram = 'vLLM' | 'SGLang' | 'llama.cpp'

/** Whom each names as the owner of the models that it lists. A server in front of them may hide everything else about them. */
const OWNERS: ReadonlyMap<string, ServerProgram> = new Map([
  ['vllm', 'vLLM'],
  ['sglang', 'SGLang'],
  ['llamacpp', 'llama.cpp']
])

/** Hosted services list some hundreds of models, in some 500 bytes each. */
const MAX_LIST_BYTES = 2_000_000
const MAX_LISTED = 5_000

const Models = z.object({
  data: z.array(z.object({ id: z.string().max(1_000), owned_by: z.string().nullish() })).max(MAX_LISTED)
})

/** What a server says of itself before it is asked for answers. */
export interface Served {
  /** The models that it lists; null when it has no list. */
  models: string[] | null
  program: ServerProgram | null
}

/**
 * @param isNeeded whether a list that is none is an error; without it such a server has no list
 * @throws WorkbenchError as `EndpointClient.ask`, but for a server that has no list
 */
export async function askServed(
  client: EndpointClient,
  isNeeded: boolean,
  signal: AbortSignal
): Promise<Served> {
  const schema = isNeeded ? Models : Models.nullable().catch(null)
  try {
    const question = { path: '/models', name: 'a list of models', schema, maxBytes: MAX_LIST_BYTES }
    const { reply } = await client.ask(question, signal)
    if (reply === null) return { models: null, program: null }
    const [program = null] = reply.data.flatMap(({ owned_by }) => OWNERS.get(owned_by ?? '') ?? [])
    return { models: reply.data.map(({ id }) => id), program }
  } catch (error) {
    if (!(error instanceof EndpointRefusal) || [401, 403].includes(error.status)) throw error
    return { models: null, program: null }
  }
}
