import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSyntheticPair } from '../../../../../src/bench/synthetic-pair'
import { type MinPDraw, OPEN_SAMPLING } from '../../../../../src/contract/model/sampling'
import { type Device, openDevice } from '../../../../../src/main/engine/device/device'
import { type DrawnRows, Draws } from '../../../../../src/main/engine/forward/draws'
import { openLanguageHead, valuesOf } from '../../../../../src/main/engine/forward/language-head'
import { mixedLogits } from '../../../../../src/main/engine/rows/baseline-logits'
import { tokenProbabilities } from '../../../../../src/main/engine/rows/sampler'
import {
  closePairWeights,
  openPairWeights,
  type PairWeights
} from '../../../../../src/main/engine/weights/pair-weights'

const SAMPLERS: MinPDraw[] = [
  { temperature: 1, minP: 0.1 },
  { temperature: 0.7, minP: 0 },
  { temperature: 3, minP: 0.05 },
  { temperature: 3, minP: 1 }
]
const ROWS = 5
const WIDTH = 300
const asked = Array.from({ length: ROWS }, (_, row) => Array.from({ length: row + 1 }, (_, i) => i * 40 + row))
const logits = (seed: number): Float32Array =>
  Float32Array.from({ length: ROWS * WIDTH }, (_, i) => 8 * Math.sin(seed * (i + 1) * (i + 1)))

let folder: string
let device: Device
let pair: PairWeights
let draws: Draws
beforeAll(async () => {
  const shape = { shape: 'SmolLM2-135M', layerCount: 1, widthFactor: 1 / 3, vocabularySize: 50_000 } as const
  folder = await mkdtemp(join(tmpdir(), 'slr-draws-'))
  const folders = await writeSyntheticPair(folder, shape, new AbortController().signal)
  pair = await openPairWeights(folders.base, folders.post)
  device = await openDevice('cpu')
  draws = new Draws(device, pair.post.spec, SAMPLERS)
})
afterAll(async () => {
  await draws.close()
  await device.close()
  await closePairWeights(pair)
  await rm(folder, { recursive: true })
})

function expectDrawn(drawn: DrawnRows, rows: Float32Array, width = WIDTH): void {
  expect(drawn).toHaveLength(SAMPLERS.length)
  for (const [sampler, draw] of SAMPLERS.entries()) {
    let place = 0
    for (const [row, tokens] of asked.entries()) {
      const ofRow = rows.subarray(row * width, (row + 1) * width)
      const wanted = tokenProbabilities(ofRow, { ...OPEN_SAMPLING, ...draw }, [], tokens)
      const found = drawn[sampler]?.subarray(place, (place += tokens.length)) ?? []
      expect(found).toHaveLength(tokens.length)
      wanted.forEach((p, i) => expect(Math.abs((found[i] ?? NaN) - p)).toBeLessThan(1e-6))
    }
  }
}

describe('samplers of temperature and min-p', () => {
  it('find tokens as likely as drawing makes them, in logits of one model, mixed and filtered', async () => {
    const [post, base] = [logits(0.7), logits(1.3)]
    expectDrawn(await draws.ofLogits(post, asked), post)
    for (const baseline of [
      { kind: 'mix', share: 0.3 },
      { kind: 'filter', share: 0.01 }
    ] as const) {
      const mixed = new Float32Array(ROWS * WIDTH)
      for (let row = 0; row < ROWS; row++) {
        const [from, to] = [row * WIDTH, (row + 1) * WIDTH]
        mixedLogits(baseline, post.subarray(from, to), base.subarray(from, to), mixed.subarray(from, to))
      }
      expectDrawn(await draws.ofBoth(baseline, { post, base }, asked), mixed)
    }
  })

  it('say of a row whose logits are not finite that nothing is known', async () => {
    const rows = logits(0.7)
    rows[2 * WIDTH + 7] = NaN
    const [own] = await draws.ofLogits(rows, asked)
    // A row is asked about as many tokens as there are rows up to it.
    expect(Array.from(own ?? [], Number.isNaN)).toEqual(asked.flatMap((tokens, row) => tokens.map(() => row === 2)))
  })

  it('find the same behind a head of several slices', async () => {
    const head = await openLanguageHead(device, pair.post)
    const hidden = Float32Array.from({ length: ROWS * 192 }, (_, i) => Math.sin(i * i))
    const rows = await valuesOf(head.logits(hidden))
    const drawn: number[][] = SAMPLERS.map(() => [])
    for await (const event of head.drawn(hidden, draws, (row) => asked[row] ?? [], 2)) {
      if (event.type === 'drawn') event.next.forEach((next, sampler) => drawn[sampler]?.push(...next))
    }
    expectDrawn(
      drawn.map((values) => Float64Array.from(values)),
      rows,
      50_000
    )
    await head.close()
  })
})
