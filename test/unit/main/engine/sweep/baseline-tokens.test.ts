import { expect, it } from 'vitest'
import { OPEN_SAMPLING } from '../../../../../src/contract/model/sampling'
import type { SamplingBaseline } from '../../../../../src/contract/model/sampling-baseline'
import type { LanguageHead } from '../../../../../src/main/engine/forward/language-head'
import { tokenProbabilities } from '../../../../../src/main/engine/rows/sampler'
import { baselineBytes, baselineTokens } from '../../../../../src/main/engine/sweep/baseline-tokens'

const VOCABULARY = 2 ** 20
const ROWS = 20
const TARGETS = [3, 70_000]
const BASELINES: SamplingBaseline[] = [{ kind: 'top-k', temperature: 2, limit: 5 }]
/** A logit that depends on the row, whose state is its number, and on few tokens. */
const logit = (row: number, token: number): number => (token % 10_000 === 0 ? 1 + row / 8 : token === 3 ? 1.5 : 0)

/** A head that writes logits by {@link logit}, and notes the rows that it computes at once. */
function headOf(rowsAtOnce: number[]): Pick<LanguageHead, 'logits'> {
  return {
    async *logits(hidden, _signal, into) {
      rowsAtOnce.push(hidden.length)
      const values = into?.subarray(0, hidden.length * VOCABULARY) ?? new Float32Array(hidden.length * VOCABULARY)
      for (const [index, row] of hidden.entries())
        for (let token = 0; token < VOCABULARY; token++) values[index * VOCABULARY + token] = logit(row, token)
      await Promise.resolve()
      yield { type: 'done', values }
    }
  }
}

it('computes baselines of a large vocabulary in batches, within the planned memory', async () => {
  const rowsAtOnce: number[] = []
  const head: LanguageHead = { ...unused(), ...headOf(rowsAtOnce) }
  const events = baselineTokens({
    baselines: BASELINES,
    rows: Array.from({ length: ROWS }, () => ({ tokens: [], next: TARGETS })),
    vocabularySize: VOCABULARY,
    post: { hidden: Float32Array.from({ length: ROWS }, (_, row) => row), head },
    base: null,
    sampling: OPEN_SAMPLING,
    draws: null,
    samplers: null,
    signal: undefined
  })
  const counts: number[] = []
  let drawn: number[] = []
  for await (const event of events) {
    if (event.type === 'rows') counts.push(event.count)
    else drawn = [...(event.drawn[0]?.[0] ?? [])]
  }
  expect(rowsAtOnce).toEqual([16, 4])
  expect(counts).toEqual(rowsAtOnce)
  // Post and base: 16 rows of a million float32 logits each.
  expect(baselineBytes(VOCABULARY, ROWS)).toBe(2 * 16 * 4 * VOCABULARY)
  expect(baselineBytes(2048, ROWS)).toBe(2 * ROWS * 4 * 2048)

  const sampling = { ...OPEN_SAMPLING, temperature: 2, topK: 5 }
  for (const row of [0, 15, 16, 19]) {
    const logits = Float32Array.from({ length: VOCABULARY }, (_, token) => logit(row, token))
    expect(drawn.slice(2 * row, 2 * row + 2)).toEqual([...tokenProbabilities(logits, sampling, [], TARGETS)])
  }
})

function unused(): Omit<LanguageHead, 'logits'> {
  const fail = (): never => {
    throw new Error('not used by baselines')
  }
  return { logSums: fail, drawn: fail, logitsOf: fail, normed: fail, close: fail }
}
