import type * as ort from 'onnxruntime-node'
import { describe, expect, it, vi } from 'vitest'
import { type AnsweringModel, type Model, rangeModel } from '../../../../src/contract/model/model'
import type { GenerateRequest } from '../../../../src/contract/procedures/engine'
import { GREEDY_SAMPLING } from '../../../../src/contract/model/sampling'
import { type Device, openDevice } from '../../../../src/main/engine/device/device'
import { Decoder } from '../../../../src/main/engine/generate/decoder'
import { closeServed, servedAnswers } from '../../../../src/main/engine/generate/served-answers'
import { generateOn } from '../../../../src/main/engine/generate/generate'
import { closePairWeights, openPairWeights, type PairWeights } from '../../../../src/main/engine/weights/pair-weights'
import { DECODE_INPUTS } from '../../../../src/main/graphs/decode-graph'
import { BLOCK_INPUTS } from '../../../../src/main/graphs/block-graph'
import { goldenPath } from '../../../fixtures/goldens'

const PROMPT = [28, 257, 105, 7, 9]
const POST: Model = { kind: 'post' }
const LAYERS = 4
/** Bytes of a weight in bfloat16. */
const STORED_BYTES = 2

/** The CPU, with the rows of prompts that have gone through a layer, and of answers that have gone through a chain. */
async function countingDevice(): Promise<Device & { promptRows: number; answerRows: number }> {
  const device = await openDevice('cpu')
  const counting = {
    ...device,
    promptRows: 0,
    answerRows: 0,
    createSession: async (...args: Parameters<Device['createSession']>): Promise<ort.InferenceSession> => {
      const session = await device.createSession(...args)
      return new Proxy(session, {
        get: (target, name) => {
          if (name !== 'run') return Reflect.get(target, name, target)
          return (feeds: ort.InferenceSession.FeedsType, wanted: string[]) => {
            // Runs of prompts have three dimensions, and runs of answers have rows of one token each.
            const dims = feeds[BLOCK_INPUTS.hidden]?.dims
            const [nodes = 0, rows = 0] = dims?.length === 3 ? dims : []
            const [answerRows = 0] = feeds[DECODE_INPUTS.positions]?.dims ?? []
            counting.promptRows += nodes * rows
            if (dims?.length === 2) counting.answerRows += answerRows
            return target.run(feeds, wanted)
          }
        }
      })
    }
  }
  return counting
}

interface Work {
  promptRows: number
  answerRows: number
  /** Bytes read from files until the first tokens, and in each step after that. */
  openedBytes: number
  stepBytes: number[]
  hiddenSize: number
}

async function workOf(changes: Partial<GenerateRequest>): Promise<Work> {
  const [base, post] = [goldenPath('llama3', 'base-bf16'), goldenPath('llama3', 'post-bf16')]
  const request: GenerateRequest = {
    base,
    post,
    device: 'cpu',
    models: [POST],
    prompts: [PROMPT],
    sampleCount: 1,
    finished: [],
    seed: 1,
    sampling: { temperature: 1, topK: null, topP: 1, minP: 0, repetitionPenalty: 1 },
    maxTokens: 6,
    stopTokens: [],
    stopTexts: [],
    memoryBytes: 2 ** 30,
    batchRows: 32,
    ...changes
  }
  const pair = await openPairWeights(base, post)
  const device = await countingDevice()
  const read = ({ base, post }: PairWeights): number => base.reader.bytesRead + post.reader.bytesRead
  const { hiddenSize } = pair.post.spec
  const work: Work = { promptRows: 0, answerRows: 0, openedBytes: 0, stepBytes: [], hiddenSize }
  let before = 0
  for await (const event of generateOn(device, pair, request, () => null)) {
    if (event.type !== 'step') continue
    if (work.openedBytes === 0) work.openedBytes = read(pair)
    else if (read(pair) > before) work.stepBytes.push(read(pair) - before)
    before = read(pair)
  }
  await closePairWeights(pair)
  await device.close()
  return { ...work, promptRows: device.promptRows, answerRows: device.answerRows }
}

describe('the work of generating', () => {
  it('runs a prompt once for all of its samples, and once what prompts begin with alike', async () => {
    const one = await workOf({})
    expect(one.promptRows).toBe(LAYERS * PROMPT.length)
    const many = await workOf({ sampleCount: 5 })
    expect(many.promptRows).toBe(one.promptRows)
    expect(many.openedBytes).toBe(one.openedBytes)
    const alike = await workOf({ prompts: [PROMPT, [...PROMPT.slice(0, 3), 1, 2, 3]] })
    expect(alike.promptRows).toBe(LAYERS * (PROMPT.length + 3))
  })

  it('runs a prompt once in the layers that variants share below their ranges', async () => {
    const variants = await workOf({ models: [POST, rangeModel({ start: 2, end: 2 })] })
    expect(variants.promptRows).toBe((LAYERS + LAYERS - 2) * PROMPT.length)
  })

  it('computes a token once for all answers and samplers that begin alike', async () => {
    const greedy = { sampling: GREEDY_SAMPLING, maxTokens: 6 }
    const one = await workOf(greedy)
    expect(one.answerRows).toBe(5)
    const likeliest: AnsweringModel = { kind: 'baseline', baseline: { kind: 'top-k', temperature: 1, limit: 1 } }
    expect((await workOf({ ...greedy, models: [POST, likeliest], sampleCount: 9 })).answerRows).toBe(one.answerRows)
    const drawn = await workOf({ sampleCount: 9 })
    expect(drawn.answerRows).toBeGreaterThan(one.answerRows)
    expect(drawn.answerRows).toBeLessThanOrEqual(9 * 5)
  })

  it('reads weights before the first token and after it none but the embedding of each new token', async () => {
    const { openedBytes, stepBytes, hiddenSize } = await workOf({})
    expect(openedBytes).toBeGreaterThan(1000 * hiddenSize)
    expect(stepBytes).toEqual(new Array<number>(5).fill(hiddenSize * STORED_BYTES))
  })

  it('of a server fills each step with all rows, although requests arrive during the first admission', async () => {
    const models: Model[] = [
      { kind: 'base' },
      POST,
      rangeModel({ start: 0, end: 1 }),
      rangeModel({ start: 2, end: 3 }),
      rangeModel({ start: 1, end: 2 })
    ]
    const prompts = Array.from({ length: 32 }, (_, i) => [28 + i, 257, 105])
    const folders = { base: goldenPath('llama3', 'base-bf16'), post: goldenPath('llama3', 'post-bf16') }
    const memory = { weights: 'int8' as const, memoryBytes: 2 ** 30, batchRows: 64 }
    const sampling = { temperature: 1, topK: null, topP: 1, minP: 0, repetitionPenalty: 1 }
    const rowsOfSteps: number[] = []
    const original = Decoder.prototype.step
    const step = vi.spyOn(Decoder.prototype, 'step').mockImplementation(function (this: Decoder) {
      rowsOfSteps.push(this.active.length)
      return original.call(this)
    })
    const served = { id: 'work', ...folders, device: 'cpu' as const, models, stopTokens: [], ...memory }
    const answers = await servedAnswers(served)
    const ask = async (prompt: number[], i: number): Promise<void> => {
      const request = { served, id: String(i), model: i % models.length, prompt, answerCount: 1, seed: 1 }
      const settings = { sampling, maxTokens: 6, stopTexts: [], logitBias: [], topLogprobs: null }
      const events = answers.answer({ ...request, ...settings, promptLogprobs: null })
      while (!(await events.next()).done);
    }
    const [first = [], ...others] = prompts
    const asked: Promise<void>[] = []
    const originalAdmit = Decoder.prototype.admit
    const admit = vi.spyOn(Decoder.prototype, 'admit').mockImplementationOnce(function (this: Decoder, ...args) {
      asked.push(...others.map((prompt, i) => ask(prompt, i + 1)))
      return originalAdmit.apply(this, args)
    })
    await ask(first, 0)
    await Promise.all(asked)
    admit.mockRestore()
    await closeServed(served.id)
    step.mockRestore()
    expect(rowsOfSteps).toEqual(new Array<number>(5).fill(32))
  })
})
