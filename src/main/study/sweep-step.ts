import { SweepWork } from '../work/sweep'
import type { Devices } from '../work/devices'
import type { ProjectPair } from '../project/pair/project-pair'
import type { StudiedPair } from './studied-pair'

/**
 * Prepares the sweep of a pair of a study. Recipes and checkpoints that the project keeps are not part of a study.
 *
 * @param pair takes the result; null if the project has no such pair yet
 * @throws WorkbenchError as `SweepWork.open`
 */
export const openStudySweep = (
  { location, rendering, settings, source, scored }: StudiedPair,
  pair: ProjectPair | null,
  devices: Devices
): Promise<SweepWork> =>
  SweepWork.open(
    { whatIf: true, source: source ?? 'base' },
    {
      document: { location, rendering, settings, recipes: [], otherCheckpoints: [] },
      pair,
      file: null,
      scored: () => Promise.resolve(scored)
    },
    devices
  )
