import { describe, expect, it } from 'vitest'
import { writeSyntheticPair } from '../../../../../src/bench/synthetic-pair'
import { openDevice } from '../../../../../src/main/engine/device/device'
import {
  headSize,
  openLanguageHead,
  readSlice,
  sliceTokens,
  valuesOf
} from '../../../../../src/main/engine/forward/language-head'
import { closePairWeights, openPairWeights } from '../../../../../src/main/engine/weights/pair-weights'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'

/** A head of three slices, the last one short. */
const SHAPE = { shape: 'SmolLM2-135M', layerCount: 1, widthFactor: 1 / 3, vocabularySize: 50_000 } as const
/** More than a batch. */
const ROWS = 514

describe('the head', () => {
  const hidden = Float32Array.from({ length: ROWS * 192 }, (_, i) => Math.sin(i * i))

  it('joins what its slices of the vocabulary give, with no more than two of them in memory', async () => {
    const folders = await writeSyntheticPair(await temporaryFolder(), SHAPE, new AbortController().signal)
    const pair = await openPairWeights(folders.base, folders.post)
    const device = await openDevice('cpu')
    let lent = 0
    let mostLent = 0
    const asked: number[] = []
    const head = await openLanguageHead(device, pair.post, async (slice) => {
      asked.push(slice.count)
      mostLent = Math.max(mostLent, ++lent)
      const read = await readSlice(pair.post, slice)
      return { ...read, release: () => void lent-- }
    })
    const full = sliceTokens(pair.post.spec, headSize(false))
    const logits = await valuesOf(head.logits(hidden))
    expect(asked).toEqual([full, full, SHAPE.vocabularySize - 2 * full])
    const logSums = await valuesOf(head.logSums(hidden))
    expect({ lent, mostLent }).toEqual({ lent: 0, mostLent: 2 })

    const tokens = [0, full - 1, full, SHAPE.vocabularySize - 1]
    const some = await head.logitsOf(hidden, tokens)
    for (const row of [0, 1, 511, 512, ROWS - 1]) {
      const ofRow = logits.subarray(row * SHAPE.vocabularySize, (row + 1) * SHAPE.vocabularySize)
      const sum = ofRow.reduce((total, logit) => total + Math.exp(logit), 0)
      expect(logSums[row]).toBeCloseTo(Math.log(sum), 4)
      tokens.forEach((token, i) => {
        expect(some[row * tokens.length + i]).toBeCloseTo(ofRow[token] ?? NaN, 4)
      })
    }

    const stop = new AbortController()
    const cancelled = (async () => {
      for await (const event of head.logSums(hidden, stop.signal)) if (event.type === 'slice') stop.abort()
    })()
    await expect(cancelled).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    await head.close()
    await device.close()
    await closePairWeights(pair)
  })
})
