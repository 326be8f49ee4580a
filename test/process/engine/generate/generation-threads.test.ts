import { describe, expect, it } from 'vitest'
import { elementAt } from '../../../../src/contract/model/look-up'
import type { EngineGenerateEvent, GenerateRequest } from '../../../../src/contract/procedures/engine'
import { physicalCores } from '../../../../src/main/engine/device/physical-cores'
import { generate } from '../../../../src/main/engine/generate/generate'
import { collect } from '../../../fixtures/collect'
import { ONE_ANSWER } from '../../../fixtures/few-answers'
import { goldenPath } from '../../../fixtures/goldens'

const request: GenerateRequest = {
  base: goldenPath('llama3', 'base-bf16'),
  post: goldenPath('llama3', 'post-bf16'),
  device: 'cpu',
  models: [{ kind: 'post' }, { kind: 'base' }],
  prompts: [
    [28, 257, 105],
    [28, 9],
    [1, 2, 3]
  ],
  ...ONE_ANSWER,
  sampling: { temperature: 1, topK: null, topP: 1, minP: 0.1, repetitionPenalty: 1 },
  sampleCount: 100,
  maxTokens: 3
}

const eventsOf = (changes: Partial<GenerateRequest>, signal?: AbortSignal): Promise<EngineGenerateEvent[]> =>
  collect(generate({ ...request, ...changes }, () => null, signal))

/** The answers by "model/prompt/index", and the plan. */
async function answersOf(changes: Partial<GenerateRequest>): Promise<{ answers: string[]; planned: number[] }> {
  const events = await eventsOf(changes)
  const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []))
  const answers = steps.flatMap(({ finished }) =>
    finished.map(({ model, prompt, index, tokens }) => `${model}/${prompt}/${index} ${tokens.join()}`)
  )
  const planned = events.flatMap((event) => (event.type === 'plan' ? [event.peakBytes, event.rows] : []))
  const done = events.flatMap((event) => (event.type === 'done' ? [event.tokenCount] : []))
  expect(done).toEqual([steps.flatMap(({ tokens }) => tokens).length])
  return { answers: answers.sort(), planned }
}

describe.runIf(physicalCores() > 1)('answers of a small model', () => {
  it('are the same from two threads, which are planned as such, as from one', async () => {
    const two = await answersOf({})
    const peakBytes = elementAt(two.planned, 0, 'number') / 2
    const one = await answersOf({ memoryBytes: 1.5 * peakBytes })
    expect(one.planned).toEqual([peakBytes, request.batchRows])
    // Each thread has room for 64 answers of two models to two prompts.
    expect(two.planned[1]).toBe(2 * 2 * 2 * 64)
    expect(two.answers).toHaveLength(600)
    expect(two.answers).toEqual(one.answers)
  })

  it('leave out what an earlier request has finished', async () => {
    const finished = [0, 1, 2].map((prompt) => ({ model: 1, prompt, index: 5 }))
    const { answers } = await answersOf({ finished })
    expect(answers).toHaveLength(597)
    expect(answers.filter((answer) => /^1\/\d\/5 /.test(answer))).toEqual([])
  })

  it('end with the reason when a thread fails or when they are cancelled', async () => {
    // The folders have no tokenizer, which each thread loads for a stop text.
    await expect(eventsOf({ stopTexts: ['x'] })).rejects.toThrow(/tokenizer/)
    const cancelling = new AbortController()
    const generating = async (): Promise<void> => {
      for await (const { type } of generate(request, () => null, cancelling.signal))
        if (type === 'step') cancelling.abort()
    }
    await expect(generating()).rejects.toMatchObject({ problem: { code: 'cancelled' } })
  })
})
