import { multimap } from '../model/multimap'
import type { SweepSummary } from './project'
import { scoringKey } from './scored-by'

type Asked = Pick<SweepSummary, 'isPreview' | 'settingsKey'>

/**
 * The sweep that a pair answers with, wherever none is named: the newest, but where that is a preview and a whole sweep asked the same,
 * the newest such, for it has scored what the preview only estimates.
 *
 * @param sweeps newest first
 * @returns undefined where there is none
 */
export function answeringSweep<Sweep extends Asked>(sweeps: readonly Sweep[]): Sweep | undefined {
  const [newest] = sweeps
  if (newest === undefined || !newest.isPreview) return newest
  return wholeSweep(sweeps, newest.settingsKey) ?? newest
}

/** The same sweeps, the one that the pair answers with before all others. */
export function answeringFirst<Sweep extends Asked>(sweeps: readonly Sweep[]): Sweep[] {
  const answering = answeringSweep(sweeps)
  return answering === undefined ? [] : [answering, ...sweeps.filter((sweep) => sweep !== answering)]
}

/** The newest sweep of these settings that has scored all ranges on all prompts; undefined where there is none. */
export function wholeSweep<Sweep extends Asked>(
  sweeps: readonly Sweep[],
  settingsKey: string
): Sweep | undefined {
  return sweeps.find((sweep) => !sweep.isPreview && sweep.settingsKey === settingsKey)
}

/** Equal for sweeps that are scored alike and restore to the same. */
export const sweepKind = ({ scoredBy, source }: Pick<SweepSummary, 'scoredBy' | 'source'>): string =>
  `${scoringKey(scoredBy)} ${source === null ? '' : source.fingerprint}`

/**
 * Of each kind of sweep the one that a pair would answer with.
 *
 * @param sweeps newest first
 */
export const answeringOfKinds = (sweeps: readonly SweepSummary[]): SweepSummary[] =>
  [...multimap(sweeps.map((sweep) => [sweepKind(sweep), sweep])).values()].flatMap(
    (kind) => answeringSweep(kind) ?? []
  )
