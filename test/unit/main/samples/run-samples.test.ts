import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { PAPER_SAMPLING } from '../../../../src/contract/documents/samples'
import type { EngineGenerateEvent } from '../../../../src/contract/procedures/engine'
import type { Generation } from '../../../../src/main/samples/generation'
import { generateSamples } from '../../../../src/main/samples/run-samples'
import { scriptedEngine } from '../../../fixtures/scripted-engine'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Two answers of post to one prompt; a token's text is its number. */
const GENERATION: Generation = {
  base: 'base',
  post: 'post',
  variantNames: ['post'],
  models: [{ kind: 'post' }],
  prompts: [[1]],
  settings: {
    ...{ sampling: PAPER_SAMPLING, maxTokens: 100, stopTexts: [], seed: 1, sampleCount: 2 },
    ...{ device: 'cpu', memoryBytes: 1e9 }
  },
  stopTokens: [0],
  textsOf: async (answers) => answers.map(({ tokens }) => tokens.join(' '))
}

type Work = Parameters<typeof generateSamples>[1]

/** Has answers generated. */
const generate = (
  steps: Parameters<typeof scriptedEngine>[0]['generate'],
  work: Partial<Work>,
  told: Partial<Parameters<typeof generateSamples>[2]>
) =>
  generateSamples(
    scriptedEngine({ generate: steps }),
    { generation: GENERATION, stored: [], earlier: null, ...work },
    { keep: async () => undefined, progress: () => undefined, ...told },
    new AbortController().signal
  )

/** Thirty steps of a tenth of a second, after each of which both answers have a token more. */
async function* slowly(): AsyncGenerator<EngineGenerateEvent> {
  const bytes = { weightBytes: 1, keyValueBytes: 1, peakBytes: 1 }
  const computed = { precision: 'fp32', weights: 'fp32' } as const
  yield { type: 'plan', ...computed, ...bytes, rows: 2 }
  const tokens: number[] = []
  for (let token = 1; token <= 30; token++) {
    tokens.push(token)
    vi.advanceTimersByTime(100)
    const ended = [0, 1].map((index) => ({ model: 0, prompt: 0, index, tokens, finish: 'stop' as const }))
    yield {
      type: 'step',
      tokens: [0, 1].map((index) => ({ model: 0, prompt: 0, index, token })),
      finished: token === 30 ? ended : []
    }
  }
  yield { type: 'done', tokenCount: 60, steps: 30 }
}

it('reports growing answers at most four times a second, and finished ones at the end', async () => {
  const told: { finished: string[]; growing: string[] }[] = []
  const kept: string[][] = []
  await generate(
    slowly,
    {},
    {
      keep: async (lines) => void kept.push(lines.map(({ text }) => text)),
      samples: (finished, growing) =>
        told.push({
          finished: finished.map(({ line }) => line.text),
          growing: growing.map(({ sample }) => sample.text)
        })
    }
  )
  const growing = told.filter((each) => each.growing.length > 0)
  expect(growing[0]).toEqual({ finished: [], growing: ['1 2 3', '1 2 3'] })
  expect(growing[1]).toEqual({ finished: [], growing: ['1 2 3 4 5 6', '1 2 3 4 5 6'] })
  expect(growing).toHaveLength(9)
  const text = Array.from({ length: 30 }, (_, place) => place + 1).join(' ')
  expect(told.flatMap(({ finished }) => finished)).toEqual([text, text])
  expect(kept, 'answers of one step are stored together').toEqual([[text, text]])
})

it('estimates the time left of a resumed run from its own speed, without the preparation', async () => {
  const resumed = async function* (): AsyncGenerator<EngineGenerateEvent> {
    for await (const event of slowly()) {
      if (event.type === 'plan') vi.advanceTimersByTime(60_000)
      if (event.type === 'step') yield { ...event, tokens: event.tokens.slice(1), finished: event.finished.slice(1) }
      else yield event
    }
  }
  const tokens = new Array<number>(30).fill(1)
  const stored: Work['stored'] = [{ variant: 'post', prompt: 0, index: 0, text: '', tokens, finish: 'stop' }]
  const left: (number | null)[] = []
  await generate(resumed, { stored }, { progress: ({ secondsLeft }) => void left.push(secondsLeft) })
  const told = left.flatMap((seconds) => seconds ?? [])
  // Thirty tokens at ten a second, told of from the twentieth on: the first come late.
  expect(told.length).toBeGreaterThan(3)
  expect(Math.max(...told)).toBeLessThan(1.1)
})

it('asks base after a few-shot prompt separately, with its own prompts and end', async () => {
  const asked: unknown[] = []
  const steps: Parameters<typeof generate>[0] = async function* ({ models, prompts, stopTexts }) {
    asked.push({ models, prompts, stopTexts })
    yield* slowly()
  }
  const kept: string[] = []
  const format = { preamble: '', examples: [], stop: '\nQuestion:' }
  const generation: Generation = {
    ...GENERATION,
    variantNames: ['base:few-shot', 'post'],
    models: [{ kind: 'few-shot' }, { kind: 'post' }],
    fewShot: { format, prompts: [{ rendered: 'Question:', tokens: [2, 3] }] }
  }
  await generate(
    steps,
    { generation },
    { keep: async (lines) => void kept.push(...lines.map(({ variant, index }) => `${variant} ${index}`)) }
  )
  expect(asked).toEqual([
    { models: [{ kind: 'post' }], prompts: [[1]], stopTexts: [] },
    { models: [{ kind: 'few-shot' }], prompts: [[2, 3]], stopTexts: ['\nQuestion:'] }
  ])
  expect(kept).toEqual(['post 0', 'post 1', 'base:few-shot 0', 'base:few-shot 1'])
})

it('computes equal models once, and stores their answers under every name, including stored ones', async () => {
  const alike = (name: string): Generation['models'][number] => ({
    kind: 'recipe',
    recipe: { name, ranges: [[0, 1]] }
  })
  const asked: unknown[] = []
  const steps: Parameters<typeof generate>[0] = async function* ({ models, finished }) {
    asked.push({ models: models.length, finished })
    for await (const event of slowly()) {
      // The model at index 1 is post. Its first answer is missing, and so is the second answer of the equal models.
      if (event.type === 'step') {
        const [first, second] = event.finished
        if (first === undefined || second === undefined) continue
        yield { ...event, tokens: [], finished: [{ ...first, model: 1, tokens: [7] }, second] }
      } else yield event
    }
  }
  const line = { prompt: 0, text: '5', tokens: [5], finish: 'stop' as const }
  const stored = [
    { ...line, variant: 'b', index: 0 },
    { ...line, variant: 'post', index: 1 }
  ]
  const kept: string[] = []
  const done: string[] = []
  const models: Generation['models'] = [alike('a'), { kind: 'post' }, alike('b')]
  const generation = { ...GENERATION, variantNames: ['a', 'post', 'b'], models }
  await generate(
    steps,
    { generation, stored },
    {
      keep: async (lines) =>
        void kept.push(...lines.map(({ variant, index, tokens }) => `${variant} ${index} ${tokens.length}`)),
      progress: ({ samplesDone, samplesTotal }) => void done.push(`${samplesDone} of ${samplesTotal}`)
    }
  )
  const finished = [0, 1].map((place) => ({ model: place, prompt: 0, index: place }))
  expect(asked).toEqual([{ models: 2, finished }])
  expect(kept).toEqual(['a 0 1', 'post 0 1', 'a 1 30', 'b 1 30'])
  expect([done.at(0), done.at(-1)]).toEqual(['3 of 6', '6 of 6'])
})

it('fails for the reason why the engine failed, also where the last texts cannot be decoded', async () => {
  const failing = async function* (): AsyncGenerator<EngineGenerateEvent> {
    for await (const event of slowly()) {
      yield event
      if (event.type !== 'step') continue
      vi.advanceTimersByTime(1000)
      throw new Error('the engine was killed')
    }
  }
  const textsOf: Generation['textsOf'] = async (answers) => {
    if (answers.length > 0) throw new Error('the decoder is gone')
    return []
  }
  const generation = { ...GENERATION, textsOf }
  const run = generate(failing, { generation }, { samples: () => undefined })
  await expect(run).rejects.toThrow('the engine was killed')
})
