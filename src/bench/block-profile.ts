import { at } from '../contract/model/look-up'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { TrackedPrompt } from '../contract/procedures/engine'
import { InferenceSession } from '../main/base/onnxruntime'
import { readBlock } from '../main/engine/weights/block-weights'
import { openDevice, SESSION_OPTIONS, type Device } from '../main/engine/device/device'
import { forward } from '../main/engine/forward/forward'
import { valuesOf } from '../main/engine/forward/language-head'
import { closePairWeights, openPairWeights, type PairWeights } from '../main/engine/weights/pair-weights'
import { ReadAhead } from '../main/engine/weights/read-ahead'
import { countFlops } from '../main/engine/sweep/sweep-plan'
import { PRODUCT_NODE } from '../main/engine/device/timed-product'
import { openGemmPeak, PEAK_FLOPS } from './gemm-peak'
import { openHeldHead } from './held-head'
import { median } from './statistics'
import type { PairFolders } from './synthetic-pair'
import { pack, sweptModels, trieOf } from './workload'
import { wholeTrie } from '../main/engine/tries/trie-parts'
import { section, percent, gflopsPerSecond } from './table'

/** Where a pass over the layers spends its time, from onnxruntime's own profile of every node. */
export interface BlockProfile {
  readonly pair: string
  readonly packedTokens: number
  /** Inside the Gemm nodes of the layers, and inside the fastest of some plain large ones. */
  readonly gemmGflops: number
  readonly peakGflops: number
  /** Shares of the pass's wall time; they add up to 1. */
  readonly shares: readonly { readonly part: string; readonly share: number }[]
  /** Reading a block's bytes and converting them to float32, alone, against running the nodes it feeds in this pass. */
  readonly readMsPerBlock: number
  readonly runMsPerBlock: number
  /** Converting weights to float32, time of the reading thread over that of all else but waiting for it. */
  readonly convertShare: number
  /** Final norm, head and log-sum-exp on 512 rows. */
  readonly headGflops: number
}

/** More would not change the shares, only the time. */
const MAX_MODELS = 24
const HEAD_ROWS = 512
const REPEATS = 5

/** @param folder a scratch folder, for the profiles that onnxruntime writes */
export async function profileBlocks(
  name: string,
  folders: PairFolders,
  prompts: readonly TrackedPrompt[],
  folder: string,
  signal: AbortSignal
): Promise<BlockProfile> {
  const pair = await openPairWeights(folders.base, folders.post)
  const device = profilingDevice(folder)
  const reader = new ReadAhead(pair)
  reader.until(signal)
  const peak = await openGemmPeak(device)
  try {
    const { spec } = pair.post
    const all = sweptModels(spec.layerCount)
    const stride = Math.ceil(all.length / MAX_MODELS)
    const trie = trieOf(
      all.filter((_, index) => index % stride === 0),
      spec.layerCount
    )
    const packed = pack(prompts)
    const measurePeak = async (): Promise<void> => {
      for (let i = 0; i < REPEATS; i++) await peak.measure()
    }
    // Before and after, never between: the next block is being read meanwhile.
    await measurePeak()
    let waitMs = 0
    let convertMs = 0
    let blockCount = 0
    const blocks = reader.block.bind(reader)
    const startedMs = performance.now()
    for await (const event of forward({ device, precision: 'fp32', pair, trie, packed, signal, blocks })) {
      if (event.type !== 'block') continue
      blockCount++
      waitMs += event.waitMs
      convertMs += event.convertMs
    }
    const elapsedMs = performance.now() - startedMs
    await measurePeak()
    await peak.close()

    const kernels = await readKernelTimes(folder)
    const peakMs = Math.min(...kernels.filter((node) => node.name === PRODUCT_NODE).map((node) => node.ms))
    const kernelMs = (of: (node: Kernel) => boolean): number =>
      kernels.filter((node) => node.name !== PRODUCT_NODE && of(node)).reduce((sum, node) => sum + node.ms, 0)
    const isGemm = (node: Kernel): boolean => node.operator.endsWith('Gemm')
    const isNorm = (node: Kernel): boolean => node.operator.includes('LayerNormalization')
    const rest = (prefix: string) => (node: Kernel) =>
      !isGemm(node) && !isNorm(node) && node.name.startsWith(prefix)
    const gemmMs = kernelMs(isGemm)
    const parts = [
      { part: 'projections', ms: gemmMs },
      { part: 'attention', ms: kernelMs(rest('attention/')) },
      { part: 'norms', ms: kernelMs(isNorm) },
      { part: 'activation', ms: kernelMs(rest('mlp/')) },
      { part: 'waiting for weights', ms: waitMs }
    ]
    const knownMs = parts.reduce((sum, { ms }) => sum + ms, 0)
    parts.push({ part: 'copies, calls', ms: elapsedMs - knownMs })
    return {
      pair: name,
      packedTokens: packed.tokens.length,
      gemmGflops: countFlops(spec, wholeTrie(trie), packed).projections / gemmMs / 1e6,
      peakGflops: PEAK_FLOPS / peakMs / 1e6,
      shares: parts.map(({ part, ms }) => ({ part, share: ms / elapsedMs })),
      readMsPerBlock: await timeReads(pair),
      runMsPerBlock: (knownMs - waitMs) / blockCount,
      convertShare: convertMs / (elapsedMs - waitMs),
      headGflops: await measureHead(pair)
    }
  } finally {
    await reader.close()
    await closePairWeights(pair)
  }
}

/** The CPU device with onnxruntime's profiler on: each session writes a profile when it is released. */
function profilingDevice(folder: string): Device {
  let sessions = 0
  return {
    name: 'cpu',
    gainsFromHalf: false,
    keepsTensors: false,
    moved: null,
    createSession: (model) =>
      InferenceSession.create(model, {
        ...SESSION_OPTIONS,
        executionProviders: ['cpu'],
        enableProfiling: true,
        // The profiler adds the second it started at, which two sessions may share.
        profileFilePrefix: join(folder, `${PROFILE_PREFIX}${sessions++}`)
      }),
    resident: async (data, dims) => (await openDevice('cpu')).resident(data, dims),
    outlive: (tensor) => Promise.resolve(tensor),
    settle: () => Promise.resolve(),
    close: () => Promise.resolve()
  }
}

const PROFILE_PREFIX = 'profile-'
const KERNEL_SUFFIX = '_kernel_time'

interface Kernel {
  readonly name: string
  readonly operator: string
  readonly ms: number
}

/** Chrome's trace format, as onnxruntime writes it: durations in microseconds. */
const Trace = z.array(
  z.object({
    name: z.string(),
    dur: z.number(),
    args: z.object({ op_name: z.string().optional() }).optional()
  })
)

async function readKernelTimes(folder: string): Promise<Kernel[]> {
  const files = (await readdir(folder)).filter((file) => file.startsWith(PROFILE_PREFIX))
  const traces = await Promise.all(
    files.map(async (file) => Trace.parse(JSON.parse(await readFile(join(folder, file), 'utf8'))))
  )
  return traces
    .flat()
    .filter((event) => event.name.endsWith(KERNEL_SUFFIX))
    .map(({ name, dur, args }) => ({
      name: name.slice(0, -KERNEL_SUFFIX.length),
      operator: args?.op_name ?? '',
      ms: dur / 1000
    }))
}

async function timeReads(pair: PairWeights): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < REPEATS; i++) {
    const startedMs = performance.now()
    await readBlock(pair, 0, { kind: 'recipe', attention: i % 2, mlp: i % 2 })
    times.push(performance.now() - startedMs)
  }
  return median(times)
}

async function measureHead(pair: PairWeights): Promise<number> {
  const device = await openDevice('cpu')
  const head = await openHeldHead(device, pair.post)
  const { hiddenSize, vocabularySize } = pair.post.spec
  const rows = Float32Array.from({ length: HEAD_ROWS * hiddenSize }, (_, i) => Math.sin(i))
  try {
    await valuesOf(head.logSums(rows))
    const times: number[] = []
    for (let i = 0; i < REPEATS; i++) {
      const startedMs = performance.now()
      await valuesOf(head.logSums(rows))
      times.push(performance.now() - startedMs)
    }
    return (2 * HEAD_ROWS * hiddenSize * vocabularySize) / median(times) / 1e6
  } finally {
    await head.close()
    await device.close()
  }
}

/** As a table. */
export function describeProfiles(profiles: readonly BlockProfile[]): string {
  const names = at(profiles, 0, 'profile').shares.map(({ part }) => part)
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
