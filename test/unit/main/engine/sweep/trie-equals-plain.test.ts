import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SweepRequest } from '../../../../../src/contract/procedures/engine'
import { type Model, layersModel } from '../../../../../src/contract/model/model'
import { probe } from '../../../../../src/main/engine/questions/probe'
import { closePairWeights, openPairWeights } from '../../../../../src/main/engine/weights/pair-weights'
import { sweep, buildSweptModels } from '../../../../../src/main/engine/sweep/sweep'
import { groupWithin, smallestMemory } from '../../../../../src/main/engine/sweep/sweep-plan'
import { buildAnswerTrie } from '../../../../../src/main/engine/tries/answer-trie'
import { anyLayers } from '../../../../fixtures/any-layers'
import { goldenPath, readGolden } from '../../../../fixtures/goldens'

const VOCABULARY = 320
const pair = {
  base: goldenPath('llama3', 'base-bf16'),
  post: goldenPath('llama3', 'post-bf16'),
  device: 'cpu' as const
}

const recipe: fc.Arbitrary<Model> = anyLayers(4).map(layersModel)
const models = fc.array(fc.oneof(recipe, fc.constant<Model>({ kind: 'base' })), {
  minLength: 1,
  maxLength: 6
})
// Few distinct tokens, so that prompts share prefixes, repeat each other and contain each other.
const prompts = fc.array(fc.array(fc.integer({ min: 10, max: 12 }), { minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 6
})

/** Softmax in float64. */
function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits)
  const weights = logits.map((logit) => Math.exp(logit - largest))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

interface Outcome {
  /** [model][prompt][group of tokens] */
  probabilities: number[][][]
  groupCount: number
  /** Prompts in the order they were said to be done, and how many of their probabilities had not come by then. */
  finished: number[]
  late: number
}

async function runSweep(request: SweepRequest): Promise<Outcome> {
  const probabilities: number[][][] = request.models.map(() => [])
  let groupCount = 0
  const finished: number[] = []
  let late = 0
  for await (const event of sweep(request)) {
    if (event.type === 'plan') groupCount = event.split.groups.length
    if (event.type === 'group') {
      finished.push(...event.prompts)
      late += event.prompts.filter((prompt) => probabilities.some((ofModel) => ofModel[prompt] === undefined)).length
    }
    if (event.type !== 'probabilities') continue
    event.prompts.forEach((prompt, i) => {
      const ofModel = probabilities[event.model] ?? []
      ofModel[prompt] = event.probabilities[i] ?? []
    })
  }
  return { probabilities, groupCount, finished, late }
}

/** A budget from the smallest that works (0) to what the whole request takes at once (1). */
async function budget(request: Pick<SweepRequest, 'models' | 'prompts'>, share: number): Promise<number> {
  const weights = await openPairWeights(pair.base, pair.post)
  try {
    const swept = await buildSweptModels(weights, request)
    const prefixes = request.prompts.map((prompt) => buildAnswerTrie(prompt).prefixes)
    const smallest = smallestMemory(swept, prefixes)
    return smallest + share * (groupWithin(swept, prefixes, 2 ** 40).peakBytes - smallest)
  } finally {
    await closePairWeights(weights)
  }
}

describe('a sweep through the tries', () => {
  it('equals one plain forward pass per model and prompt, for any recipes, prompts and grouping', async () => {
    await fc.assert(
      fc.asyncProperty(models, prompts, fc.constantFrom(0, 0.2, 1), async (someModels, somePrompts, share) => {
        const groups = [
          [[0]],
          [[5], [6]],
          // Answers of several tokens: with a common beginning, and with what another prompt may begin with.
          [
            [10, 11, 0],
            [10, 11, 3, 4],
            [10, 5]
          ],
          [[VOCABULARY - 1]],
          []
        ]
        const asked = {
          models: someModels,
          prompts: somePrompts.map((tokens) => ({ tokens, groups }))
        }
        const { probabilities } = await runSweep({
          ...pair,
          ...asked,
          memoryBytes: await budget(asked, share)
        })
        for (const [m, model] of someModels.entries()) {
          for (const [p, prompt] of somePrompts.entries()) {
            // Each model with some prompt, and each prompt with some model: there is no pass that knows of another.
            if (p !== m % somePrompts.length && m !== p % someModels.length) continue
            const sequences = groups.flat()
            const asked = sequences.flatMap((sequence) => sequence.map((_, i) => [...prompt, ...sequence.slice(0, i)]))
            const rows = (await probe({ ...pair, model, prompts: asked })).map(softmax)
            const tokens = sequences.flat()
            const inTurn = rows.map((row, i) => row[tokens[i] ?? -1] ?? NaN)
            const expected = groups.map((group) =>
              group.reduce((sum, { length }) => sum + inTurn.splice(0, length).reduce((p, q) => p * q, 1), 0)
            )
            probabilities[m]?.[p]?.forEach((actual, g) => {
              // Two float32 evaluations of the same products in another order; probabilities are at most 1.
              expect(Math.abs(actual - (expected[g] ?? NaN))).toBeLessThan(1e-5)
            })
            expect(probabilities[m]?.[p]).toHaveLength(groups.length)
          }
        }
      }),
      { numRuns: 8 }
    )
  })

  it('splits prompts into groups to stay within the memory, with the same results', async () => {
    const golden = readGolden('llama3')
    const request = {
      ...pair,
      models: golden.models.map(({ model }) => model),
      prompts: Object.values(golden.prompts).map((tokens) => ({ tokens, groups: [[[1]], [[2]]] }))
    }
    const whole = await runSweep({ ...request, memoryBytes: 2 ** 30 })
    const split = await runSweep({ ...request, memoryBytes: await budget(request, 0.1) })
    expect(whole.groupCount).toBe(1)
    expect(split.groupCount).toBeGreaterThan(1)
    expect(split.finished).toEqual(request.prompts.map((_, prompt) => prompt))
    expect(split.late).toBe(0)
    split.probabilities.flat(2).forEach((value, i) => {
      expect(value).toBeCloseTo(whole.probabilities.flat(2)[i] ?? NaN, 5)
    })
  })

  it('refuses a budget in which no prompt fits, and names the smallest that works', async () => {
    const request = { models: [{ kind: 'base' as const }], prompts: [{ tokens: [1, 2, 3], groups: [[[1]]] }] }
    const smallest = await budget(request, 0)
    const mebibytes = Math.ceil(smallest / 2 ** 20)
    await expect(runSweep({ ...pair, ...request, memoryBytes: smallest - 1 })).rejects.toMatchObject({
      problem: { code: 'out-of-memory', message: expect.stringContaining(`at least ${mebibytes} MiB`) }
    })
    const { probabilities } = await runSweep({ ...pair, ...request, memoryBytes: mebibytes * 2 ** 20 })
    expect(probabilities).toHaveLength(1)
  })

  it('stops within one run of a block when it is cancelled', async () => {
    const controller = new AbortController()
    const request = {
      ...pair,
      models: readGolden('llama3').models.map(({ model }) => model),
      prompts: [{ tokens: [1, 2, 3], groups: [[[1]]] }],
      memoryBytes: 2 ** 30
    }
    let eventsAfterCancel = 0
    const run = async (): Promise<void> => {
      for await (const event of sweep(request, controller.signal)) {
        if (controller.signal.aborted) eventsAfterCancel++
        if (event.type === 'progress') controller.abort()
      }
    }
    await expect(run()).rejects.toThrow('cancelled')
    expect(eventsAfterCancel).toBe(0)
  })

  it('names a token that the vocabulary does not have', async () => {
    await expect(probe({ ...pair, model: { kind: 'base' }, prompts: [[1, VOCABULARY]] })).rejects.toThrow(
      `Token ${VOCABULARY} is outside the model's vocabulary of ${VOCABULARY} tokens.`
    )
  })
})
