import type { BlockProfile } from './block-profile'
import type { Comparison } from './comparison'
import type { PlannedSweep } from './full-depth'
import type { ExportMeasure } from './export'
import type { Generation } from './generation'
import type { Growth } from './growth'
import type { Machine } from './machine'
import type { PeakMemory } from './peak-memory'
import type { DistanceSpeed } from './weight-distances'
import { median } from './statistics'
import { previewCells, type PreviewTime } from './preview'
import { type TaskSweepTime, taskSweepCells } from './task-sweep'
import type { WindowStart } from './window'

/** Everything a run measured so far: what --json writes. */
export interface BenchReport {
  readonly machine: Machine
  readonly comparisons: Comparison[]
  readonly profiles: BlockProfile[]
  readonly growth: Growth[]
  readonly memory: PeakMemory[]
  readonly plans: PlannedSweep[]
  /** Of one pair each. */
  readonly generations: Generation[]
  readonly tasks: TaskSweepTime[]
  readonly previews: PreviewTime[]
  readonly distances: DistanceSpeed[]
  readonly exports: ExportMeasure[]
  readonly windows: WindowStart[]
}

/** The report as tables; parts that were not measured are left out. */
export function describeReport({
  machine,
  comparisons,
  profiles,
  growth,
  memory,
  plans,
  generations,
  tasks,
  previews,
  distances,
  exports,
  windows
}: BenchReport): string {
  const parts = [
    comparisons.length > 0 && describeComparisons(comparisons) + describeWork(comparisons),
    profiles.length > 0 && describeProfiles(profiles),
    growth.length > 0 && describeGrowth(growth),
    memory.length > 0 && describeMemory(memory),
    plans.length > 0 && describePlans(plans),
    generations.length > 0 && describeSpeeds(generations) + describeVariants(generations),
    tasks.length > 0 && describeTasks(tasks),
    previews.length > 0 && describePreviews(previews),
    distances.length > 0 && describeDistances(distances),
    exports.length > 0 && describeExports(exports),
    windows.length > 0 && describeWindows(windows)
  ]
  return `${describeMachineLine(machine)}\n${parts.filter((part) => part !== false).join('')}`
}

function describeWindows(windows: readonly WindowStart[]): string {
  const each = (milliseconds: readonly number[]): string => milliseconds.map((ms) => ms.toFixed(0)).join(', ')
  return section(
    "Start of the desktop's window with the demo, on the fake of Electron, its page in Chromium (ms of each start)",
    ['program', 'first paint', 'then until the sweep can be started'],
    windows.map((row) => [each(row.programMs), each(row.paintMs), each(row.interactiveMs)]),
    'Program: from its start until it shows its page. First paint: from the page’s navigation. The first start reads files from the disk.'
  )
}

function describeExports(exports: readonly ExportMeasure[]): string {
  const rates = (each: readonly number[]): string => each.map((bytes) => (bytes / 1e6).toFixed(0)).join(', ')
  return section(
    'Export of the middle half of the layers, beside cp and sync of as many bytes (MB/s of each round, in turn)',
    ['pair', 'size', 'cp and sync', 'writing', 'ratio', 'verifying', 'hashing both', 'memory above idle'],
    exports.map((row) => [
      row.pair,
      `${(row.bytes / 1e9).toFixed(2)} GB`,
      rates(row.copyRates),
      rates(row.writeRates),
      (median(row.writeRates) / median(row.copyRates)).toFixed(2),
      `${row.verifySeconds.toFixed(1)} s`,
      `${row.hashSeconds.toFixed(1)} s`,
      `${((row.peakBytes - row.idleBytes) / 1e6).toFixed(0)} MB`
    ]),
    'Writing ends when every file is on the disk. Ratio: of the medians. Verifying and hashing come after the writing.'
  )
}

function describeMachineLine(machine: Machine): string {
  const { cpu, cores, memoryGiB, system, node, onnxruntime, loadAverage } = machine
  return (
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; node ${node}, onnxruntime ${onnxruntime}, CPU provider; ` +
    `load before the run ${loadAverage.toFixed(1)}`
  )
}

function describeComparisons(comparisons: readonly Comparison[]): string {
  return section(
    'Sweep of all ranges and post against the plain ways (times as long as the sweep; "work" is the ratio of FLOPs)',
    [
      'pair',
      'layers',
      'models x prompts',
      'sweep',
      'pass per model and prompt',
      'work',
      'pass per model',
      'work'
    ],
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
      `(${comparisons.map((row) => `${row.pair}: ${row.plainPassesMeasured} and ${row.batchedPassesMeasured}`).join('; ')}), ` +
      'weights already in memory as float32. Sweep: all of it, opening and reading files included.'
  )
}

function describeWork(comparisons: readonly Comparison[]): string {
  return section(
    "Work of a sweep, and its speed against the machine's peak for a plain large Gemm",
    [
      'pair',
      'block evaluations',
      'packed of prompt tokens',
      'weights read',
      'projections',
      'head',
      'reached',
      'Gemm peak',
      'share',
      'reading',
      'hidden',
      'converting'
    ],
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
    'Reading: time for reading and converting weights over the time of the sweep; hidden: how much of it went by while computing; ' +
      'converting: to float32, time of the reading thread over that of computing. ' +
      'Reached: FLOPs of projections and head over the whole time of the sweep, attention and reading included. ' +
      'Peak: the fastest plain Gemm seen beside it; other load on the machine lowers what is reached, not the peak.'
  )
}

function describeProfiles(profiles: readonly BlockProfile[]): string {
  const names = profiles[0]?.shares.map(({ part }) => part) ?? []
  return section(
    'Inside a pass over the layers (from the profile of every node; shares of wall time)',
    [
      'pair',
      'Gemm of blocks',
      'Gemm peak',
      'share',
      ...names,
      'read per block',
      'run per block',
      'converting',
      'head'
    ],
    profiles.map((row) => [
      row.pair,
      gflopsPerSecond(row.gemmGflops),
      gflopsPerSecond(row.peakGflops),
      percent(row.gemmGflops / row.peakGflops),
      ...row.shares.map(({ share }) => percent(share)),
      `${row.readMsPerBlock.toFixed(0)} ms`,
      `${row.runMsPerBlock.toFixed(0)} ms`,
      percent(row.convertShare),
      gflopsPerSecond(row.headGflops)
    ]),
    'Read: bytes and conversion to float32 of one block, alone. Run: all nodes that the block feeds, of at most 24 models. ' +
      'Converting: time of the reading thread over that of all else but waiting for it.'
  )
}

function describeGrowth(growth: readonly Growth[]): string {
  return section(
    'Growth of a sweep (time ~ x^exponent; in brackets the exponent of its FLOPs)',
    ['axis', 'exponent', 'measured'],
    growth.map(({ axis, points, timeExponent, workExponent }) => [
      axis,
      `${timeExponent.toFixed(2)} (${workExponent.toFixed(2)})`,
      points.map(({ x, seconds }) => `${x}: ${seconds.toFixed(2)} s`).join(', ')
    ])
  )
}

function describeMemory(memory: readonly PeakMemory[]): string {
  return section(
    'Peak resident memory of a process that only sweeps, beside its plan',
    ['pair', 'prompts', 'budget', 'groups', 'planned', 'peak', 'peak / planned', 'before the sweep'],
    memory.map((row) => [
      row.pair,
      String(row.promptCount),
      mebibytes(row.memoryBytes),
      String(row.groupCount),
      mebibytes(row.plannedBytes),
      mebibytes(row.peakBytes),
      (row.peakBytes / row.plannedBytes).toFixed(2),
      mebibytes(row.beforeBytes)
    ])
  )
}

function describePlans(plans: readonly PlannedSweep[]): string {
  const seconds = (value: number): string =>
    value < 600 ? `${value.toFixed(0)} s` : `${(value / 3600).toFixed(1)} h`
  return section(
    'A whole model planned within the same memory as its cut',
    [
      'pair',
      'groups',
      'block evaluations',
      'projections each',
      'weights',
      'states',
      'activations',
      'last states',
      'planned',
      'peak',
      'to read',
      'predicted',
      'measured'
    ],
    plans.map(({ pair, plan, measured }) => [
      pair,
      String(plan.groups.length),
      String(plan.blockEvaluations),
      gigaflops(plan.flops.projections / plan.blockEvaluations),
      mebibytes(plan.memory.weights),
      mebibytes(plan.memory.states),
      mebibytes(plan.memory.activations),
      mebibytes(plan.memory.finals),
      `${mebibytes(plan.peakBytes)} of ${mebibytes(plan.memoryBytes)}`,
      measured === null ? '-' : mebibytes(measured.peakBytes),
      mebibytes(plan.readBytes.layers + plan.readBytes.head),
      seconds(plan.estimate.seconds),
      measured === null ? '-' : seconds(measured.seconds)
    ]),
    'Projections each: mean over block evaluations; in the last layer most is done for the answering rows only. Predicted: from one ' +
      'block read and run for a moment. The whole model is planned from headers, its weights were not made.'
  )
}

function describeSpeeds(generations: readonly Generation[]): string {
  const limits = generations.map(
    ({ bandwidth: { read, copy }, peakGflops }) =>
      `${(read / 1e9).toFixed(0)} read and ${(copy / 1e9).toFixed(0)} copied GB/s, ${gflopsPerSecond(peakGflops)}`
  )
  return section(
    "Generating with one model (medians of steps), and what of the machine's limits is reached",
    [
      'pair',
      'weights',
      'rows',
      'step',
      'tokens/s',
      'fastest',
      'weights read',
      'memory allows',
      'reached',
      'Gemm peak allows',
      'reached'
    ],
    generations.flatMap(({ speeds }) =>
      speeds.map((row) => {
        const tokensPerSecond = (ms: number): string => ((1000 * row.rows) / ms).toFixed(1)
        return [
          row.pair,
          row.weights,
          String(row.rows),
          milliseconds(row.stepMs),
          tokensPerSecond(row.stepMs),
          tokensPerSecond(row.bestStepMs),
          mebibytes(row.weightBytes),
          tokensPerSecond(row.memoryLimitMs),
          percent(row.memoryLimitMs / row.bestStepMs),
          tokensPerSecond(row.productLimitMs),
          percent(row.productLimitMs / row.bestStepMs)
        ]
      })
    ),
    `Measured beside it: ${limits.join('; ')}. Memory allows: the weights read once a step at the higher of the two. ` +
      'Gemm peak: of float32 products, also beside int8. Reached: by the fastest step, as limits are the fastest seen.'
  )
}

function describeVariants(generations: readonly Generation[]): string {
  return section(
    'Variants at one sample each (medians of steps, alternating)',
    [
      'pair',
      'weights',
      'base and post',
      'and a range of them',
      'ratio',
      'a graph for each',
      'ratio',
      'shared hold',
      'graphs hold'
    ],
    generations.flatMap(({ variants }) =>
      variants.map((row) => [
        row.pair,
        row.weights,
        milliseconds(row.twoMs),
        milliseconds(row.threeMs),
        ratio(row.threeMs / row.twoMs),
        milliseconds(row.ownGraphsMs),
        ratio(row.ownGraphsMs / row.twoMs),
        mebibytes(row.sharedBytes),
        mebibytes(row.ownBytes)
      ])
    )
  )
}

function describeTasks(tasks: readonly TaskSweepTime[]): string {
  return section(
    'Sweep of the demo pair scored by its open questions (median, and the least and the most of the rounds)',
    [
      'task',
      'models',
      'block evaluations x prefixes',
      'engine',
      'sweep',
      'keeping what if',
      'answering what if'
    ],
    tasks.map(taskSweepCells),
    'Keeping what if: with 31 more samplers, as the window sweeps. Answering: another limit, sampler or number of draws, and the answer as text.'
  )
}

function describePreviews(previews: readonly PreviewTime[]): string {
  return section(
    'A preview beside the whole sweep (engine’s time, median and span of the rounds, in turn; ranges, base and rivals, the demo’s 40 prompts)',
    ['pair', 'whole', 'preview', 'time', 'work', 'first scores after', 'selected', 'peak memory'],
    previews.map(previewCells),
    'Time, work and first scores: of the whole sweep. Selected: by how much less diverse it is than what the whole sweep selects; rho: rank ' +
      'correlation of diversity over all ranges; exact to: the largest difference of what the preview calls exact.'
  )
}

function describeDistances(distances: readonly DistanceSpeed[]): string {
  const gigabytes = (bytesPerSecond: number): string => `${(bytesPerSecond / 1e9).toFixed(1)} GB/s`
  return section(
    'Layer distances: stored bytes of both checkpoints compared per second of one core',
    ['stored as', 'differing', 'identical', 'copying them'],
    distances.map((row) => [
      row.dtype,
      gigabytes(row.differingBytesPerSecond),
      gigabytes(row.identicalBytesPerSecond),
      gigabytes(row.copyBytesPerSecond)
    ]),
    'From memory, 1 MiB of each at a time; reading from a disk goes on beside it.'
  )
}

/** A titled table with columns as wide as they need; numbers read best flush right. */
function section(title: string, header: readonly string[], rows: readonly string[][], note?: string): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0))
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
      )
      .join('  ')
  return ['', title, line(header), ...rows.map(line), ...(note === undefined ? [] : [note]), ''].join('\n')
}

function measured({ measured, lowest, highest }: Comparison['plain']): string {
  return lowest === highest
    ? times(measured)
    : `${times(measured)} (${lowest.toFixed(1)} to ${highest.toFixed(1)})`
}

function times(ratio: number): string {
  return `${ratio.toFixed(1)}x`
}

function ratio(value: number): string {
  return `${value.toFixed(2)}x`
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}

function gflopsPerSecond(value: number): string {
  return `${value.toFixed(0)} GFLOP/s`
}

function gigaflops(flops: number): string {
  return `${(flops / 1e9).toFixed(0)} GFLOP`
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`
}
