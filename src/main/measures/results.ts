import {
  type CategoryResult,
  type MeasureDifference,
  type Estimate,
  type EvaluationResults,
  type EvaluationRun,
  type EvaluationVariant,
  isPlain,
  type PromptScores,
  variantSettingsKey,
  type VariantResult
} from '../../contract/documents/evaluation'
import { type Measure, MeasureId, measureOf } from '../../contract/model/measures'
import { taskKindFacts } from '../../contract/model/task-kinds'
import type { SampleLine } from '../../contract/documents/samples'
import { besideRanges } from './beside-ranges'
import { interactions } from './interactions'
import { cellMeasures, equalLength, rightCount } from './cell-measures'
import type { EvaluationCell, Measures } from './evaluation-cell'
import { passAtK } from './correctness'
import { notFoundError } from '../../contract/model/problem'
import { isExternal, weightsKey } from '../../contract/model/model'
import { elementAt } from '../../contract/model/look-up'
import { AnswerReader } from '../answers/read-answer'
import { type JudgedPair, pairJudgement } from './judged-pairs'
import { type Proxies, proxyCorrelations, proxyPick } from './proxy-correlation'
import { meanEstimate, pairedDifferences } from './statistics'
import { multimap } from '../../contract/model/multimap'

export interface StoredEvaluation {
  readonly run: EvaluationRun
  readonly samples: readonly SampleLine[]
  readonly scores: readonly PromptScores[]
  /** The judge's scores of answers, from 0 to 1. */
  readonly judgeScores: readonly { variant: string; prompt: number; index: number; score: number }[]
  readonly pairs: readonly JudgedPair[]
  /** Canonical forms of a variant's answers to a prompt, in order, as read by a judge. Incomplete lists are omitted. */
  readonly forms: readonly { variant: string; prompt: number; forms: readonly (string | null)[] }[]
}

/**
 * Computes the measures of stored answers as means over prompts with intervals, compared with one variant on the same
 * prompts. It takes seconds, so main runs it in a process. @param against reference variant; post or else the first
 * by default
 */
export function evaluationResults(stored: StoredEvaluation, proxies: Proxies, against?: string): EvaluationResults {
  const { run } = stored
  const reader = new AnswerReader(run.task)
  const table = cellsOf(stored).map(onEqualTerms)
  const measures = table.map((cells) => {
    const words = equalLength(cells.map(({ samples }) => samples))
    return cells.map((cell) => cellMeasures(run.task, reader, run.vocabularySize, cell, words))
  })
  const reference = referenceIn(run.variants, against)
  const tables = { run, reader, table, measures, reference }
  const variants = variantResults(tables)
  const pick = proxyPick(proxies)
  const changes = interactions(run, measures, reference)
  return {
    comparedWith: elementAt(run.variants, reference, 'variant').variant.name,
    variants,
    // Ranges are compared with each other variant, whichever reference was chosen for the other differences.
    besideRanges: besideRanges({
      run,
      measures,
      reference: referenceIn(run.variants, undefined),
      keys: run.variants.map((entry) => variantKey(run, entry))
    }),
    ...(changes.length === 0 ? {} : { interactions: changes }),
    categories: categoryResults(tables),
    proxy: proxyCorrelations(run, variants, proxies),
    ...(pick === undefined ? {} : { proxyPick: pick }),
    pairs:
      run.pairJudge === null
        ? null
        : pairJudgement(
            stored.pairs,
            variants.map(({ variant }) => variant),
            reference,
            Math.min(run.pairJudge.answersPerPrompt, run.task.settings.sampleCount)
          ),
    cells: measures
  }
}

interface ComparedCell extends EvaluationCell {
  readonly answerCount: number
}

/** Reduces the cells of a prompt to as many answers as the variant with the fewest has. */
function onEqualTerms(cells: readonly EvaluationCell[]): ComparedCell[] {
  const counts = cells.map(({ samples }) => samples.length).filter((count) => count > 0)
  const count = counts.length === 0 ? 0 : Math.min(...counts)
  return cells.map((cell) => ({
    ...cell,
    samples: cell.samples.slice(0, count),
    forms: cell.forms?.slice(0, count) ?? null,
    answerCount: cell.samples.length
  }))
}

/** Cells and measures of an evaluation, by prompt and variant. */
interface Tables {
  readonly run: EvaluationRun
  readonly reader: AnswerReader
  readonly table: readonly (readonly ComparedCell[])[]
  readonly measures: readonly (readonly Measures[])[]
  /** Index of the variant that the others are compared with. */
  readonly reference: number
}

function variantResults({ run, reader, table, measures, reference }: Tables): VariantResult[] {
  const keys = run.variants.map((entry) => variantKey(run, entry))
  const measureResults = new Map(
    MeasureId.options.map((id) => [
      id,
      compared(
        measures.map((cells) => cells.map((values) => values[id])),
        reference,
        measureOf(id),
        keys
      )
    ])
  )
  const passResults =
    taskKindFacts(run.task.kind).rightAnswers === 'one' ? passesCompared(reader, table, reference, keys) : []
  return run.variants.map(({ variant: { name } }, index): VariantResult => {
    const variantMeasures = [...measureResults].map(([id, results]) => ({
      id,
      ...elementAt(results, index, 'variant')
    }))
    return {
      variant: name,
      answerCount: table.reduce((sum, cells) => sum + elementAt(cells, index, 'variant').answerCount, 0),
      measures: Object.fromEntries(
        variantMeasures.flatMap(({ id, estimate }) => (estimate === null ? [] : [[id, estimate]]))
      ),
      differences: Object.fromEntries(
        variantMeasures.flatMap(({ id, difference }) => (difference === null ? [] : [[id, difference]]))
      ),
      passAtK: passResults.flatMap(({ k, results }) => {
        const { estimate, difference } = elementAt(results, index, 'variant')
        return estimate === null ? [] : [{ k, ...estimate, difference }]
      })
    }
  })
}

function categoryResults({ table, measures, ...others }: Tables): CategoryResult[] {
  const promptsByCategory = multimap(
    [...table.keys()].map((prompt) => [elementAt(others.run.task.prompts, prompt, 'prompt').category, prompt])
  )
  if (promptsByCategory.size < 2) return []
  return [...promptsByCategory].map(([category, prompts]) => ({
    category,
    promptCount: prompts.length,
    variants: variantResults({
      ...others,
      table: prompts.map((prompt) => elementAt(table, prompt, 'prompt')),
      measures: prompts.map((prompt) => elementAt(measures, prompt, 'prompt'))
    })
  }))
}

function referenceIn(variants: EvaluationRun['variants'], against: string | undefined): number {
  if (against === undefined) {
    const post = variants.findIndex((entry) => entry.variant.kind === 'post' && isPlain(entry))
    return Math.max(0, post)
  }
  const index = variants.findIndex(({ variant }) => variant.name === against)
  if (index !== -1) return index
  throw notFoundError(
    `This evaluation has no variant ${against}.`,
    `It has ${variants.map(({ variant }) => variant.name).join(', ')}.`
  )
}

function cellsOf({ run, samples, scores, judgeScores, forms }: StoredEvaluation): EvaluationCell[][] {
  const key = (prompt: number, variant: string): string => `${prompt} ${variant}`
  const samplesOf = multimap(samples.map((sample) => [key(sample.prompt, sample.variant), sample]))
  const judgeScoresOf = multimap(
    judgeScores.map(({ prompt, variant, index, score }) => [key(prompt, variant), [index, score] as const])
  )
  const formsOf = new Map(forms.map((cell) => [key(cell.prompt, cell.variant), cell.forms]))
  const scoresOf = new Map(scores.map((score) => [score.prompt, score.cells]))
  return run.task.prompts.map((taskPrompt, prompt) =>
    run.variants.map(({ variant: { name } }) => ({
      prompt: taskPrompt,
      samples: (samplesOf.get(key(prompt, name)) ?? []).toSorted((a, b) => a.index - b.index),
      scores: scoresOf.get(prompt)?.find(({ variant }) => variant === name),
      judgeScores: new Map(judgeScoresOf.get(key(prompt, name)) ?? []),
      forms: formsOf.get(key(prompt, name)) ?? null
    }))
  )
}

interface ComparedVariant {
  estimate: Estimate | null
  /** Difference to the reference; null for the reference itself. */
  difference: MeasureDifference | null
}

/** Builds a key that is equal for variants of equal weights and settings. The key of external models is their name. */
const variantKey = (run: EvaluationRun, entry: EvaluationVariant): string => {
  const model = isExternal(entry.variant) ? entry.variant.name : weightsKey(entry.variant)
  return `${model} ${variantSettingsKey(entry, run.task.settings.sampling)}`
}

/** Compares variants. @param values [prompt][variant]; undefined omits the prompt @param keys see {@link variantKey} */
function compared(
  values: readonly (readonly (number | undefined)[])[],
  reference: number,
  scale: Pick<Measure, 'scale' | 'greatest'>,
  keys: readonly string[]
): ComparedVariant[] {
  const indices = (values[0] ?? []).map((_, index) => index)
  const others = indices.filter((index) => index !== reference)
  const differences = pairedDifferences(
    others.map((index) =>
      values.flatMap((prompt) => {
        const [value, other] = [prompt[index], prompt[reference]]
        return value === undefined || other === undefined ? [] : [value - other]
      })
    ),
    others.map((index) => (keys[index] === keys[reference] ? null : elementAt(keys, index, 'variant')))
  )
  return indices.map((index) => ({
    estimate: meanEstimate(
      values.flatMap((prompt) => prompt[index] ?? []),
      scale
    ),
    difference: index === reference ? null : elementAt(differences, others.indexOf(index), 'variant')
  }))
}

/** Computes pass@1, 2, 4, ... up to the number of answers that every judged prompt has. */
function passesCompared(
  reader: AnswerReader,
  table: readonly (readonly EvaluationCell[])[],
  reference: number,
  keys: readonly string[]
): { k: number; results: ComparedVariant[] }[] {
  const judged = table.map((cells) =>
    cells.map((cell) => ({ answers: cell.samples.length, right: rightCount(reader, cell) }))
  )
  const fewest = Math.min(
    ...judged.flat().flatMap(({ answers, right }) => (right === null || answers === 0 ? [] : [answers]))
  )
  if (!Number.isFinite(fewest)) return []
  const powers = Array.from({ length: Math.floor(Math.log2(fewest)) + 1 }, (_, power) => 2 ** power)
  return powers.map((k) => ({
    k,
    results: compared(
      judged.map((cells) =>
        cells.map(({ answers, right }) => (right === null ? undefined : (passAtK(answers, right, k) ?? undefined)))
      ),
      reference,
      measureOf('passAtN'),
      keys
    )
  }))
}
