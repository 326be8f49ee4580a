import type { EvaluationSummary } from '../../contract/documents/evaluation'
import type { PairFingerprints } from '../../contract/documents/pair'
import type { ProjectState } from '../../contract/documents/project'
import { formatMoment } from '../ui/format'

/** Names of a project's stored results, by whether they came from a pair's checkpoints. */
export interface ResultOrigins {
  same: string[]
  other: string[]
}

/** Which sweeps, sample runs and evaluations of a project were computed from checkpoints with these fingerprints. */
export function resultOrigins(
  {
    sweeps,
    sampleRuns,
    evaluations
  }: Pick<ProjectState, 'sweeps' | 'sampleRuns'> & {
    evaluations: readonly Pick<EvaluationSummary, 'checkpoints' | 'createdAt' | 'taskName'>[]
  },
  pair: PairFingerprints
): ResultOrigins {
  const origins: ResultOrigins = { same: [], other: [] }
  const results = [
    ...sweeps.map((sweep) => ({ ...sweep, name: `sweep of ${formatMoment(sweep.createdAt)}` })),
    ...sampleRuns.map((run) => ({ ...run, name: `samples of ${formatMoment(run.createdAt)}` })),
    ...evaluations.map((run) => ({
      ...run,
      name: `evaluation “${run.taskName}” of ${formatMoment(run.createdAt)}`
    }))
  ]
  for (const { name, checkpoints } of results) {
    const same = checkpoints.base === pair.base && checkpoints.post === pair.post
    origins[same ? 'same' : 'other'].push(name)
  }
  return origins
}

/** Names in a sentence; beyond a few, the rest as a number. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 4).join(', ')
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown
}
