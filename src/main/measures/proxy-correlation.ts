import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { Score, SweepDocument } from '../../contract/documents/crc'
import {
  isPlain,
  type EvaluationRun,
  mainMeasures,
  type ProxyCorrelation,
  type VariantResult
} from '../../contract/documents/evaluation'
import { scoreIn } from '../../contract/documents/swept-model'
import { at } from '../../contract/model/look-up'
import { drawPrompts, interval } from '../crc/selection/bootstrap'
import { emptyMeans, meansOver, scoreTable, type ScoreTable } from '../crc/selection/score-table'
import { rankCorrelation, rankInterval } from './statistics'

const SEED = 1
const RESAMPLES = 500

/** The sweeps of a project that say how well its proxy predicts a task. */
export interface Proxies {
  /** Scored by characters; null where there is none. */
  readonly characters: SweepDocument | null
  /** Scored by the very task of the evaluation, of the same checkpoints; null where there is none. */
  readonly task: SweepDocument | null
}

/**
 * A sweep as far as correlations are made of it, for the process that measures: a fifth of a deep one where each prompt counts, a fiftieth
 * otherwise.
 *
 * @param ofPrompts whether the ranges of two sweeps are compared, with their prompts drawn again
 */
export function scoresAlone(sweep: SweepDocument, ofPrompts: boolean): SweepDocument {
  const means = <Scored extends Score>(score: Scored): Scored => ({ ...score, prompts: [] })
  const compared = <Scored extends Score>(score: Scored): Scored => ({
    ...score,
    prompts: ofPrompts ? score.prompts.map((prompt) => ({ ...prompt, probabilities: [] })) : []
  })
  return {
    ...sweep,
    base: sweep.base === null ? null : means(sweep.base),
    post: compared(sweep.post),
    ranges: sweep.ranges.map(compared),
    recipes: sweep.recipes.map(means),
    checkpoints: sweep.checkpoints.map(means),
    soup: sweep.soup.map(means),
    rivals: sweep.rivals.map(means)
  }
}

/**
 * How well the character task orders models as the evaluated task does: over all ranges where both have scored them exactly, over the
 * evaluated variants otherwise.
 */
export function proxyCorrelations(
  run: EvaluationRun,
  variants: readonly VariantResult[],
  { characters, task }: Proxies
): ProxyCorrelation[] {
  if (characters === null) return []
  return task === null ? overVariants(run, variants, characters) : overRanges(characters, task)
}

/** Only variants that the sweep has scored, and that run with nothing but their recipe, can be held against it. */
function overVariants(
  run: EvaluationRun,
  variants: readonly VariantResult[],
  sweep: SweepDocument
): ProxyCorrelation[] {
  const scored = run.variants.flatMap((entry, index) => {
    const score = isPlain(entry) ? scoreIn(sweep, entry.variant) : null
    return score === null ? [] : [{ score, result: at(variants, index, 'variant') }]
  })
  const main = mainMeasures(run.task.kind, variants)
  return [
    { measure: main.diversity, against: 'diversity' as const },
    { measure: main.quality, against: 'validity' as const }
  ].map(({ measure, against }): ProxyCorrelation => {
    const pairs = scored.flatMap(({ score, result }) => {
      const value = result.measures[measure]?.mean
      return value === undefined ? [] : [[score[against], value] as const]
    })
    const correlation = rankCorrelation(pairs)
    return {
      sweepId: sweep.id,
      measure,
      against,
      correlation,
      interval: correlation === null ? null : rankInterval(correlation, pairs.length),
      over: 'variants',
      count: pairs.length
    }
  })
}

/** Scores of a task stand where those of characters do: coverage in place of diversity, precision in place of validity. */
function overRanges(characters: SweepDocument, task: SweepDocument): ProxyCorrelation[] {
  const key = ({ start, end }: { start: number; end: number }): string => `${start} ${end}`
  const ofTask = new Map(task.ranges.map((range) => [key(range), range]))
  const shared = characters.ranges.flatMap((range) => {
    const other = ofTask.get(key(range))
    return other === undefined ? [] : [{ range, other }]
  })
  const tables = [
    scoreTable(
      characters.prompts,
      characters.post,
      shared.map(({ range }) => range)
    ),
    scoreTable(
      task.prompts,
      task.post,
      shared.map(({ other }) => other)
    )
  ] as const
  const observed = correlationsOf(tables, ({ categories }) => categories)
  const random = xoroshiro128plus(SEED)
  const resampled = Array.from({ length: RESAMPLES }, () =>
    correlationsOf(tables, ({ categories }) => drawPrompts(random, categories))
  )
  return [
    { measure: 'coverage' as const, against: 'diversity' as const },
    { measure: 'accuracy' as const, against: 'validity' as const }
  ].map(({ measure, against }): ProxyCorrelation => {
    const drawn = resampled.flatMap((correlations) => correlations[against] ?? [])
    return {
      sweepId: characters.id,
      measure,
      against,
      correlation: observed[against],
      interval: drawn.length < RESAMPLES ? null : interval(Float64Array.from(drawn)),
      over: 'ranges',
      count: shared.length
    }
  })
}

/** Spearman's correlation over the ranges of two tables, each with its prompts weighted as drawn. */
function correlationsOf(
  [a, b]: readonly [ScoreTable, ScoreTable],
  drawn: (table: ScoreTable) => readonly (readonly number[])[]
): Record<'diversity' | 'validity', number | null> {
  const [ofA, ofB] = [meansOver(a, drawn(a), emptyMeans(a)), meansOver(b, drawn(b), emptyMeans(b))]
  const correlation = (which: 'diversity' | 'validity'): number | null =>
    rankCorrelation(
      // The first row is post.
      Array.from(
        ofA[which].subarray(1),
        (value, range) => [value, at(ofB[which], range + 1, 'range')] as const
      )
    )
  return { diversity: correlation('diversity'), validity: correlation('validity') }
}
