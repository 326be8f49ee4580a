import { describe, expect, it } from 'vitest'
import { PAPER_SAMPLING } from '../../../../../src/contract/documents/samples'
import { type Model, rangeModel } from '../../../../../src/contract/model/model'
import type { WeightStorage } from '../../../../../src/contract/model/sampling'
import { modelConfig } from '../../../../../src/bench/model-shapes'
import { trieOf } from '../../../../../src/bench/workload'
import type { SinglesRequest } from '../../../../../src/main/engine/generate/drawn-models'
import { peakOf } from '../../../../../src/main/engine/generate/generation-memory'
import { type GenerationPlan, planGeneration } from '../../../../../src/main/engine/generate/generation-plan'
import { decoderSpec } from '../../../../../src/main/family'

const GIB = 2 ** 30
const SPEC = decoderSpec(modelConfig({ shape: 'Llama-3.1-8B', layerCount: 32 }), 'config.json')
const POST: Model = { kind: 'post' }

interface PlanOptions {
  models?: Model[]
  promptLength?: number
  prompts?: number[][]
  sampleCount?: number
  maxTokens?: number
  weights?: WeightStorage
  memoryBytes?: number
}

/** The plan of an 8B of 32 layers, of which nothing lies on any disk. */
function planOf({
  models = [POST],
  promptLength = 20,
  prompts = [Array.from({ length: promptLength }, (_, i) => i)],
  sampleCount = 1,
  maxTokens = 20,
  weights = 'int8',
  memoryBytes = 64 * GIB
}: PlanOptions): GenerationPlan {
  const request: SinglesRequest = {
    ...{ base: '', post: '', device: 'cpu', finished: [], seed: 1, sampling: PAPER_SAMPLING, stopTokens: [] },
    ...{ models, prompts, sampleCount, maxTokens, stopTexts: [], weights, memoryBytes, batchRows: 64 }
  }
  return planGeneration(request, SPEC, trieOf(models, SPEC.layerCount), 'fp32')
}

describe('the plan of an 8B', () => {
  it('counts weights, opening, prompts and steps, and its peak is what of them is there together', () => {
    const { memory, peakBytes, weightBytes } = planOf({})
    expect(peakBytes).toBe(peakOf(memory))
    expect(weightBytes).toBeCloseTo(1.125 * (8.03e9 - 128_256 * 4096), -7.5)
    // A layer in float32 for the prompt is the largest beside the weights; no second copy of them all is ever there.
    expect(peakBytes - memory.weights).toBeLessThan(1.5 * GIB)
    expect(memory.opening).toBeLessThan(0.05 * memory.weights)
  })

  it('bounds a prompt of 4,096 tokens and an answer as long by what grows with their length, not with its square', () => {
    const short = planOf({ promptLength: 1024 }).memory
    const long = planOf({ promptLength: 4096 }).memory
    expect(long.prefill).toBeLessThan(4 * short.prefill)
    expect(long.prefill).toBeLessThan(2.5 * GIB)
    // 256 KiB for each token of an 8B with 8 heads of keys: of the prompt, and of the row that goes on from it.
    const tokenBytes = 2 * 8 * 128 * 32 * 4
    expect(long.prompts - short.prompts).toBe(3072 * tokenBytes)
    expect(planOf({ promptLength: 4096, maxTokens: 4096 }).keyValueBytes).toBe(8192 * tokenBytes)
  })

  it('counts rows beside prompts that run only where other prompts had theirs before', () => {
    const prompt = (first: number): number[] => Array.from({ length: 2048 }, (_, i) => first + i)
    const one = planOf({ prompts: [prompt(0)] })
    expect(one.memory.earlierKeyValues).toBe(0)
    const two = planOf({ prompts: [prompt(0), prompt(1)] })
    expect(two.promptGroups).toEqual([[0], [1]])
    expect(two.memory.earlierKeyValues).toBe(two.memory.keyValues)
  })

  it('runs prompts of a group once for all samples, and variants share what lies below their range', () => {
    const one = planOf({ promptLength: 512 }).memory.prompts
    expect(planOf({ promptLength: 512, sampleCount: 32 }).memory.prompts).toBe(one)
    const logits = 4 * SPEC.vocabularySize
    // Layers 0 to 15 are post's: of the range only the upper half has keys and values of its own.
    const both = planOf({ promptLength: 512, models: [POST, rangeModel({ start: 16, end: 19 })] }).memory.prompts
    expect(both - 2 * logits).toBe(1.5 * (one - logits))
  })

  it('takes fewer prompts at a time, and then fewer rows, until all of it fits', () => {
    const prompts = Array.from({ length: 8 }, (_, prompt) => Array.from({ length: 512 }, (_, i) => prompt + 8 * i))
    const roomy = planOf({ prompts, sampleCount: 8 })
    expect(roomy.rowsPerModel).toBe(64)
    const memoryBytes = planOf({ prompts, weights: 'int8' }).memory.weights + 3 * GIB
    const tight = planOf({ prompts, sampleCount: 8, memoryBytes })
    expect(tight.peakBytes).toBeLessThanOrEqual(memoryBytes)
    expect(tight.rowsPerModel).toBeLessThan(64)
    expect(tight.promptGroups.flat()).toEqual([...prompts.keys()])
  })
})
