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
import { findRange, spanKey } from '../../contract/model/strengths'
import type { Proxies } from './messages'
import { rankCorrelation, rankInterval } from './statistics'

/** Removes the scores of single prompts, because a message with them is fifty times as large. */
export const withoutPromptScores = (sweep: SweepDocument): SweepDocument =>
  withScores(sweep, (score) => ({ ...score, prompts: [] }))

/**
 * Computes how similarly the character task and the evaluated task rank models, for diversity and for quality. It
 * compares the ranges of two sweeps if the task has a sweep, otherwise the evaluated variants.
 */
export function proxyCorrelations(
  run: EvaluationRun,
  variants: readonly VariantResult[],
  { characters, task }: Proxies
): ProxyCorrelation[] {
  if (characters === null || run.task.kind === 'refusals') return []
  return task === null ? overVariants(run, variants, characters) : overRanges(characters, task)
}

/** Compares evaluated variants with a sweep that scored them with default settings. */
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

/** Compares ranges of two sweeps, without an interval, because ranges overlap. */
function overRanges(characters: SweepDocument, task: SweepDocument): ProxyCorrelation[] {
  const taskRanges = new Map(task.ranges.map((range) => [spanKey(range), range]))
  const shared = characters.ranges.flatMap((byCharacters) => {
    const byTask = taskRanges.get(spanKey(byCharacters))
    return byTask === undefined ? [] : [{ byCharacters, byTask }]
  })
  return [
    { measure: 'coverage' as const, against: 'diversity' as const },
    { measure: 'accuracy' as const, against: 'validity' as const }
  ].map(({ measure, against }): ProxyCorrelation => ({
    sweepId: characters.id,
    measure,
    against,
    correlation: rankCorrelation(
      shared.map(({ byCharacters, byTask }) => [byCharacters[against], byTask[against]] as const)
    ),
    interval: null,
    over: 'ranges',
    count: shared.length
  }))
}

/** Scores the range that the character sweep selected by the task; undefined without such a range or its score. */
export function proxyPick({ picked, task }: Proxies): ProxyPick | undefined {
  if (picked === undefined || task === null) return undefined
  const { range, rho } = picked
  const score = findRange(task.ranges, range)
  if (score === undefined) return undefined
  return {
    range,
    validity: score.validity,
    limit: rho * task.post.validity,
    gain: score.diversity - task.post.diversity
  }
}
