import type { AnswerCheck } from '../../contract/documents/answer-check'
import type { SweepDocument } from '../../contract/documents/crc'
import type { Shard, SweepPart } from '../../contract/documents/sweep-part'
import type { SweepPlan } from '../../contract/documents/sweep-plan'
import { WorkbenchError } from '../../contract/model/problem'
import type { SweepSettings } from '../../contract/work/settings'
import type { WorkEvent } from '../../contract/work/progress'
import { DEVICE_LABELS, hasFp16 } from '../../contract/model/device'
import { openPair } from '../checkpoint/pair'
import type { LineageScores } from '../crc/sweep/assemble-lineage'
import type { CrcSweepEvent } from '../crc/sweep/compute-sweep'
import { runCrcShard, runLineage, type StoredShare, storedShare, type SweepHistory } from '../crc/sweep/crc-sweep'
import { holdsSweep } from '../crc/sweep/earlier-results'
import { runWholeSweep } from '../crc/sweep/follow-up'
import { planCrcSweep, planRestOfSweep } from '../crc/sweep/plan-sweep'
import { type CrcSweepRequest, prepareSweep, scoredByOf } from '../crc/sweep/prepare-sweep'
import { progressBeside, SavedSweepProgress } from '../crc/sweep/saved-sweep-progress'
import type { FindComparableSweep } from '../crc/sweep/sweep-pace'
import type { EngineClient } from '../engine/host'
import { keepSweep } from '../project/results/keep-sweep'
import { historyOf, comparableSweepOf } from '../project/results/sweep-history'
import { checkedRequest } from './checked-device'
import type { Devices } from './devices'
import type { WorkRuntime } from './work-runtime'
import { sweepRequest } from './sweep-request'
import type { WorkContext } from './work-context'

/** A sweep that can be planned and run. */
export class SweepWork {
  private constructor(
    readonly request: CrcSweepRequest,
    private readonly context: WorkContext,
    private readonly devices: Devices,
    /** Partial and earlier results, in the project or beside the output file; null without both. */
    readonly history: SweepHistory | null
  ) {}

  /**
   * Prepares a sweep.
   *
   * @param options.fresh true computes everything again.
   * @param options.history partial and earlier results; by default those of the context.
   * @param options.replaced parts of the request that replace the settings
   */
  static async open(
    settings: SweepSettings,
    context: WorkContext,
    devices: Devices,
    {
      fresh = false,
      history,
      replaced = {}
    }: { fresh?: boolean; history?: SweepHistory | null; replaced?: Partial<CrcSweepRequest> } = {}
  ): Promise<SweepWork> {
    const request = { ...(await sweepRequest(settings, context, devices)), ...replaced }
    return new SweepWork(
      request,
      context,
      devices,
      history === undefined ? historyOfContext(context, request, fresh) : history
    )
  }

  /** Reports how much of the sweep an interrupted or earlier sweep has computed; null without stored results. */
  async computedShare(): Promise<StoredShare | null> {
    return this.history === null ? null : storedShare(this.request, this.history)
  }

  /** Plans the computation that remains; null if nothing remains. @throws WorkbenchError as `planCrcSweep` */
  async plan(engine: EngineClient, signal?: AbortSignal): Promise<SweepPlan | null> {
    const { history, request } = this
    if (history === null) return planCrcSweep(engine, request, signal)
    return planRestOfSweep(engine, request, history, this.comparableSweep(), signal)
  }

  /** Returns the project's newest sweep on the same device that contains all results of this sweep; null for none. */
  async stored(): Promise<SweepDocument | null> {
    const { pair } = this.context
    if (pair === null) return null
    const { request } = this
    const { identity, holdOutSplit } = await prepareSweep(request, await openPair(request.base, request.post))
    for (const { id, computed, promptCount } of pair.sweeps) {
      if (promptCount !== identity.prompts.length || computed.device !== (request.device?.device ?? 'cpu')) continue
      const sweep = await pair.readSweep(id)
      if (holdsSweep(sweep, identity) && JSON.stringify(sweep.holdOutSplit) === JSON.stringify(holdOutSplit))
        return sweep
    }
    return null
  }

  /** Computes the sweep, except for stored results. @param more see `CrcSweepRequest` */
  compute(runtime: WorkRuntime, more: Pick<CrcSweepRequest, 'id' | 'viewedRange'> = {}): Promise<SweepDocument> {
    return this.withDevice(runtime, (request, onEvent) =>
      runWholeSweep(runtime.engine, { ...request, ...more }, runtime.signal, onEvent, this.history)
    )
  }

  /** Computes a sweep of each pair of stages. @throws WorkbenchError as `runLineage` */
  computeLineage(runtime: WorkRuntime): Promise<LineageScores> {
    return this.withDevice(runtime, (request, onEvent) =>
      runLineage(runtime.engine, request, runtime.signal, onEvent, this.history)
    )
  }

  /**
   * Runs the sweep after a check of its GPU. If numbers overflow on the GPU, the sweep begins again as
   * `requestAfterOverflow` says.
   */
  private async withDevice<Result>(
    { signal, notify }: WorkRuntime,
    run: (request: CrcSweepRequest, onEvent: (event: CrcSweepEvent) => void) => Promise<Result>
  ): Promise<Result> {
    let request = await checkedRequest(this.request, this.devices, signal)
    for (;;) {
      try {
        return await run(request, sweepListener(notify))
      } catch (error) {
        const next = error instanceof WorkbenchError ? requestAfterOverflow(error, request) : null
        if (next === null) throw error
        request = next
      }
    }
  }

  /** Computes a share of the prompts. @throws WorkbenchError as `checkedRequest` and `runCrcShard` */
  async computeShard(shard: Shard, { engine, signal, notify }: WorkRuntime): Promise<SweepPart> {
    const request = await checkedRequest(this.request, this.devices, signal)
    return runCrcShard(engine, { ...request, shard }, signal, sweepListener(notify), this.history)
  }

  /** Stores the sweep in the project, if there is one. @returns an earlier sweep's check that is also valid for it */
  async keep(sweep: SweepDocument): Promise<AnswerCheck | null> {
    return this.context.pair === null ? null : keepSweep(this.context.pair, sweep)
  }

  async removeProgress(): Promise<void> {
    await this.history?.savedProgress.remove()
  }

  /** Returns a function that finds an earlier sweep from which the duration is estimated. */
  private comparableSweep(): FindComparableSweep {
    const { pair, file } = this.context
    if (pair !== null) return comparableSweepOf(pair, scoredByOf(this.request))
    const sweep = file?.sweep ?? null
    return ({ device }) => Promise.resolve(sweep?.device === device ? sweep : null)
  }
}

const sweepListener =
  (notify: (event: WorkEvent) => void) =>
  (event: CrcSweepEvent): void =>
    notify(event.type === 'progress' ? { kind: 'sweep', ...event } : event)

/** Returns the results that a sweep can reuse: of the project, or else beside and in the output file. */
function historyOfContext({ pair, file }: WorkContext, request: CrcSweepRequest, fresh: boolean): SweepHistory | null {
  if (pair !== null) {
    const history = historyOf(pair, fresh, scoredByOf(request))
    return file === null ? history : { ...history, outputPaths: [...history.outputPaths, file.path] }
  }
  if (file === null) return null
  return {
    savedProgress: new SavedSweepProgress(progressBeside(file.path)),
    outputPaths: [file.path],
    lastSweep: () => Promise.resolve(file.sweep),
    fresh
  }
}

/**
 * Returns the request to run after numbers overflowed on a GPU. If fp16 was chosen automatically, the request is in
 * fp32. Else, if the GPU was, it is for the CPU. Returns null for other errors, and if the user chose both.
 */
function requestAfterOverflow({ problem }: WorkbenchError, request: CrcSweepRequest): CrcSweepRequest | null {
  const { device: chosen, precision } = request
  if (chosen === undefined || chosen.device === 'cpu' || problem.code !== 'overflow') return null
  const { device, isAutomatic = false } = chosen
  const label = DEVICE_LABELS[device]
  if (precision === undefined && hasFp16(device)) {
    const notice = `Numbers overflowed in fp16 on ${label}. The sweep begins again in fp32.`
    return { ...request, precision: 'fp32', device: { ...chosen, notice } }
  }
  if (!isAutomatic) return null
  const notice = `${label} failed, and the sweep begins again on the CPU: ${problem.message}`
  return { ...request, precision: undefined, device: { device: 'cpu', notice } }
}
