import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import { openCheckpoint } from '../main/checkpoint/checkpoint'
import { decoderSpec, layerTensors, type DecoderSpec } from '../main/family'
import { openDevice } from '../main/engine/device'
import { rowsPerRun } from '../main/engine/forward'
import { timeSweep } from './comparison'
import { elementCount } from './safetensors-writer'
import type { PairFolders } from './synthetic-pair'
import { demoPrompts, pack, sweptModels, trieOf } from './workload'

/** Peak resident memory of a process that sweeps, beside what the sweep has to hold; all in bytes. */
export interface PeakMemory {
  readonly pair: string
  readonly peakBytes: number
  /** Of the same process before the sweep: node, onnxruntime and this program. */
  readonly beforeBytes: number
  /** Two blocks in float32, and the stored bytes of the one being read. */
  readonly weightBytes: number
  /** The hidden states when most are alive. */
  readonly stateBytes: number
  /** Activations of one run of a block: its widest point. */
  readonly activationBytes: number
  /** The head in float32, which stays in memory. */
  readonly headBytes: number
}

/** First argument of the bench when it is to sweep and report its own memory. */
export const MEMORY_CHILD = 'measure-memory'

const ChildReport = z.object({ beforeBytes: z.number(), peakBytes: z.number() })
const FLOAT_BYTES = 4

export async function measurePeakMemory(
  name: string,
  folders: PairFolders,
  signal: AbortSignal
): Promise<PeakMemory> {
  const script = process.argv[1] ?? ''
  const child = await promisify(execFile)(
    process.execPath,
    [script, MEMORY_CHILD, folders.base, folders.post],
    {
      signal
    }
  )
  const { config, configPath } = await openCheckpoint(folders.post)
  const spec = decoderSpec(config, configPath)
  const rowCount = pack(await demoPrompts()).tokens.length
  // A stored block is bfloat16, half as large as in float32.
  const layerBytes =
    FLOAT_BYTES * layerTensors(spec, 0).reduce((sum, tensor) => sum + elementCount(tensor.shape), 0)
  return {
    pair: name,
    ...ChildReport.parse(JSON.parse(child.stdout)),
    weightBytes: 2.5 * layerBytes,
    stateBytes: peakStates(spec.layerCount) * rowCount * spec.hiddenSize * FLOAT_BYTES,
    activationBytes: activationBytes(spec, rowCount),
    headBytes: spec.vocabularySize * spec.hiddenSize * FLOAT_BYTES
  }
}

/** What the child does: one sweep of all ranges over the demo's prompts, and nothing else in its memory. */
export async function reportOwnMemory(folders: PairFolders): Promise<void> {
  const prompts = await demoPrompts()
  await (await openDevice('cpu')).close()
  const { config, configPath } = await openCheckpoint(folders.post)
  const { layerCount } = decoderSpec(config, configPath)
  const beforeBytes = await peakResidentBytes()
  await timeSweep(folders, sweptModels(layerCount), prompts, new AbortController().signal)
  process.stdout.write(JSON.stringify({ beforeBytes, peakBytes: await peakResidentBytes() }))
}

/** Linux counts a child's maxRSS from its parent's size at the fork; its VmHWM starts with the program. */
async function peakResidentBytes(): Promise<number> {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

/** Most states alive at once: a parent lives until its last child is computed, the last level's are scored at once. */
function peakStates(layerCount: number): number {
  const { roots, levels } = trieOf(sweptModels(layerCount), layerCount)
  let peak = roots.length
  let parents = roots.length
  for (const { nodes } of levels.slice(0, -1)) {
    const uses = new Array<number>(parents).fill(0)
    for (const { parent } of nodes) uses[parent] = (uses[parent] ?? 0) + 1
    let alive = parents
    for (const { parent } of nodes) {
      peak = Math.max(peak, ++alive)
      uses[parent] = (uses[parent] ?? 0) - 1
      if (uses[parent] === 0) alive--
    }
    parents = nodes.length
  }
  return peak
}

/** gate, up and their product beside the residual, the norm's output and the rows that go in and out. */
function activationBytes(spec: DecoderSpec, rowCount: number): number {
  const rows = Math.max(1, Math.round(rowsPerRun(spec.intermediateSize) / rowCount)) * rowCount
  return rows * (3 * spec.intermediateSize + 4 * spec.hiddenSize) * FLOAT_BYTES
}
