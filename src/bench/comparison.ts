import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { WorkCounts } from '../contract/documents/sweep-work'
import { elementAt } from '../contract/model/look-up'
import type { EngineSweepEvent, TrackedPrompt } from '../contract/procedures/engine'
import type { Model } from '../contract/model/model'
import { openCheckpoint } from '../main/checkpoint/checkpoint'
import { openDevice } from '../main/engine/device/device'
import { sweep } from '../main/engine/sweep/sweep'
import { countFlops, type Flops } from '../main/engine/sweep/sweep-plan'
import { decoderSpec } from '../main/family'
import { openTimedProduct } from '../main/engine/device/timed-product'
import { openPlainWay } from './plain-way'
import { mean, median } from 'simple-statistics'
import type { PairFolders } from '../main/crc/sweep/score-recipes'
import { packTokens, postAndRanges, trieOf } from './workload'
import { wholeTrie } from '../main/engine/tries/trie-parts'
import { section, times, percent, gflopsPerSecond, gigaflops, mebibytes } from './table'

/*
 * Compares a sweep with two plain ways to score the same models without shared parts: a forward pass for each model and
 * prompt (plain), and a pass over all prompts for each model (batched).
 */

/** Shape of a large product, as of a down projection: long sums, a small result. */
export const PEAK_SHAPE = { rows: 1024, inner: 4096, columns: 1024 }

/** Budget that leaves all prompts in one group. */
const UNLIMITED_MEMORY_BYTES = 2 ** 40

export interface ComparisonPlan {
  /** Each round measures all three ways shortly after each other. Ratios are medians over rounds. */
  readonly rounds: number
  /** Interruptions of the sweep to sample the plain ways. A long sweep needs several, because the load may change. */
  readonly pauses: number
  /** Passes per interruption and before and after the sweep. */
  readonly plainSamples: number
  readonly batchedSamples: number
}

export interface Comparison {
  readonly pair: string
  readonly layerCount: number
  readonly modelCount: number
  readonly promptCount: number
  readonly work: WorkCounts
  readonly flops: Flops
  readonly sweepSeconds: number
  /** Time of a pass for each model and prompt, as a multiple of the sweep's time. */
  readonly plain: Ratio
  /** Time of a pass over all prompts for each model, as a multiple of the sweep's time. */
  readonly batched: Ratio
  /** FLOPs of projections and head per second of the sweep's whole time. */
  readonly gflops: number
  /** Speed of the fastest matrix product that was measured during the sweep. */
  readonly peakGflops: number
  /** Share of the time of reading and converting weights during which the sweep computed. */
  readonly readHidden: number
  /** Time of reading and converting weights, as a share of the sweep's time. */
  readonly readShare: number
  /** Time of converting to float32, as a share of the time that the sweep computed. */
  readonly convertShare: number
  readonly plainPassesMeasured: number
  readonly batchedPassesMeasured: number
}

/** Time of a plain way as a multiple of the sweep's time. */
interface Ratio {
  /** Median over the rounds. */
  readonly measured: number
  /** Range over the rounds. */
  readonly lowest: number
  readonly highest: number
  /** Ratio of the FLOPs. */
  readonly work: number
}

/** Times of one round. Those of the plain ways are extrapolated from the measured passes. */
interface Round {
  readonly work: WorkCounts
  readonly sweepMs: number
  readonly plainMs: number
  readonly batchedMs: number
  readonly peakGflops: number
  readonly reading: TimedSweep['reading']
}

/** Measures sweeps of all ranges in turn with passes of the plain ways. */
export async function compareWithPlainWays(
  name: string,
  folders: PairFolders,
  prompts: readonly TrackedPrompt[],
  plan: ComparisonPlan,
  signal: AbortSignal
): Promise<Comparison> {
  const { config, configPath } = await openCheckpoint(folders.post)
  const spec = decoderSpec(config, configPath)
  const models = postAndRanges(spec.layerCount)
  const device = await openDevice('cpu')
  const plainWay = await openPlainWay(device, folders)
  const peak = await openTimedProduct(device, PEAK_SHAPE)
  const random = xoroshiro128plus(7)
  const pick = <T>(items: readonly T[]): T => elementAt(items, uniformInt(random, 0, items.length - 1), 'item')

  const measureRound = async (): Promise<Round> => {
    const plain: number[] = []
    const batched: number[] = []
    const peaks: number[] = []
    const sample = async (): Promise<void> => {
      for (let i = 0; i < plan.plainSamples; i++) {
        signal.throwIfAborted()
        plain.push(await plainWay.pass(pick(models), [pick(prompts)]))
        peaks.push(await peak.measure())
      }
      for (let i = 0; i < plan.batchedSamples; i++) {
        signal.throwIfAborted()
        batched.push(await plainWay.pass(pick(models), prompts))
      }
    }
    await sample()
    const pauses = { pauses: plan.pauses, onPause: sample }
    const { work, reading, elapsedMs } = await timeSweep(folders, models, prompts, signal, pauses)
    await sample()
    return {
      work,
      reading,
      sweepMs: elapsedMs,
      plainMs: mean(plain) * models.length * prompts.length,
      batchedMs: mean(batched) * models.length,
      peakGflops: Math.max(...peaks)
    }
  }

  try {
    // The first pass is not counted, because it also compiles shared graphs.
    await plainWay.pass(pick(models), prompts)
    const rounds: Round[] = []
    while (rounds.length < plan.rounds) rounds.push(await measureRound())

    const flops = countFlops(spec, wholeTrie(trieOf(models, spec.layerCount)), packTokens(prompts))
    const plainFlops = mean(
      prompts.map((prompt) =>
        total(countFlops(spec, wholeTrie(trieOf(models.slice(0, 1), spec.layerCount)), packTokens([prompt])))
      )
    )
    const batchedFlops = total(
      countFlops(spec, wholeTrie(trieOf(models.slice(0, 1), spec.layerCount)), packTokens(prompts))
    )
    const ratio = (of: (round: Round) => number, work: number): Ratio => {
      const values = rounds.map((round) => of(round) / round.sweepMs)
      return {
        measured: median(values),
        lowest: Math.min(...values),
        highest: Math.max(...values),
        work: work / total(flops)
      }
    }
    const sweepSeconds = median(rounds.map((round) => round.sweepMs)) / 1000
    const samplings = (plan.pauses + 2) * plan.rounds
    return {
      pair: name,
      layerCount: spec.layerCount,
      modelCount: models.length,
      promptCount: prompts.length,
      work: rounds[0]?.work ?? { blockEvaluations: 0, packedTokens: 0, promptTokens: 0, weightBytesRead: 0 },
      flops,
      sweepSeconds,
      plain: ratio((round) => round.plainMs, plainFlops * models.length * prompts.length),
      batched: ratio((round) => round.batchedMs, batchedFlops * models.length),
      readHidden: median(rounds.map(({ reading }) => 1 - reading.waitMs / reading.readMs)),
      readShare: median(rounds.map(({ reading, sweepMs }) => reading.readMs / sweepMs)),
      convertShare: median(rounds.map(({ reading, sweepMs }) => reading.convertMs / (sweepMs - reading.waitMs))),
      gflops: total(flops) / sweepSeconds / 1e9,
      peakGflops: Math.max(...rounds.map((round) => round.peakGflops)),
      plainPassesMeasured: plan.plainSamples * samplings,
      batchedPassesMeasured: plan.batchedSamples * samplings
    }
  } finally {
    await peak.close()
    await plainWay.close()
    await device.close()
  }
}

export interface TimedSweep {
  readonly work: WorkCounts
  readonly reading: Extract<EngineSweepEvent, { type: 'done' }>['reading']
  readonly plannedBytes: number
  readonly groupCount: number
  readonly elapsedMs: number
}

/** Measures a sweep from opening the files to the last score, without the time of the pauses that call `onPause`. */
export async function timeSweep(
  folders: PairFolders,
  models: readonly Model[],
  prompts: readonly TrackedPrompt[],
  signal: AbortSignal,
  {
    pauses = 0,
    onPause = () => Promise.resolve(),
    memoryBytes = UNLIMITED_MEMORY_BYTES
  }: { pauses?: number; onPause?: () => Promise<void>; memoryBytes?: number }
): Promise<TimedSweep> {
  const request = {
    ...folders,
    device: 'cpu' as const,
    models: [...models],
    prompts: [...prompts],
    memoryBytes
  }
  let plannedBytes = 0
  let groupCount = 0
  let elapsedMs = 0
  let rowsTotal = 0
  let paused = 0
  let resumedMs = performance.now()
  for await (const event of sweep(request, signal)) {
    if (event.type === 'done') {
      const { work, reading } = event
      return { work, reading, plannedBytes, groupCount, elapsedMs: elapsedMs + performance.now() - resumedMs }
    }
    if (event.type === 'plan') {
      rowsTotal = event.rowsTotal
      plannedBytes = event.peakBytes
      groupCount = event.split.groups.length
    }
    if (event.type !== 'progress' || event.rowsDone < ((paused + 1) * rowsTotal) / (pauses + 1)) continue
    if (paused === pauses) continue
    paused++
    elapsedMs += performance.now() - resumedMs
    await onPause()
    resumedMs = performance.now()
  }
  throw new Error('the sweep ended without its last event')
}

function total({ projections, head }: Flops): number {
  return projections + head
}

export function describeComparisons(comparisons: readonly Comparison[]): string {
  return section(
    'Sweep of all ranges and post against the plain ways (times as long as the sweep; "work" is the ratio of FLOPs)',
    'pair | layers | models x prompts | sweep | pass per model and prompt | work | pass per model | work',
    comparisons.map((row) => [
      row.pair,
      String(row.layerCount),
      `${row.modelCount} x ${row.promptCount}`,
      `${row.sweepSeconds.toFixed(1)} s`,
      measured(row.plain),
      times(row.plain.work),
      measured(row.batched),
      times(row.batched.work)
    ]),
    'Plain ways: extrapolated from measured passes ' +
      `(${comparisons
        .map((row) => `${row.pair}: ${row.plainPassesMeasured} and ${row.batchedPassesMeasured}`)
        .join('; ')}), ` +
      'weights already in memory as float32. Sweep: all of it, opening and reading files included.'
  )
}

export function describeWork(comparisons: readonly Comparison[]): string {
  return section(
    "Work of a sweep, and its speed against the machine's peak for a plain large Gemm",
    'pair | block evaluations | packed of prompt tokens | weights read | projections | head | ' +
      'reached | Gemm peak | share | reading | hidden | converting',
    comparisons.map((row) => [
      row.pair,
      String(row.work.blockEvaluations),
      `${row.work.packedTokens} of ${row.work.promptTokens}`,
      mebibytes(row.work.weightBytesRead),
      gigaflops(row.flops.projections),
      gigaflops(row.flops.head),
      gflopsPerSecond(row.gflops),
      gflopsPerSecond(row.peakGflops),
      percent(row.gflops / row.peakGflops),
      percent(row.readShare),
      percent(row.readHidden),
      percent(row.convertShare)
    ]),
    'Reading: time for reading and converting weights over the time of the sweep. ' +
      'Hidden: its share during computation. ' +
      'Converting: to float32, time of the reading thread over that of computing. ' +
      'Reached: FLOPs of projections and head over the whole time of the sweep, attention and reading included. ' +
      'Peak: the fastest plain Gemm seen beside it; other load on the machine lowers what is reached, not the peak.'
  )
}

function measured({ measured, lowest, highest }: Comparison['plain']): string {
  return lowest === highest ? times(measured) : `${times(measured)} (${lowest.toFixed(1)} to ${highest.toFixed(1)})`
}
