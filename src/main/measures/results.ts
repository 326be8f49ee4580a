import {
  type CategoryResult,
  type MeasureDifference,
  type Estimate,
  type EvaluationResults,
  type EvaluationRun,
  type EvaluationVariant,
  isPlain,
  variantSettingsKey,
  type VariantResult
} from '../../contract/documents/evaluation'
import { isCounted } from '../../contract/documents/samples'
import { type CountLimits, limitsOf, MeasureId, measureOf } from '../../contract/model/measures'
import type { Task } from '../../contract/documents/task'
import { taskKindFacts } from '../../contract/model/task-kinds'
import { besideRanges } from './beside-ranges'
import { compareSettingEffects } from './interactions'
import { cellMeasures, equalLength, rightCount } from './cell-measures'
import type { EvaluationCell, Measures } from './evaluation-cell'
import { subtract } from './main-differences'
import { passAtK } from './correctness'
import { notFoundError } from '../../contract/model/problem'
import { isExternal, weightsKey } from '../../contract/model/model'
import { elementAt } from '../../contract/model/look-up'
import { AnswerReader } from '../answers/read-answer'
import { pairJudgement } from './judged-pairs'
import type { Proxies, StoredEvaluation } from './messages'
import { proxyCorrelations, proxyPick } from './proxy-correlation'
import { meanEstimate, pairedDifferences } from './statistics'
import { multimap } from '../../contract/model/multimap'

/**
 * Computes the measures of stored answers as means over prompts with intervals, and their differences to one reference
 * variant on the same prompts. It takes seconds, so main runs it in another process.
 * @param proxies sweeps whose ranking of models is compared with the evaluation's.
 * @param against name of the reference variant. By default it is post, or the first variant without post.
 * @throws WorkbenchError `not-found` for an unknown reference
 */
export function evaluationResults(stored: StoredEvaluation, proxies: Proxies, against?: string): EvaluationResults {
  const { run } = stored
  const reader = new AnswerReader(run.task)
  const table = cellsOf(stored).map((cells) => withEqualCounts(run.task, cells))
  const measures = table.map((cells) => {
    const words = equalLength(cells.map(({ samples }) => samples))
    return cells.map((cell) => cellMeasures(run.task, reader, run.vocabularySize, cell, words))
  })
  const reference = referenceIn(run.variants, against)
  const tables = { run, reader, table, measures, reference }
  const variants = variantResults(tables)
  const results: EvaluationResults = {
    comparedWith: elementAt(run.variants, reference, 'variant').variant.name,
    variants,
    // These comparisons always omit the default reference, and do not depend on `against`.
    besideRanges: besideRanges({
      run,
      measures,
      reference: referenceIn(run.variants, undefined),
      keys: run.variants.map((entry) => variantKey(run, entry))
    }),
    categories: categoryResults(tables),
    proxy: proxyCorrelations(run, variants, proxies),
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
  const interactions = compareSettingEffects(run, measures, reference)
  if (interactions.length > 0) results.interactions = interactions
  const pick = proxyPick(proxies)
  if (pick !== undefined) results.proxyPick = pick
  return results
}

/** A cell reduced to the compared answers. */
interface ComparedCell extends EvaluationCell {
  /** Number of answers before the reduction. */
  readonly answerCount: number
}

/**
 * Reduces the cells of a prompt to as many answers as the variant with the fewest has. Failed answers and empty cells
 * do not count, and refused answers only in a task of refusals.
 */
function withEqualCounts({ kind }: Task, cells: readonly EvaluationCell[]): ComparedCell[] {
  const counted = cells.map(({ samples }) =>
    samples.filter((sample) => isCounted(sample) || (kind === 'refusals' && sample.finish === 'refused'))
  )
  const counts = counted.map(({ length }) => length).filter((count) => count > 0)
  const count = counts.length === 0 ? 0 : Math.min(...counts)
  return cells.map((cell, index) => ({
    ...cell,
    samples: elementAt(counted, index, 'cell').slice(0, count),
    forms: cell.forms?.slice(0, count) ?? null,
    answerCount: cell.samples.length
  }))
}

/** Cells and measures of an evaluation, both [prompt][variant]. */
interface Tables {
  readonly run: EvaluationRun
  readonly reader: AnswerReader
  readonly table: readonly (readonly ComparedCell[])[]
  readonly measures: readonly (readonly Measures[])[]
  /** Index of the variant that the others are compared with. */
  readonly reference: number
}

/** Compares each measure, and pass@k of tasks with one right answer, with the reference. One result per variant. */
function variantResults({ run, reader, table, measures, reference }: Tables): VariantResult[] {
  const keys = run.variants.map((entry) => variantKey(run, entry))
  const most = countLimits(run.task, reader)
  const measureResults = new Map(
    MeasureId.options.map((id) => [
      id,
      compareVariants(
        measures.map((cells) => cells.map((values) => values[id])),
        reference,
        limitsOf(measureOf(id), most),
        keys
      )
    ])
  )
  const passResults =
    taskKindFacts(run.task.kind).rightAnswers === 'one' ? comparePasses(reader, table, reference, keys) : []
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

/** Returns the largest possible counts of one prompt. */
function countLimits({ prompts, settings: { sampleCount } }: EvaluationRun['task'], reader: AnswerReader): CountLimits {
  const listed = prompts.map((prompt) => Math.min(sampleCount, reader.rightCount(prompt) ?? Infinity))
  return { answers: sampleCount, listed: Math.max(...listed) }
}

/** Computes the results on the prompts of each category; none for a single category. */
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

/** Finds the index of the reference variant by its name. By default it is post, or the first variant without post. */
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

/** Sorts stored answers and scores into cells, [prompt][variant]. */
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

/** Mean of one variant over prompts; null if no prompt has a value. */
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

/**
 * Compares the variants by one measure.
 * @param values [prompt][variant]; undefined if the variant has no value on the prompt.
 * @param limits smallest and largest possible value.
 * @param keys the {@link variantKey} of each variant
 */
function compareVariants(
  values: readonly (readonly (number | undefined)[])[],
  reference: number,
  limits: readonly [number, number],
  keys: readonly string[]
): ComparedVariant[] {
  const indices = (values[0] ?? []).map((_, index) => index)
  const others = indices.filter((index) => index !== reference)
  const differences = pairedDifferences(
    others.map((index) => values.flatMap((variants) => subtract(variants[index], variants[reference]) ?? [])),
    others.map((index) => (keys[index] === keys[reference] ? null : elementAt(keys, index, 'variant')))
  )
  return indices.map((index) => ({
    estimate: meanEstimate(
      values.flatMap((prompt) => prompt[index] ?? []),
      limits
    ),
    difference: index === reference ? null : elementAt(differences, others.indexOf(index), 'variant')
  }))
}

/** Compares pass@1, pass@2, pass@4, ... up to the number of answers that every variant has to every judged prompt. */
function comparePasses(
  reader: AnswerReader,
  table: readonly (readonly EvaluationCell[])[],
  reference: number,
  keys: readonly string[]
): { k: number; results: ComparedVariant[] }[] {
  const judged = table.map((cells) =>
    cells.map((cell) => ({ answers: cell.samples.length, right: rightCount(reader, cell) }))
  )
  const counts = judged.flat().flatMap(({ answers, right }) => (right === null || answers === 0 ? [] : [answers]))
  if (counts.length === 0) return []
  const fewest = Math.min(...counts)
  const powers = Array.from({ length: Math.floor(Math.log2(fewest)) + 1 }, (_, power) => 2 ** power)
  return powers.map((k) => ({
    k,
    results: compareVariants(
      judged.map((cells) =>
        cells.map(({ answers, right }) => (right === null ? undefined : (passAtK(answers, right, k) ?? undefined)))
      ),
      reference,
      limitsOf(measureOf('passAtN')),
      keys
    )
  }))
}
