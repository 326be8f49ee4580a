import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { passAtK } from '../../../../src/main/measures/correctness'
import { sampleMeasures } from '../../../../src/main/measures/sample-measures'
import { pairedDifferences, rankCorrelation } from '../../../../src/main/measures/statistics'
import { compressionRatio, expectationAdjustedDistinct, repetition } from '../../../../src/main/measures/cell-measures'
import { meanCosineDistance, vendiScore } from '../../../../src/main/measures/texts/embedding-measures'
import { wordsOf } from '../../../../src/main/measures/texts/words'

/**
 * Answers and their measures, computed once with NLTK 3.9 (`self-BLEU` with smoothing method 1), NumPy, SciPy and Python's zlib.
 */
const Reference = z.strictObject({
  answerSets: z.array(
    z.strictObject({
      answers: z.array(z.string()),
      selfBleu: z.number(),
      distinct2: z.number().nullable(),
      wordDistance: z.number(),
      repetition: z.number(),
      compressionRatio: z.number().nullable()
    })
  ),
  embeddings: z.array(
    z.strictObject({ rows: z.array(z.array(z.number())), cosineDistance: z.number(), vendiScore: z.number() })
  ),
  tokens: z.array(
    z.strictObject({
      tokens: z.array(z.array(z.number())),
      vocabulary: z.number(),
      adjustedDistinct: z.number()
    })
  ),
  differences: z.array(z.strictObject({ values: z.array(z.number()), pValue: z.number(), effectSize: z.number() })),
  ranks: z.array(z.strictObject({ a: z.array(z.number()), b: z.array(z.number()), correlation: z.number() })),
  passes: z.array(
    z.strictObject({ answers: z.number(), right: z.number(), k: z.number(), value: z.number().nullable() })
  )
})
const path = join(import.meta.dirname, '../../../fixtures/measures-reference.json')
const reference = Reference.parse(JSON.parse(readFileSync(path, 'utf8')))

/** Within 1e-9, or both undefined. */
function expectNear(found: number | null | undefined, expected: number | null): void {
  if (expected === null || typeof found !== 'number') expect(found ?? null).toBe(expected)
  else expect(Math.abs(found - expected)).toBeLessThan(1e-9)
}

describe('measures equal an independent computation within 1e-9', () => {
  it('of words, by NLTK and by definition', () => {
    expect(reference.answerSets.length).toBeGreaterThan(20)
    for (const { answers, ...expected } of reference.answerSets) {
      const { values } = sampleMeasures(answers)
      expectNear(values.selfBleu, expected.selfBleu)
      expectNear(values.distinct2, expected.distinct2)
      expectNear(values.wordDistance, expected.wordDistance)
      const repeated = answers.map((answer) => repetition(wordsOf(answer), 4))
      expectNear(repeated.reduce((sum, share) => sum + share, 0) / answers.length, expected.repetition)
    }
  })

  it("of compressed answers, byte for byte as Python's gzip", () => {
    for (const { answers, compressionRatio: expected } of reference.answerSets) {
      expectNear(compressionRatio(answers), expected)
    }
  })

  it('of embeddings, by NumPy', () => {
    for (const { rows, ...expected } of reference.embeddings) {
      const vectors = rows.map((row) => Float32Array.from(row))
      expectNear(meanCosineDistance(vectors), expected.cosineDistance)
      expectNear(vendiScore(vectors), expected.vendiScore)
    }
  })

  it('of tokens', () => {
    for (const { tokens, vocabulary, adjustedDistinct } of reference.tokens) {
      expectNear(expectationAdjustedDistinct(tokens, vocabulary), adjustedDistinct)
    }
  })

  it('of differences, ranks and passes', () => {
    for (const { values, pValue, effectSize } of reference.differences) {
      const [difference] = pairedDifferences([values])
      expectNear(difference?.pValue, pValue)
      expectNear(difference?.effectSize, effectSize)
    }
    for (const { a, b, correlation } of reference.ranks) {
      expectNear(rankCorrelation(a.map((value, i) => [value, b[i] ?? NaN])), correlation)
    }
    for (const { answers, right, k, value } of reference.passes) expectNear(passAtK(answers, right, k), value)
  })
})
