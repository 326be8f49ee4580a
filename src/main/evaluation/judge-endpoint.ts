import PQueue from 'p-queue'
import { z } from 'zod'
import type { JudgeSettings } from '../../contract/documents/judge'
import { requireNamedModel } from '../endpoint/named-model'
import { EndpointClient, type EndpointPatience } from '../endpoint/client'

const MAX_REPLY_BYTES = 4_000_000

const Reply = z.object({
  model: z.string().nullish(),
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1)
})

const WHO = 'The judge'

/** Reply of a judge. */
export interface JudgeReply {
  /** Null if the reply contains no text. */
  readonly text: string | null
  /** Server's name of the model that replied, if it differs from the requested name; otherwise null. */
  readonly otherModel: string | null
}

/** A chat endpoint with a limited rate of requests, including repetitions. */
export class JudgeEndpoint {
  private readonly client: EndpointClient

  constructor(
    private readonly settings: JudgeSettings,
    apiKey: string | null,
    again: (why: string) => void,
    patience?: EndpointPatience
  ) {
    const queue = new PQueue({ interval: 60_000 / settings.requestsPerMinute, intervalCap: 1 })
    this.client = new EndpointClient(settings, {
      who: WHO,
      work: 'Judging',
      later: 'Start it, or check its address; then judge again.',
      apiKey,
      again,
      patience,
      pace: (request, signal) => queue.add(request, { signal })
    })
  }

  /**
   * Requests one reply.
   *
   * @throws WorkbenchError as `EndpointClient.ask` and `requireNamedModel`
   */
  async ask(system: string, user: string, signal: AbortSignal): Promise<JudgeReply> {
    const { reply } = await this.client.ask(
      {
        path: '/chat/completions',
        body: {
          model: this.settings.model,
          temperature: 0,
          messages: [
            { role: 'system', content: system },
            { role: 'user', content: user }
          ]
        },
        name: 'a chat completion',
        schema: Reply,
        maxBytes: MAX_REPLY_BYTES
      },
      signal
    )
    const { model } = reply
    requireNamedModel(this.settings, model, WHO)
    return {
      text: reply.choices[0]?.message.content ?? null,
      otherModel: typeof model === 'string' && model !== this.settings.model ? model : null
    }
  }
}
