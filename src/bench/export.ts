import { execFile } from 'node:child_process'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import { nothingMeasured } from '../main/export/card-measurements'
import { prepareExport } from '../main/export/prepare'
import { runExport } from '../main/export/run-export'
import type { PairFolders } from './synthetic-pair'
import { section } from './table'
import { median } from './statistics'

/** One export beside a plain copy of the same bytes on the same disk; rates in bytes per second. */
export interface ExportMeasure {
  readonly pair: string
  readonly bytes: number
  /** `cp` of as many bytes, followed by `sync`. */
  readonly copyRates: readonly number[]
  /** Writing, each file flushed to the disk. */
  readonly writeRates: readonly number[]
  readonly verifySeconds: number
  readonly hashSeconds: number
  /** Of the process before the export, and the most during it. */
  readonly idleBytes: number
  readonly peakBytes: number
}

const ROUNDS = 3
const MEMORY_INTERVAL_MS = 20

/** Exports the middle half of the layers and copies post in turn, so that a busy disk disturbs both alike. */
export async function measureExport(
  name: string,
  folders: PairFolders,
  layerCount: number,
  scratch: string,
  signal: AbortSignal
): Promise<ExportMeasure> {
  const post = join(folders.post, 'model.safetensors')
  const { size: bytes } = await stat(post)
  const [copy, target] = [join(scratch, 'copied'), join(scratch, 'exported')]
  const range: [number, number] = [Math.floor(layerCount / 4), Math.floor((3 * layerCount) / 4)]
  const prepared = await prepareExport(folders, { name: 'middle', ranges: [range] })
  const copyRates: number[] = []
  const writeRates: number[] = []
  let seconds = { writing: 0, verifying: 0, hashing: 0 }
  const idleBytes = process.memoryUsage.rss()
  let peakBytes = idleBytes
  for (let round = 0; round < ROUNDS; round++) {
    await settleDisk(signal)
    const startedAt = performance.now()
    await promisify(execFile)('sh', ['-c', 'cp "$1" "$2" && sync "$2"', 'sh', post, copy], { signal })
    copyRates.push((1000 * bytes) / (performance.now() - startedAt))
    await rm(copy)
    await settleDisk(signal)
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
    }, MEMORY_INTERVAL_MS)
    const result = await runExport(
      { prepared, target, overwrite: false, measured: nothingMeasured(prepared) },
      signal,
      () => undefined
    )
    clearInterval(watch)
    seconds = result.seconds
    writeRates.push(bytes / seconds.writing)
    await rm(target, { recursive: true })
  }
  return {
    pair: name,
    bytes,
    copyRates,
    writeRates,
    verifySeconds: seconds.verifying,
    hashSeconds: seconds.hashing,
    idleBytes,
    peakBytes
  }
}

const SETTLE_MS = 1000

/** What was removed is trimmed when the file system commits: that is no work of the next round's. */
async function settleDisk(signal: AbortSignal): Promise<void> {
  await promisify(execFile)('sync', [], { signal })
  await setTimeout(SETTLE_MS, undefined, { signal })
}

/** First argument of the bench when it is to export in a process with nothing else in its memory. */
export const EXPORT_CHILD = 'measure-export'

const Measured = z.object({
  pair: z.string(),
  bytes: z.number(),
  copyRates: z.array(z.number()),
  writeRates: z.array(z.number()),
  verifySeconds: z.number(),
  hashSeconds: z.number(),
  idleBytes: z.number(),
  peakBytes: z.number()
}) satisfies z.ZodType<ExportMeasure>

/** Measures an export in a fresh process. */
export async function measureExportApart(
  name: string,
  { base, post }: PairFolders,
  layerCount: number,
  scratch: string,
  signal: AbortSignal
): Promise<ExportMeasure> {
  const script = process.argv[1] ?? ''
  const args = [script, EXPORT_CHILD, base, post, name, String(layerCount), scratch]
  const { stdout } = await promisify(execFile)(process.execPath, args, { signal })
  return Measured.parse(JSON.parse(stdout))
}

/** As a table. */
export function describeExports(exports: readonly ExportMeasure[]): string {
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
