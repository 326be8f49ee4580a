import type { AnswerCheck } from '../../../contract/documents/answer-check'
import type { Selection } from '../../../contract/documents/crc'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import type { OpenProject } from '../../app/open-project.svelte'

/** A sweep with its check and the resulting selection. */
export interface ReadSweep {
  readonly sweep: ShownSweep
  readonly selection: Selection | null
  readonly check: AnswerCheck | null
}

/**
 * Reads a sweep with its check. The stored selection holds without a check and for its own ρ. Otherwise main selects
 * again.
 *
 * @param rhoNow returns the share of post's validity that must be kept, which may change during the read
 */
export async function readSweepAndCheck(
  { client, here }: Pick<OpenProject, 'client' | 'here'>,
  { sweepId, rhoNow }: { readonly sweepId: string; readonly rhoNow: () => number },
  signal: AbortSignal
): Promise<ReadSweep> {
  const [sweep, check] = await Promise.all([
    client.sweeps.get({ ...here, sweepId }, { signal }),
    client.checks.get({ ...here, sweepId }, { signal })
  ])
  const stored = sweep.selection
  const rho = rhoNow()
  if (stored === null || (check === null && stored.rho === rho)) return { sweep, selection: stored, check }
  return { sweep, selection: await client.sweeps.select({ ...here, sweepId, rho }, { signal }), check }
}
