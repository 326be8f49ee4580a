import { describe, expect, it } from 'vitest'
import { elementAt } from '../../../../../src/contract/model/look-up'
import type { ReadAnswer, ReadRequest } from '../../../../../src/contract/procedures/engine'
import { decodeFloat32 } from '../../../../../src/main/checkpoint/dtype'
import { textToFloats } from '../../../../../src/main/base/float-text'
import { closePairWeights, openPairWeights } from '../../../../../src/main/engine/weights/pair-weights'
import { readAnswers } from '../../../../../src/main/engine/questions/read-answers'
import { wholeModelTensors } from '../../../../../src/main/family'
import { collect } from '../../../../fixtures/collect'
import { GOLDEN_FAMILIES, LOGIT_TOLERANCE, readGolden } from '../../../../fixtures/goldens'

const read = async (request: Omit<ReadRequest, 'device' | 'embeds'>): Promise<ReadAnswer[]> =>
  (await collect(readAnswers({ device: 'cpu', embeds: true, ...request }))).flat()

function logSoftmax(logits: readonly number[], token: number): number {
  const highest = Math.max(...logits)
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - highest), 0)
  return (logits[token] ?? NaN) - highest - Math.log(sum)
}

describe.each(GOLDEN_FAMILIES)('%s', (name) => {
  const family = readGolden(name)
  const { dtype, base, post } = family.pairs[0] ?? { dtype: '', base: '', post: '' }

  it('finds an answer as likely as the reference logits say', async () => {
    const short = family.prompts.short ?? []
    const first = 2
    // One hybrid: which layers belong to which model is tested with logits.
    const { name: modelName, model } = elementAt(family.models, 2, 'model')
    const reference = family.allLogits(dtype, modelName)
    if (reference === undefined) throw new Error('the golden has no logits of every position')
    const expected = short
      .slice(first)
      .reduce((sum, token, i) => sum + logSoftmax(reference[first + i - 1] ?? [], token), 0)
    const [event] = await read({
      base,
      post,
      model,
      prompts: [{ tokens: short.slice(0, first), answers: [short.slice(first)] }],
      stateBytes: 2 ** 30
    })
    const tolerance = 2 * LOGIT_TOLERANCE * (short.length - first)
    expect(Math.abs((event?.logLikelihood ?? NaN) - expected)).toBeLessThan(tolerance)
  })
})

describe('answers that are read', () => {
  const family = readGolden('llama3')
  const { dtype, base, post } = family.pairs[0] ?? { dtype: '', base: '', post: '' }
  const model = { kind: 'post' as const }
  const prompts = [
    { tokens: [5, 6, 7], answers: [[8, 9], [8, 9], [8, 10, 11], [12]] },
    { tokens: [5, 6], answers: [[7, 8]] }
  ]

  it('give the same whatever is read beside them and however little memory there is', async () => {
    const together = await read({ base, post, model, prompts, stateBytes: 2 ** 30 })
    const alone = await read({ base, post, model, prompts, stateBytes: 1 })
    expect(together.map(({ prompt, answer }) => [prompt, answer])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 0]
    ])
    for (const [i, event] of together.entries()) {
      expect(event.logLikelihood).toBeCloseTo(alone[i]?.logLikelihood ?? NaN, 4)
      const other = textToFloats(alone[i]?.embedding ?? '')
      textToFloats(event.embedding ?? '').forEach((value, k) => {
        expect(value).toBeCloseTo(other[k] ?? NaN, 4)
      })
    }
    expect(together[0]?.embedding).toEqual(together[1]?.embedding)
  })

  it('have the mean of the states that the head reads for their embedding', async () => {
    const prompt = family.prompts.short ?? []
    const expected = family.lastLogits(dtype, 'post').short ?? []
    // A single token's embedding is its state after the final norm: times the head it must give the reference logits.
    const [event] = await read({
      base,
      post,
      model,
      prompts: [{ tokens: prompt.slice(0, -1), answers: [prompt.slice(-1)] }],
      stateBytes: 2 ** 30
    })
    const embedding = textToFloats(event?.embedding ?? '')
    const pair = await openPairWeights(base, post)
    const { spec, reader } = pair.post
    const { head } = wholeModelTensors(spec)
    const weights = new Float32Array(spec.vocabularySize * spec.hiddenSize)
    decodeFloat32(await reader.read(head.name), pair.post.dtype(head.name), weights)
    await closePairWeights(pair)
    for (let token = 0; token < spec.vocabularySize; token += 17) {
      const row = weights.subarray(token * spec.hiddenSize, (token + 1) * spec.hiddenSize)
      const logit = row.reduce((sum, weight, i) => sum + weight * (embedding[i] ?? NaN), 0)
      expect(Math.abs(logit - (expected[token] ?? NaN))).toBeLessThan(LOGIT_TOLERANCE)
    }
  })

  it('come without embeddings if none are wanted', async () => {
    const request = { base, post, device: 'cpu' as const, model, prompts, stateBytes: 2 ** 30 }
    const [embedded] = await collect(readAnswers({ ...request, embeds: true }))
    const events = await collect(readAnswers({ ...request, embeds: false }))
    expect(events).toEqual([embedded?.map((answer) => ({ ...answer, embedding: null }))])
  })

  it('stop when they are no longer wanted', async () => {
    const request: ReadRequest = { base, post, device: 'cpu', model, prompts, stateBytes: 2 ** 30, embeds: true }
    const reading = readAnswers(request, AbortSignal.abort())
    await expect(reading.next()).rejects.toMatchObject({ problem: { code: 'cancelled' } })
  })
})
