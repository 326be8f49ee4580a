import { PAPER_SAMPLING } from '../contract/documents/samples'
import type { SinglesRequest } from '../main/engine/generate/drawn-models'
import { type Model, rangeModel } from '../contract/model/model'
import type { WeightStorage } from '../contract/model/sampling'
import { openDevice, type Device } from '../main/engine/device/device'
import { drawNext } from '../main/engine/generate/draw-next'
import { planGeneration } from '../main/engine/generate/generation-plan'
import { closePairWeights, memberOf, openPairWeights, type PairWeights } from '../main/engine/weights/pair-weights'
import { prefill, type Prefilled } from '../main/engine/generate/prefill'
import type { Origin } from '../main/engine/tries/recipe-trie'
import { openResidentHead, type ResidentHead } from '../main/engine/generate/resident-head'
import { openRunner } from '../main/engine/generate/open-runner'
import type { RowRunner, RunningRow } from '../main/engine/generate/row-runner'
import { layerTensors, wholeModelTensors, type DecoderSpec } from '../main/family'
import { measureBandwidth, type Bandwidth } from './bandwidth'
import { openTimedProduct } from '../main/engine/device/timed-product'
import { PEAK_SHAPE } from './comparison'
import { elementCount } from '../main/checkpoint/dtype'
import { median } from 'simple-statistics'
import type { PairFolders } from '../main/crc/sweep/score-recipes'
import { trieOf } from './workload'
import { section, ratio, milliseconds, percent, gflopsPerSecond, mebibytes } from './table'

/** Speed of generation with one model, and its limits. A step generates one token for every row. */
interface GenerationSpeed {
  readonly pair: string
  readonly weights: WeightStorage
  readonly rows: number
  /** Median and minimum time of a step, which runs blocks and head and draws the tokens. */
  readonly stepMs: number
  readonly bestStepMs: number
  readonly weightBytes: number
  /** Time to read the weights once at the memory bandwidth measured in the same run. */
  readonly memoryLimitMs: number
  /** Time for the matrix products at the peak speed of a large float32 Gemm measured in the same run. */
  readonly productLimitMs: number
}

/** Speed of generation with several variants at once, with one row for each variant. */
interface VariantSpeed {
  readonly pair: string
  readonly weights: WeightStorage
  /** Median time of a step with base and post. */
  readonly twoMs: number
  /** Median time of a step with base, post and a range. The range shares all its blocks with base and post. */
  readonly threeMs: number
  /** Median time for the same three variants if each has its own copy of a whole model. */
  readonly separateMs: number
  /** Memory for the weights of the three variants, with shared blocks and with separate models. */
  readonly sharedBytes: number
  readonly separateBytes: number
}

export interface GenerationTimes {
  readonly bandwidth: Bandwidth
  readonly peakGflops: number
  readonly speeds: readonly GenerationSpeed[]
  readonly variants: readonly VariantSpeed[]
}

/** Numbers of rows to measure. */
const BATCHES = [1, 8, 32] as const
/** Each round measures one step of every setup, so that other load on the machine affects all setups alike. */
const ROUNDS = 15

/** Measures steps of generation with one and several variants, in float32 and int8, and the machine's limits. */
export async function measureGeneration(
  name: string,
  folders: PairFolders,
  prompt: readonly number[],
  signal: AbortSignal
): Promise<GenerationTimes> {
  const device = await openDevice('cpu')
  const pair = await openPairWeights(folders.base, folders.post)
  const peak = await openTimedProduct(device, PEAK_SHAPE)
  const speeds: GenerationSpeed[] = []
  const variants: VariantSpeed[] = []
  const bandwidth = { read: 0, copy: 0 }
  let peakGflops = 0
  try {
    const { spec } = pair.post
    const { layerCount } = spec
    const range = { start: Math.floor(layerCount / 4), end: Math.floor((3 * layerCount) / 4) - 1 }
    const hybrid = rangeModel(range)
    const models: Model[] = [{ kind: 'base' }, { kind: 'post' }, hybrid]
    for (const weights of ['fp32', 'int8'] as const) {
      const { read, copy } = await measureBandwidth(signal)
      bandwidth.read = Math.max(bandwidth.read, read)
      bandwidth.copy = Math.max(bandwidth.copy, copy)
      const shared = await openVariants(device, pair, folders, models, weights, prompt)
      const rangeOnly = await openVariants(device, pair, folders, [hybrid], weights, prompt)
      try {
        const times = {
          batches: BATCHES.map((): number[] => []),
          two: [] as number[],
          three: [] as number[],
          separate: [] as number[]
        }
        for (let round = 0; round <= ROUNDS; round++) {
          signal.throwIfAborted()
          peakGflops = Math.max(peakGflops, await peak.measure())
          const batchMs: number[] = []
          for (const rows of BATCHES) batchMs.push(await rangeOnly.step(new Array<number>(rows).fill(0)))
          const two = await shared.step([0, 1])
          const three = await shared.step([0, 1, 2])
          // The first round allocates buffers that later rounds reuse, so it is not counted.
          if (round === 0) continue
          batchMs.forEach((ms, i) => times.batches[i]?.push(ms))
          times.two.push(two)
          times.three.push(three)
          // Base and post share no blocks, so they already run as separate models. A separate range adds one more pass.
          times.separate.push(two + (batchMs[0] ?? NaN))
        }
        const fastest = Math.max(bandwidth.read, bandwidth.copy)
        for (const [i, rows] of BATCHES.entries()) {
          const ms = times.batches[i] ?? []
          speeds.push({
            pair: name,
            weights,
            rows,
            stepMs: median(ms),
            bestStepMs: Math.min(...ms),
            weightBytes: rangeOnly.weightBytes,
            memoryLimitMs: (1000 * rangeOnly.weightBytes) / fastest,
            productLimitMs: (rows * tokenFlops(spec)) / peakGflops / 1e6
          })
        }
        variants.push({
          pair: name,
          weights,
          twoMs: median(times.two),
          threeMs: median(times.three),
          separateMs: median(times.separate),
          sharedBytes: shared.weightBytes,
          separateBytes: 3 * rangeOnly.weightBytes
        })
      } finally {
        await shared.close()
        await rangeOnly.close()
      }
    }
    return { bandwidth, peakGflops, speeds, variants }
  } finally {
    await peak.close()
    await closePairWeights(pair)
    await device.close()
  }
}

/** Counts the floating-point operations of the products of one token with all weights. */
export function tokenFlops(spec: DecoderSpec): number {
  const matrices = [...spec.layers.keys()].flatMap((layer) => layerTensors(spec, layer))
  return [...matrices, wholeModelTensors(spec).head]
    .filter(({ shape }) => shape.length === 2)
    .reduce((sum, { shape }) => sum + 2 * elementCount(shape), 0)
}

interface Variants {
  readonly weightBytes: number
  /** Runs a step with one new row for each entry, which is a model index. @returns milliseconds of the step */
  step(models: readonly number[]): Promise<number>
  close(): Promise<void>
}

/** Loads models, and runs their prompt. */
async function openVariants(
  device: Device,
  pair: PairWeights,
  folders: PairFolders,
  models: readonly Model[],
  weights: WeightStorage,
  prompt: readonly number[]
): Promise<Variants> {
  const request: SinglesRequest = {
    ...folders,
    device: 'cpu',
    models: [...models],
    prompts: [[...prompt]],
    sampleCount: Math.max(...BATCHES),
    finished: [],
    seed: 1,
    sampling: PAPER_SAMPLING,
    maxTokens: 8,
    stopTokens: [],
    stopTexts: [],
    weights,
    memoryBytes: 2 ** 40,
    batchRows: Math.max(...BATCHES) * models.length
  }
  const trie = trieOf(models, pair.post.spec.layerCount)
  const plan = planGeneration(request, pair.post.spec, trie, 'fp32')
  const heads = new Map<Origin, ResidentHead>()
  for (const origin of trie.roots) heads.set(origin, await openResidentHead(device, memberOf(pair, origin), weights))
  const runner = await openRunner({ device, pair, trie, heads, plan })
  const prefilled = await prefill({ device, precision: 'fp32', pair, trie, heads, models }, { prompts: [prompt] })
  return {
    weightBytes: plan.weightBytes,
    step: (rowModels) => timeStep(runner, prefilled, rowModels, prompt),
    close: async () => {
      prefilled.dispose()
      await runner.close()
      for (const head of heads.values()) await head.close()
    }
  }
}

/** Measures a step, including the draws of its tokens. Adding and removing the rows is not counted. */
async function timeStep(
  runner: RowRunner,
  prefilled: Prefilled,
  models: readonly number[],
  prompt: readonly number[]
): Promise<number> {
  const position = prompt.length
  const rows = models.map((model, i): RunningRow => ({ model, prompt, tokens: [i], position }))
  await runner.admit(rows, prefilled)
  const startedMs = performance.now()
  await runner.step(rows, (head, hidden, indices) =>
    drawNext(
      head,
      hidden,
      indices.map(() => ({ uniform: 0.5, earlier: [], sampling: PAPER_SAMPLING }))
    )
  )
  const elapsedMs = performance.now() - startedMs
  await runner.dismiss(rows)
  return elapsedMs
}

export function describeSpeeds(generations: readonly GenerationTimes[]): string {
  const limits = generations.map(
    ({ bandwidth: { read, copy }, peakGflops }) =>
      `${(read / 1e9).toFixed(0)} GB/s read, ${(copy / 1e9).toFixed(0)} GB/s copied, ${gflopsPerSecond(peakGflops)}`
  )
  return section(
    "Generation with one model (median time of a step), compared with the machine's limits",
    'pair | format | rows | step | tokens/s | fastest tokens/s | ' +
      'weights | memory limit | reached | Gemm limit | reached',
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
    `Measured limits: ${limits.join('; ')}. ` +
      'Memory limit: tokens/s if a step only read the weights once, at the higher of the two bandwidths. ' +
      'Gemm limit: tokens/s at the peak speed of float32 products, also for int8. ' +
      'Reached: share of the limit that the fastest step reaches.'
  )
}

export function describeVariants(generations: readonly GenerationTimes[]): string {
  return section(
    'Generation with several variants, one row each (median time of a step; setups alternate)',
    'pair | format | base and post | with a range | ratio | as separate models | ratio | ' +
      'shared memory | separate memory',
    generations.flatMap(({ variants }) =>
      variants.map((row) => [
        row.pair,
        row.weights,
        milliseconds(row.twoMs),
        milliseconds(row.threeMs),
        ratio(row.threeMs / row.twoMs),
        milliseconds(row.separateMs),
        ratio(row.separateMs / row.twoMs),
        mebibytes(row.sharedBytes),
        mebibytes(row.separateBytes)
      ])
    )
  )
}
