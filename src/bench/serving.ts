import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { median } from 'simple-statistics'
import { DEFAULT_RENDERING } from '../contract/documents/crc'
import type { EngineVariant } from '../contract/documents/samples'
import { elementAt } from '../contract/model/look-up'
import { rangeModel } from '../contract/model/model'
import { OPEN_SAMPLING } from '../contract/model/sampling'
import type { GenerateRequest } from '../contract/procedures/engine'
import { startApi } from '../main/api/api-server'
import { type NamedVariant, ServedVariants } from '../main/api/served-variants'
import { resourcePath } from '../main/base/resources'
import type { PairFolders } from '../main/crc/sweep/score-recipes'
import { createEngineHost, type EngineClient } from '../main/engine/host'
import { milliseconds, ratio, section } from './table'

/** Speed of the API, compared with a sample run of the same rows. */
export interface ServingTimes {
  readonly pair: string
  readonly clients: number
  /** Tokens per second of all rows together, in each round. */
  readonly sampled: readonly number[]
  /** The same through the API. */
  readonly served: readonly number[]
  /** Milliseconds to the first token of a prompt with 200 tokens in each round, without other requests. */
  readonly firstAloneMs: readonly number[]
  /** The same time while 31 other rows are generated. */
  readonly firstBesideMs: readonly number[]
}

const CLIENTS = 32
const ROUNDS = 3
const ANSWER_TOKENS = 64
const MEMORY_BYTES = 8 * 2 ** 30

/** Measures the API. @param folders a pair without tokenizers and a vocabulary of at least 2,048 tokens */
export async function measureServing(
  name: string,
  folders: PairFolders,
  layerCount: number,
  signal: AbortSignal
): Promise<ServingTimes> {
  await copyTokenizers(folders)
  const host = createEngineHost()
  const half = Math.floor(layerCount / 2)
  const range = (start: number, end: number): EngineVariant => ({
    ...rangeModel({ start, end }),
    name: `${start}-${end}`
  })
  const models: EngineVariant[] = [
    { kind: 'base', name: 'base' },
    { kind: 'post', name: 'post' },
    range(0, half - 1),
    range(half, layerCount - 1),
    range(1, half)
  ]
  const variants = models.map((variant): NamedVariant => ({ name: variant.name, variant }))
  try {
    const engine = host.client()
    const sampled: number[] = []
    for (let round = 0; round < ROUNDS; round++) sampled.push(await sampleSpeed(engine, folders, models, signal))
    const served = await ServedVariants.open(engine, {
      ...folders,
      rendering: DEFAULT_RENDERING,
      defaults: {
        sampling: OPEN_SAMPLING,
        maxTokens: ANSWER_TOKENS,
        stopTexts: [],
        seed: 1,
        sampleCount: 1,
        device: 'cpu',
        weights: 'int8',
        memoryBytes: MEMORY_BYTES
      },
      variants
    })
    const api = await startApi({ models: served, host: '127.0.0.1', port: 0, key: null, origins: [] })
    try {
      const client = new Client(`http://127.0.0.1:${api.port}/v1/completions`, variants, signal)
      const rounds = { served: [] as number[], alone: [] as number[], beside: [] as number[] }
      for (let round = 0; round < ROUNDS; round++) {
        // As in a sample run, the prompts of all rows come before the measured steps.
        const answers = client.answerAll(CLIENTS)
        await client.allStarted(CLIENTS)
        const [startMs, startTokens] = [performance.now(), api.generatedTokens]
        await answers
        const tokens = api.generatedTokens - startTokens
        rounds.served.push((1000 * tokens) / (performance.now() - startMs))
        rounds.alone.push(await client.firstTokenMs(promptOf(2 * round, 200)))
        const others = client.answerAll(CLIENTS - 1)
        await client.allStarted(CLIENTS - 1)
        rounds.beside.push(await client.firstTokenMs(promptOf(2 * round + 1, 200)))
        await others
      }
      const { alone: firstAloneMs, beside: firstBesideMs } = rounds
      return { pair: name, clients: CLIENTS, sampled, served: rounds.served, firstAloneMs, firstBesideMs }
    } finally {
      await api.close()
      await served.close()
    }
  } finally {
    await host.close()
  }
}

const clientIndices = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Returns tokens that no other prompt begins with. */
const promptOf = (index: number, length = 12): number[] =>
  Array.from({ length }, (_, i) => 20 + ((37 * index + 13 * length + 7 * i) % 2000))

/** Samples the same rows as the clients ask for. @returns tokens per second after the first */
async function sampleSpeed(
  engine: EngineClient,
  folders: PairFolders,
  models: readonly EngineVariant[],
  signal: AbortSignal
): Promise<number> {
  const clients = clientIndices(CLIENTS)
  // A client asks one of the models. The answers of the other models count as finished.
  const isAsked = (model: number, prompt: number): boolean => prompt % models.length === model
  const request: GenerateRequest = {
    ...folders,
    device: 'cpu',
    models: [...models],
    prompts: clients.map((index) => promptOf(index)),
    sampleCount: 1,
    finished: models.flatMap((_, model) =>
      clients.flatMap((prompt) => (isAsked(model, prompt) ? [] : [{ model, prompt, index: 0 }]))
    ),
    seed: 1,
    sampling: OPEN_SAMPLING,
    maxTokens: ANSWER_TOKENS,
    stopTokens: [],
    stopTexts: [],
    weights: 'int8',
    memoryBytes: MEMORY_BYTES,
    batchRows: CLIENTS
  }
  let firstMs: number | null = null
  for await (const event of await engine.generate(request, { signal })) {
    if (event.type === 'step') firstMs ??= performance.now()
    if (event.type === 'done' && firstMs !== null)
      return (1000 * (event.tokenCount - CLIENTS)) / (performance.now() - firstMs)
  }
  throw new Error('the run has not ended')
}

/** Sends requests to the API as several clients. */
class Client {
  /** Number of answers whose first token has arrived. */
  private started = 0
  private wake = (): void => undefined

  constructor(
    private readonly url: string,
    private readonly variants: readonly NamedVariant[],
    private readonly signal: AbortSignal
  ) {}

  /** Reads answers of {@link ANSWER_TOKENS} tokens as streams. */
  async answerAll(count: number): Promise<void> {
    this.started = 0
    await Promise.all(clientIndices(count).map((index) => this.answer(index)))
  }

  private async answer(index: number): Promise<void> {
    const { name } = elementAt(this.variants, index % this.variants.length, 'model')
    const reader = (await this.ask(name, promptOf(index), ANSWER_TOKENS)).getReader()
    for (let count = 0; !(await reader.read()).done; count++) {
      if (count > 0) continue
      this.started++
      this.wake()
    }
  }

  /** Waits until `count` answers have their first token. */
  async allStarted(count: number): Promise<void> {
    while (this.started < count) await new Promise<void>((resolve) => (this.wake = resolve))
  }

  async firstTokenMs(prompt: readonly number[]): Promise<number> {
    const startedMs = performance.now()
    const reader = (await this.ask(elementAt(this.variants, 0, 'model').name, prompt, 1)).getReader()
    await reader.read()
    const elapsedMs = performance.now() - startedMs
    await reader.cancel()
    return elapsedMs
  }

  private async ask(model: string, prompt: readonly number[], maxTokens: number): Promise<ReadableStream<Uint8Array>> {
    const reply = await fetch(this.url, {
      method: 'POST',
      signal: this.signal,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ model, prompt, max_tokens: maxTokens, temperature: 1, seed: 1, stream: true })
    })
    if (!reply.ok || reply.body === null) throw new Error(`${reply.status}: ${await reply.text()}`)
    return reply.body
  }
}

/** Copies the demo's tokenizer to a pair of random weights. Its tokens are below 2,048. */
async function copyTokenizers({ base, post }: PairFolders): Promise<void> {
  const demo = resourcePath('blend-pair', 'post')
  const files = (await readdir(demo)).filter((file) => /^(tokenizer|special_tokens|chat_template)/.test(file))
  for (const folder of [base, post]) for (const file of files) await cp(join(demo, file), join(folder, file))
}

/** Formats the results as a table. */
export function describeServing(times: readonly ServingTimes[]): string {
  return section(
    'Answers of the API to clients over five models in int8 (median of the rounds)',
    `pair | clients | sample tokens/s | API tokens/s | ratio | first token | beside ${CLIENTS - 1} rows | ratio`,
    times.map(({ pair, clients, sampled, served, firstAloneMs, firstBesideMs }) => {
      const [sample, api] = [median([...sampled]), median([...served])]
      const [alone, beside] = [median([...firstAloneMs]), median([...firstBesideMs])]
      return [
        pair,
        String(clients),
        sample.toFixed(1),
        api.toFixed(1),
        ratio(api / sample),
        milliseconds(alone),
        milliseconds(beside),
        ratio(beside / alone)
      ]
    }),
    'Tokens per second after the first token of all rows. First token: of a prompt of 200 tokens.'
  )
}
