import { describe, expect, it, vi } from 'vitest'
import {
  BASELINE_FAMILIES,
  baselineSampler,
  samplingBaselineFromText,
  samplingBaselineText,
  SAMPLING_KINDS,
  type TruncatedBaseline
} from '../../../../../src/contract/model/sampling-baseline'
import { OPEN_SAMPLING } from '../../../../../src/contract/model/sampling'
import { tokenProbabilities } from '../../../../../src/main/engine/rows/sampler'
import { truncatedProbabilities } from '../../../../../src/main/engine/rows/truncated-probabilities'

const LOGITS = Float32Array.of(4.5, 4, 1, 3, 2.75, -2, 0.5, 4, -6, 1.5)
const BASELINES: TruncatedBaseline[] = [0.5, 1, 2.5].flatMap((temperature) => [
  { kind: 'top-p', temperature, limit: 0.3 },
  { kind: 'top-p', temperature, limit: 0.9 },
  { kind: 'top-p', temperature, limit: 1 },
  { kind: 'top-k', temperature, limit: 1 },
  { kind: 'top-k', temperature, limit: 4 },
  { kind: 'top-k', temperature, limit: 50 },
  { kind: 'top-n-sigma', temperature, limit: 0.1 },
  { kind: 'top-n-sigma', temperature, limit: 1 }
])
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Computes a truncated distribution by its definition: sort, cut, divide. */
function byDefinition({ kind, temperature, limit }: TruncatedBaseline): number[] {
  const logits = [...LOGITS]
  const weights = logits.map((logit) => Math.exp(logit / temperature))
  const mean = sum(logits) / logits.length
  const deviation = Math.sqrt(sum(logits.map((logit) => (logit - mean) ** 2)) / (logits.length - 1))
  const isKept = (token: number): boolean => {
    const weight = weights[token] ?? NaN
    const likelier = weights.filter((other) => other > weight)
    if (kind === 'top-k') return likelier.length < limit
    if (kind === 'top-p') return sum(likelier) / sum(weights) < limit
    return (logits[token] ?? NaN) >= Math.max(...logits) - limit * deviation
  }
  const kept = weights.map((weight, token) => (isKept(token) ? weight : 0))
  return kept.map((weight) => weight / sum(kept))
}

describe('a cut of a next-token distribution', () => {
  it('equals its definition within 1e-9, with ties kept', () => {
    const tokens = [...LOGITS.keys()]
    for (const [index, values] of truncatedProbabilities(LOGITS, BASELINES, tokens).entries()) {
      const baseline = BASELINES[index]
      if (baseline === undefined) throw new Error('no baseline')
      for (const [token, expected] of byDefinition(baseline).entries())
        expect(Math.abs((values[token] ?? NaN) - expected), `${JSON.stringify(baseline)} ${token}`).toBeLessThan(1e-9)
    }
  })

  it('is the distribution that answers are drawn from', () => {
    const logits = LOGITS.map((logit, token) => logit + token / 100)
    const tokens = [...logits.keys()]
    for (const [index, values] of truncatedProbabilities(logits, BASELINES, tokens).entries()) {
      const baseline = BASELINES[index]
      if (baseline === undefined) throw new Error('no baseline')
      const drawn = tokenProbabilities(logits, { ...OPEN_SAMPLING, ...baselineSampler(baseline) }, [], tokens)
      for (const token of tokens) expect(values[token]).toBeCloseTo(drawn[token] ?? NaN, 9)
    }
  })

  it('is not finite where a logit is not', () => {
    const [values] = truncatedProbabilities(Float32Array.of(1, NaN, 2), BASELINES.slice(0, 1), [0])
    expect(values?.[0]).toBeNaN()
  })

  it('takes little more than two exponentials of each logit for all candidates of a sweep', () => {
    const logits = Float32Array.from({ length: 2 ** 16 }, (_, token) => Math.sin(token) * 9)
    const candidates = SAMPLING_KINDS.flatMap((kind) => BASELINE_FAMILIES[kind].candidates)
    const baselines = candidates.filter((candidate): candidate is TruncatedBaseline => 'limit' in candidate)
    const exponentials = vi.spyOn(Math, 'exp')
    truncatedProbabilities(logits, baselines, [0])
    const count = exponentials.mock.calls.length
    exponentials.mockRestore()
    expect(count).toBeLessThanOrEqual(2.5 * logits.length)
  })

  it('is the same for equal logits, and for logits that differ by any amount', () => {
    const tokens = [0, 1, 2, 3]
    const [cut] = BASELINES.filter(({ kind }) => kind === 'top-k')
    const of = (...logits: number[]): number[] =>
      truncatedProbabilities(Float32Array.from(logits), cut === undefined ? [] : [cut], tokens).flatMap((values) => [
        ...values
      ])
    expect(of(3, 3, 3, 3)).toEqual([0.25, 0.25, 0.25, 0.25])
    expect(of(-1e30, 1e30, 0, 1e30)).toEqual([0, 0.5, 0, 0.5])
    expect(of(1e-45, 0, -1e-45, -1)).toEqual([1, 0, 0, 0])
  })
})

it('writes and reads every candidate of every family', () => {
  for (const kind of SAMPLING_KINDS) {
    for (const candidate of BASELINE_FAMILIES[kind].candidates) {
      if ('strength' in candidate) throw new Error('a blend among the samplers')
      expect(samplingBaselineFromText(samplingBaselineText(candidate))).toEqual(candidate)
    }
  }
  expect(samplingBaselineFromText('top-p:0.9')).toBeNull()
  expect(samplingBaselineFromText('mix:3')).toBeNull()
})
