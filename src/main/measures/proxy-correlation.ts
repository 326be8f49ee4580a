import type { SweepDocument } from '../../contract/documents/crc'
import {
  isPlain,
  type EvaluationRun,
  mainMeasures,
  type ProxyCorrelation,
  type ProxyPick,
  type VariantResult
} from '../../contract/documents/evaluation'
import { scoreIn, withScores } from '../../contract/documents/swept-model'
import { elementAt } from '../../contract/model/look-up'
import type { RestorationRange } from '../../contract/model/recipe'
import { spanKey } from '../../contract/model/strengths'
import { rankCorrelation, rankInterval } from './statistics'

/** The sweeps of a project that say how well its proxy predicts a task. */
export interface Proxies {
  /** Scored by characters; null where there is none. */
  readonly characters: SweepDocument | null
  /** Scored by the very task of the evaluation, of the same checkpoints; null where there is none. */
  readonly task: SweepDocument | null
  /** What that of characters selects, and by which share of post's validity; left out where it selects nothing. */
  readonly picked?: { range: RestorationRange; rho: number } | undefined
}

/** A sweep as far as correlations are made of it, for the process that measures: a fiftieth of a deep one. */
export const scoresAlone = (sweep: SweepDocument): SweepDocument =>
  withScores(sweep, (score) => ({ ...score, prompts: [] }))

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
    return score === null ? [] : [{ score, result: elementAt(variants, index, 'variant') }]
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

/**
 * Scores of a task stand where those of characters do: coverage in place of diversity, precision in place of validity. Without an
 * interval: ranges overlap, so that neighbours score alike, and are no cases drawn independently.
 */
function overRanges(characters: SweepDocument, task: SweepDocument): ProxyCorrelation[] {
  const ofTask = new Map(task.ranges.map((range) => [spanKey(range), range]))
  const shared = characters.ranges.flatMap((range) => {
    const other = ofTask.get(spanKey(range))
    return other === undefined ? [] : [{ range, other }]
  })
  return [
    { measure: 'coverage' as const, against: 'diversity' as const },
    { measure: 'accuracy' as const, against: 'validity' as const }
  ].map(({ measure, against }): ProxyCorrelation => ({
    sweepId: characters.id,
    measure,
    against,
    correlation: rankCorrelation(shared.map(({ range, other }) => [range[against], other[against]] as const)),
    interval: null,
    over: 'ranges',
    count: shared.length
  }))
}

/** What the character task selects, scored by the task; undefined where it selects nothing, or that has no score. */
export function proxyPick({ picked, task }: Proxies): ProxyPick | undefined {
  if (picked === undefined || task === null) return undefined
  const { range, rho } = picked
  const score = task.ranges.find((other) => spanKey(other) === spanKey(range))
  if (score === undefined) return undefined
  return {
    range,
    validity: score.validity,
    limit: rho * task.post.validity,
    gain: score.diversity - task.post.diversity
  }
}
