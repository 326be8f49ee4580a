import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { modelOf } from '../contract/documents/swept-model'
import type { Model } from '../contract/model/model'
import { openCheckpoint } from '../main/checkpoint/checkpoint'
import { openDevice } from '../main/engine/device/device'
import { decoderSpec } from '../main/family'
import { timeSweep } from './comparison'
import type { PairFolders } from '../main/crc/sweep/score-recipes'
import { listSweptModels } from '../main/crc/sweep/swept-models'
import { demoPrompts, spreadPrompts, postAndRanges } from './workload'
import { section, mebibytes } from './table'

export interface PeakMemory {
  readonly pair: string
  readonly memoryBytes: number
  readonly groupCount: number
  readonly plannedBytes: number
  readonly peakBytes: number
  /** Memory of the same process before the sweep: node, onnxruntime and this program, in bytes. */
  readonly beforeBytes: number
  readonly promptCount: number
  /** Time from opening the files to the last score. */
  readonly seconds: number
}

interface MeasuredSweep {
  readonly folders: PairFolders
  readonly memoryBytes: number
  readonly promptCount: number
  /** Checkpoints between base and post. Each is restored to every earlier one. */
  readonly stages: readonly string[]
}

/** First argument of the bench in a child process that sweeps and reports its own memory. */
export const MEMORY_CHILD = 'measure-memory'

const ChildReport = z.object({
  beforeBytes: z.number(),
  plannedBytes: z.number(),
  groupCount: z.number(),
  peakBytes: z.number(),
  seconds: z.number()
})

/** Measures a sweep in a child process. */
export async function measurePeakMemory(
  name: string,
  { folders, memoryBytes, promptCount, stages }: MeasuredSweep,
  signal: AbortSignal
): Promise<PeakMemory> {
  const script = process.argv[1] ?? ''
  const numbers = [String(memoryBytes), String(promptCount)]
  const child = await promisify(execFile)(
    process.execPath,
    [...process.execArgv, script, MEMORY_CHILD, folders.base, folders.post, ...numbers, ...stages],
    { signal }
  )
  return { pair: name, memoryBytes, promptCount, ...ChildReport.parse(JSON.parse(child.stdout)) }
}

/** Runs in a child process: sweeps all ranges on some of the demo's prompts, with nothing else in memory. */
export async function reportOwnMemory({ folders, memoryBytes, promptCount, stages }: MeasuredSweep): Promise<void> {
  const prompts = spreadPrompts(await demoPrompts(), promptCount)
  // Loads onnxruntime, so that its memory counts as memory before the sweep.
  await (await openDevice('cpu')).close()
  const { config, configPath } = await openCheckpoint(folders.post)
  const { layerCount } = decoderSpec(config, configPath)
  const models = stages.length === 0 ? postAndRanges(layerCount) : await modelsOfStages(stages, layerCount)
  const beforeBytes = await peakResidentBytes()
  const { signal } = new AbortController()
  const { plannedBytes, groupCount, elapsedMs } = await timeSweep(folders, models, prompts, signal, { memoryBytes })
  const peakBytes = await peakResidentBytes()
  process.stdout.write(JSON.stringify({ beforeBytes, plannedBytes, groupCount, peakBytes, seconds: elapsedMs / 1000 }))
}

/** Lists the models of a lineage: each stage, restored to every earlier one. */
async function modelsOfStages(paths: readonly string[], layerCount: number): Promise<Model[]> {
  const stages = await Promise.all(
    paths.map(async (path) => ({
      name: basename(path),
      path,
      fingerprint: (await openCheckpoint(path)).fingerprint
    }))
  )
  const request = { ranges: true, uniformBlendCount: 0, recipes: [], stages }
  return listSweptModels(request, layerCount, true, stages).map((model) => modelOf(model, { layerCount, source: null }))
}

/**
 * Returns the peak memory of a process in bytes; NaN if unknown. On Linux, maxRSS would not do, because it begins at
 * the size of the parent process.
 *
 * @param pid id of the process; this process if omitted
 */
export async function peakResidentBytes(pid?: number): Promise<number> {
  if (process.platform !== 'linux') return pid === undefined ? process.resourceUsage().maxRSS * 1024 : Number.NaN
  const status = await readFile(`/proc/${pid ?? 'self'}/status`, 'utf8')
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024
}

export function describeMemory(memory: readonly PeakMemory[]): string {
  return section(
    'Peak resident memory of a process that only sweeps, beside its plan',
    'pair | prompts | budget | groups | planned | peak | peak / planned | before the sweep | time',
    memory.map((row) => [
      row.pair,
      String(row.promptCount),
      mebibytes(row.memoryBytes),
      String(row.groupCount),
      mebibytes(row.plannedBytes),
      mebibytes(row.peakBytes),
      (row.peakBytes / row.plannedBytes).toFixed(2),
      mebibytes(row.beforeBytes),
      `${row.seconds.toFixed(0)} s`
    ])
  )
}
