import type { EvaluationSummary } from '../../../contract/documents/evaluation'
import type { PairFingerprints } from '../../../contract/documents/pair'
import type { ProjectState } from '../../../contract/documents/project'
import { formatMoment } from '../../ui/format'

/** Names of stored results, grouped by whether a pair's checkpoints have the same fingerprints. */
interface ResultOrigins {
  same: string[]
  other: string[]
}

/** Groups the results of a project by whether they came from checkpoints with these fingerprints. */
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
