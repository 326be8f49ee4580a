import type { SweepDocument } from '../../contract/documents/crc'
import {
  type EvaluationResults,
  type EvaluationRun,
  type PromptScores,
  type ProxyCorrelation,
  type VariantResult
} from '../../contract/documents/evaluation'
import { MeasureId } from '../../contract/model/measures'
import { factsOf } from '../../contract/model/task-kinds'
import type { SampleLine } from '../../contract/documents/samples'
import { scoreIn } from '../../contract/documents/swept-model'
import { type Cell, cellMeasures, type Measures, rightCount } from './cell-measures'
import { passAtK } from './correctness'
import { AnswerReader } from '../answers/read-answer'
import {
  holmAdjusted,
  meanEstimate,
  pairedDifference,
  type PairedDifference,
  rankCorrelation
} from './statistics'

/** Of the bootstrap and the drawn sign assignments. */
const SEED = 1

/** Everything that an evaluation has stored. */
export interface StoredEvaluation {
  readonly run: EvaluationRun
  readonly samples: readonly SampleLine[]
  readonly scores: readonly PromptScores[]
  /** The judge's marks of answers, from 0 to 1. */
  readonly marks: readonly { variant: string; prompt: number; mark: number }[]
}

/**
 * What the stored answers say: each measure as a mean over prompts with its interval, each variant against post on the
 * same prompts, and how the proxy's scores order the variants. A pure function of what is stored: it can be made again
 * at any time. Thousands of answers take seconds: main has a thread do it (measures/host.ts).
 *
 * @param sweep whose scores stand for the proxy; null for none
 * @throws WorkbenchError `bad-input` when a pattern of the task is no regular expression or takes too long
 */
export function evaluationResults(stored: StoredEvaluation, sweep: SweepDocument | null): EvaluationResults {
  const { run } = stored
  const names = run.variants.map(({ variant }) => variant.name)
  const reader = new AnswerReader(run.task)
  const table = cellsOf(stored)
  const measures = table.map((cells) =>
    cells.map((cell) => cellMeasures(run.task, reader, run.vocabularySize, cell))
  )
  const reference = Math.max(
    0,
    run.variants.findIndex(
      ({ variant, sampling, prefix }) =>
        variant.kind === 'post' && sampling === undefined && prefix === undefined
    )
  )
  const variants = names.map((variant, index): VariantResult => ({
    variant,
    answerCount: table.reduce((sum, cells) => sum + (cells[index]?.samples.length ?? 0), 0),
    measures: estimates(measures.map((cells) => cells[index] ?? {})),
    differences: {},
    passAtK:
      factsOf(run.task.kind).rightAnswers === 'one'
        ? passAtPowers(
            reader,
            table.flatMap((cells) => cells[index] ?? [])
          )
        : []
  }))
  addDifferences(variants, measures, reference)
  return {
    comparedWith: names[reference] ?? '',
    variants,
    proxy: sweep === null ? [] : proxyCorrelations(run, variants, sweep),
    cells: measures
  }
}

/** [prompt][variant] */
function cellsOf({ run, samples, scores, marks }: StoredEvaluation): Cell[][] {
  const key = (prompt: number, variant: string): string => `${prompt} ${variant}`
  const samplesOf = groupedBy(samples, ({ prompt, variant }) => key(prompt, variant))
  const marksOf = groupedBy(marks, ({ prompt, variant }) => key(prompt, variant))
  const scoresOf = new Map(scores.map((score) => [score.prompt, score.cells]))
  return run.task.prompts.map((taskPrompt, prompt) =>
    run.variants.map(({ variant: { name } }) => ({
      prompt: taskPrompt,
      samples: (samplesOf.get(key(prompt, name)) ?? []).toSorted((a, b) => a.index - b.index),
      scores: scoresOf.get(prompt)?.find(({ variant }) => variant === name),
      marks: (marksOf.get(key(prompt, name)) ?? []).map(({ mark }) => mark)
    }))
  )
}

function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

function estimates(prompts: readonly Measures[]): VariantResult['measures'] {
  return Object.fromEntries(
    MeasureId.options.flatMap((id) => {
      const estimate = meanEstimate(
        prompts.flatMap((measures) => measures[id] ?? []),
        SEED
      )
      return estimate === null ? [] : [[id, estimate]]
    })
  )
}

/** Each variant against the reference, p-values adjusted over the variants of each measure. */
function addDifferences(
  variants: readonly VariantResult[],
  measures: readonly (readonly Measures[])[],
  reference: number
): void {
  for (const id of MeasureId.options) {
    const found = variants.flatMap((result, index) => {
      if (index === reference) return []
      const pairs = measures.flatMap((cells) => {
        const [value, other] = [cells[index]?.[id], cells[reference]?.[id]]
        return value === undefined || other === undefined ? [] : [value - other]
      })
      const difference = pairedDifference(pairs, SEED)
      return difference === null ? [] : [{ result, difference }]
    })
    const adjusted = holmAdjusted(found.map(({ difference }) => difference.pValue))
    for (const [i, { result, difference }] of found.entries()) {
      result.differences[id] = withAdjusted(difference, adjusted[i] ?? 1)
    }
  }
}

function withAdjusted(
  difference: PairedDifference,
  adjustedPValue: number
): PairedDifference & { adjustedPValue: number } {
  return { ...difference, adjustedPValue }
}

/** Means over prompts of pass@1, 2, 4, ... up to the answers that every prompt has. */
function passAtPowers(reader: AnswerReader, cells: readonly Cell[]): VariantResult['passAtK'] {
  const judged = cells.flatMap((cell) => {
    const right = rightCount(reader, cell)
    return right === null || cell.samples.length === 0 ? [] : [{ answers: cell.samples.length, right }]
  })
  const fewest = Math.min(...judged.map(({ answers }) => answers))
  if (!Number.isFinite(fewest)) return []
  const powers = Array.from({ length: Math.floor(Math.log2(fewest)) + 1 }, (_, power) => 2 ** power)
  return powers.map((k) => ({
    k,
    mean:
      judged.reduce((sum, { answers, right }) => sum + (passAtK(answers, right, k) ?? 0), 0) / judged.length
  }))
}

/** Only variants that the sweep has scored, and that run with nothing but their recipe, can be held against it. */
function proxyCorrelations(
  run: EvaluationRun,
  variants: readonly VariantResult[],
  sweep: SweepDocument
): ProxyCorrelation[] {
  const scored = run.variants.flatMap(({ variant, sampling, prefix }, index) => {
    const score = sampling === undefined && prefix === undefined ? scoreIn(sweep, variant) : null
    const result = variants[index]
    return score === null || result === undefined ? [] : [{ score, result }]
  })
  const main = factsOf(run.task.kind).mainMeasures
  return [
    { measure: main.diversity, against: 'diversity' as const },
    { measure: main.quality, against: 'validity' as const }
  ].map(({ measure, against }) => {
    const pairs = scored.flatMap(({ score, result }) => {
      const value = result.measures[measure]?.mean
      return value === undefined ? [] : [[score[against], value] as const]
    })
    return {
      sweepId: sweep.id,
      measure,
      against,
      correlation: rankCorrelation(pairs),
      variantCount: pairs.length
    }
  })
}
