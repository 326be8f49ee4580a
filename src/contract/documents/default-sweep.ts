import { multimap } from '../model/multimap'
import type { SweepSummary } from './project'
import { scoringKey } from './scored-by'

type SweepSettings = Pick<SweepSummary, 'isPreview' | 'settingsKey'>

/** Returns the sweep that a pair uses: the newest, or a full sweep with the settings of the newest preview. */
export function defaultSweepOf<Sweep extends SweepSettings>(sweeps: readonly Sweep[]): Sweep | undefined {
  const [newest] = sweeps
  if (newest === undefined || !newest.isPreview) return newest
  return newestFullSweep(sweeps, newest.settingsKey) ?? newest
}

export function defaultSweepFirst<Sweep extends SweepSettings>(sweeps: readonly Sweep[]): Sweep[] {
  const defaultSweep = defaultSweepOf(sweeps)
  return defaultSweep === undefined ? [] : [defaultSweep, ...sweeps.filter((sweep) => sweep !== defaultSweep)]
}

/** Returns the newest sweep with these settings that scored all ranges on all prompts, or undefined. */
export function newestFullSweep<Sweep extends SweepSettings>(
  sweeps: readonly Sweep[],
  settingsKey: string
): Sweep | undefined {
  return sweeps.find((sweep) => !sweep.isPreview && sweep.settingsKey === settingsKey)
}

/** Returns a key that is equal for sweeps with the same scoring and the same restoration source. */
export const sweepKind = ({ scoredBy, source }: Pick<SweepSummary, 'scoredBy' | 'source'>): string =>
  `${scoringKey(scoredBy)} ${source === null ? '' : source.fingerprint}`

/** Returns the default sweep for each kind of sweep that a pair has. @param sweeps newest first */
export const defaultSweepsByKind = (sweeps: readonly SweepSummary[]): SweepSummary[] =>
  [...multimap(sweeps.map((sweep) => [sweepKind(sweep), sweep])).values()].flatMap((kind) => defaultSweepOf(kind) ?? [])
