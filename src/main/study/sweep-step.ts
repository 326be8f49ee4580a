import type { SweepDocument } from '../../contract/documents/crc'
import { openPair } from '../checkpoint/pair'
import type { CrcSweepEvent } from '../crc/sweep/compute-sweep'
import { holdsSweep } from '../crc/sweep/earlier-results'
import { runWholeSweep } from '../crc/sweep/follow-up'
import { type CrcSweepRequest, prepareSweep, scoredByOf } from '../crc/sweep/prepare-sweep'
import type { EngineClient } from '../engine/host'
import type { Devices } from '../jobs/devices'
import { pairPaths } from '../project/demo'
import { keepSweep } from '../project/results/keep-sweep'
import { sweepBySettings } from '../project/results/next-sweep'
import type { ProjectPair } from '../project/pair/project-pair'
import { historyOf } from '../project/results/sweep-history'
import type { StudiedPair } from './studied-pair'
import { otherOfPair } from './study-places'

/**
 * The sweep of a pair: of all ranges, blends and rivals, as the window would sweep it. What is kept by hand is not part of a study.
 *
 * @throws WorkbenchError as `otherOfPair`, and as `Devices.choose`
 */
export async function sweepOfPair(
  { location, rendering, settings, source, scored }: StudiedPair,
  devices: Devices
): Promise<CrcSweepRequest> {
  const folders = pairPaths(location)
  return sweepBySettings(settings, {
    ...folders,
    prompts: scored,
    rendering,
    source: source === null ? null : await otherOfPair(source, folders),
    recipes: [],
    device: await devices.choose(settings.device, folders.post)
  })
}

/** The newest stored sweep that holds what this one would compute, on the same device; null when there is none. */
export async function storedSweep(own: ProjectPair, request: CrcSweepRequest): Promise<SweepDocument | null> {
  const { identity, halves } = await prepareSweep(request, await openPair(request.base, request.post))
  for (const { id, computed, promptCount } of own.sweeps) {
    if (promptCount !== identity.prompts.length || computed.device !== (request.device?.device ?? 'cpu'))
      continue
    const sweep = await own.readSweep(id)
    if (holdsSweep(sweep, identity) && JSON.stringify(sweep.halves) === JSON.stringify(halves)) return sweep
  }
  return null
}

/** Sweeps, from where an interrupted sweep was, and keeps the result. @throws WorkbenchError as `runCrcSweep` and `keepSweep` */
export async function computeStudySweep(
  engine: EngineClient,
  own: ProjectPair,
  request: CrcSweepRequest,
  signal: AbortSignal,
  onEvent: (event: CrcSweepEvent) => void
): Promise<SweepDocument> {
  const history = historyOf(own, false, scoredByOf(request))
  const sweep = await runWholeSweep(engine, request, signal, onEvent, history)
  await keepSweep(own, sweep)
  await history.checkpoint.remove()
  return sweep
}
