import PQueue from 'p-queue'
import { z } from 'zod'
import type { JudgeSettings } from '../../contract/documents/judge'
import { EndpointClient, type EndpointPatience } from '../endpoint/client'

const MAX_REPLY_BYTES = 4_000_000

const Reply = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1)
})

/** A chat endpoint that is asked no faster than the settings say, repetitions included. */
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
      who: 'The judge',
      work: 'Judging',
      later: 'Start it, or check its address; then judge again.',
      apiKey,
      again,
      patience,
      pace: (request, signal) => queue.add(request, { signal })
    })
  }

  /**
   * Asks for one reply.
   *
   * @returns the reply's text; null when it has none
   * @throws WorkbenchError as `EndpointClient.ask`
   */
  async ask(system: string, user: string, signal: AbortSignal): Promise<string | null> {
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
    return reply.choices[0]?.message.content ?? null
  }
}
