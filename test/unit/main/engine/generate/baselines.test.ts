import { describe, expect, it } from 'vitest'
import type { AnsweringModel } from '../../../../../src/contract/model/model'
import type { SamplingBaseline } from '../../../../../src/contract/model/sampling-baseline'
import { OPEN_SAMPLING, type Sampling } from '../../../../../src/contract/model/sampling'
import { generate } from '../../../../../src/main/engine/generate/generate'
import { sweep } from '../../../../../src/main/engine/sweep/sweep'
import { goldenPath } from '../../../../fixtures/goldens'
import { finishedAnswers } from '../../../../fixtures/few-answers'

const PAIR = {
  base: goldenPath('llama3', 'base-bf16'),
  post: goldenPath('llama3', 'post-bf16'),
  device: 'cpu' as const
}
const VOCABULARY = 320
const PROMPT = [1, 2, 3]
const BASELINES: SamplingBaseline[] = [
  { kind: 'sampler', temperature: 0.5, minP: 0.02 },
  { kind: 'mix', share: 0.4 },
  { kind: 'filter', share: 0.2 }
]
const baselineModels = BASELINES.map((baseline): AnsweringModel => ({ kind: 'baseline', baseline }))

/** Answers by model, in the order of their indices. */
async function answers(
  models: AnsweringModel[],
  settings: { sampling: Sampling; maxTokens: number; sampleCount: number }
): Promise<number[][][]> {
  const found: number[][][] = models.map(() => [])
  const request = { ...PAIR, models, prompts: [PROMPT], finished: [], seed: 1, stopTokens: [], stopTexts: [] }
  const limits = { memoryBytes: 2 ** 30, batchRows: 64 }
  for (const { model, index, tokens } of await finishedAnswers(
    generate({ ...request, ...settings, ...limits }, () => null)
  )) {
    const ofModel = found[model] ?? []
    ofModel[index] = tokens
  }
  return found
}

/** Returns the probability of every token for each baseline, as a sweep computes it. */
async function exact(sampling: Sampling): Promise<number[][]> {
  const groups = Array.from({ length: VOCABULARY }, (_, token) => [[token]])
  const request = {
    ...PAIR,
    models: [{ kind: 'post' as const }, { kind: 'base' as const }],
    baselines: BASELINES
  }
  const found: number[][] = []
  const events = sweep({ ...request, sampling, prompts: [{ tokens: PROMPT, groups }], memoryBytes: 2 ** 30 })
  for await (const event of events) {
    if (event.type === 'probabilities' && event.model >= 2) found[event.model - 2] = event.probabilities[0] ?? []
  }
  return found
}

describe('baselines that answer', () => {
  it('draw the first token as a sweep says that they do, within what so many draws can be off', async () => {
    const sampleCount = 3000
    const drawn = await answers(baselineModels, { sampling: OPEN_SAMPLING, maxTokens: 1, sampleCount })
    const promised = await exact(OPEN_SAMPLING)
    for (const [r, baseline] of BASELINES.entries()) {
      const counts = new Array<number>(VOCABULARY).fill(0)
      for (const [token = 0] of drawn[r] ?? []) counts[token] = (counts[token] ?? 0) + 1
      for (const [token, count] of counts.entries()) {
        const p = promised[r]?.[token] ?? NaN
        const off = Math.abs(count / sampleCount - p)
        // Five standard errors, and a draw more for tokens that hardly ever come.
        expect(off, `${baseline.kind} ${token}`).toBeLessThan(
          5 * Math.sqrt((p * (1 - p)) / sampleCount) + 1.5 / sampleCount
        )
        if (p === 0) expect(count).toBe(0)
      }
    }
  })

  it('are post and base at the ends of a mix, token for token', async () => {
    const models: AnsweringModel[] = [
      { kind: 'baseline', baseline: { kind: 'mix', share: 0 } },
      { kind: 'post' },
      { kind: 'base' },
      { kind: 'baseline', baseline: { kind: 'mix', share: 1 } }
    ]
    const greedy = { sampling: { ...OPEN_SAMPLING, temperature: 0 }, maxTokens: 12, sampleCount: 1 }
    const [atPost, post, base, atBase] = await answers(models, greedy)
    expect(post?.[0]).toHaveLength(12)
    expect(atPost).toEqual(post)
    expect(atBase).toEqual(base)
    expect(base).not.toEqual(post)
  })

  it('change no drawing beside them, and draw the same by themselves', async () => {
    const settings = { sampling: { ...OPEN_SAMPLING, minP: 0.1 }, maxTokens: 6, sampleCount: 20 }
    const post: AnsweringModel = { kind: 'post' }
    const [together, alone, mixAlone] = [
      await answers([post, ...baselineModels], settings),
      await answers([post], settings),
      await answers(baselineModels.slice(1, 2), settings)
    ]
    expect(together[0]).toEqual(alone[0])
    expect(together[2]).toEqual(mixAlone[0])
    expect(together[2]).not.toEqual(alone[0])
  })
})
