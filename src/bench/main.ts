import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { resourcePath } from '../main/base/resources'
import { measureAdapterSweep } from './adapter-sweep'
import { BANDWIDTH_WORKER, moveMemory } from './bandwidth'
import { compareWithPlainWays, type ComparisonPlan } from './comparison'
import { measureGeneration } from './generation'
import { measureDevices } from './gpu'
import { describeMachine } from './machine'
import type { PairShape } from './model-shapes'
import { MEMORY_CHILD, measurePeakMemory, reportOwnMemory } from './peak-memory'
import { describeReport, type BenchReport } from './report'
import { measurePreview, type PreviewedPair } from './preview'
import { measureServing } from './serving'
import type { PairFolders } from '../main/crc/sweep/score-recipes'
import { writeSyntheticPair, writeSyntheticStages } from './synthetic-pair'
import { triedDevices } from '../main/work/devices'
import { demoPrompts } from './workload'

const USAGE = `npm run bench -- [--full | one of the parts below] [--json FILE]

Measures sweeps and generation on the demo pair and on synthetic pairs of real shapes.
Synthetic pairs have random weights. They are temporary files until the run ends.
Close other programs first, because they disturb the figures.

  (no option)     sweep, memory and generation on small pairs (2 minutes on two cores)
  --full          also pairs of 24 layers and of an 8B's width, a lineage, --serving and --preview
                  (8 GB of memory, 6 GB of disk)
  --generation    only generation (8 GB of memory, 2 GB of disk)
  --serving       only an adapter's sweep beside the merged pair's, and the API beside a sample run
  --preview       only previews beside full sweeps, 12 to 30 layers (15 minutes, 3 GB of disk)
  --gpu           only a sweep of an 8B's width on every device that works (4 GB of disk)
  --json FILE     write every figure to FILE`

/* Entry of the bench. Child processes and threads of a measurement run the same script with another first argument. */

interface BenchPair {
  readonly name: string
  /** Shape of a synthetic pair; null for the demo pair. */
  readonly shape: PairShape | null
  readonly plan: ComparisonPlan
  readonly memoryPrompts: number
}

const SHORT: ComparisonPlan = { rounds: 5, pauses: 0, plainSamples: 8, batchedSamples: 3 }
/** Plan of a measurement with one round of many minutes. The machine's speed is sampled in its pauses. */
const LONG: ComparisonPlan = { rounds: 1, pauses: 6, plainSamples: 4, batchedSamples: 1 }

const PAIRS: readonly BenchPair[] = [
  { name: 'demo', shape: null, plan: SHORT, memoryPrompts: 40 },
  {
    name: 'Qwen2.5-0.5B, 4 layers',
    shape: { shape: 'Qwen2.5-0.5B', layerCount: 4, vocabularySize: 8192 },
    plan: SHORT,
    memoryPrompts: 40
  }
]
const FULL_PAIRS: readonly BenchPair[] = [
  ...PAIRS,
  {
    name: 'Llama-3.1-8B, 2 layers',
    shape: { shape: 'Llama-3.1-8B', layerCount: 2, vocabularySize: 8192 },
    plan: { ...SHORT, rounds: 3 },
    memoryPrompts: 40
  },
  {
    name: 'SmolLM2-135M, 24 layers',
    shape: { shape: 'SmolLM2-135M', layerCount: 24 },
    plan: LONG,
    memoryPrompts: 40
  },
  {
    name: 'Qwen2.5-0.5B, 24 layers',
    shape: { shape: 'Qwen2.5-0.5B', layerCount: 24 },
    plan: LONG,
    memoryPrompts: 20
  }
]

/** Memory of a sweep of a large model on a small machine, in bytes. */
const BUDGET_BYTES = 6 * 2 ** 30

/** The demo pair and a whole model of a real size, its vocabulary included. */
const GENERATION_PAIRS: readonly Pick<BenchPair, 'name' | 'shape'>[] = [
  { name: 'demo', shape: null },
  { name: 'Qwen2.5-0.5B', shape: { shape: 'Qwen2.5-0.5B', layerCount: 24 } }
]

/** A pair with large layers and a vocabulary that the demo's tokenizer fits. */
const SERVED_PAIR = {
  name: 'Qwen2.5-0.5B, 4 layers',
  shape: { shape: 'Qwen2.5-0.5B', layerCount: 4, vocabularySize: 8192 }
} as const

/** A training whose stages all change all layers, so that they share no block. */
const LINEAGE = {
  name: 'Qwen2.5-0.5B, 24 layers, 8 stages',
  shape: { shape: 'Qwen2.5-0.5B', layerCount: 24, vocabularySize: 8192 },
  stageCount: 8,
  promptCount: 2
} as const

const SMALL_PREVIEW = { rounds: 3, memoryBytes: BUDGET_BYTES, minFreeBytes: 4e9, wholePrompts: 40 } as const

/** Pairs on which a preview is compared with the full sweep. */
const PREVIEWED: readonly PreviewedPair[] = [
  { name: 'demo', shape: null, ...SMALL_PREVIEW },
  {
    name: 'SmolLM2-135M, 16 layers',
    shape: { shape: 'SmolLM2-135M', layerCount: 16, vocabularySize: 8192 },
    ...SMALL_PREVIEW
  },
  { name: 'SmolLM2-135M', shape: { shape: 'SmolLM2-135M', layerCount: 30 }, ...SMALL_PREVIEW },
  { name: 'Qwen2.5-0.5B', shape: { shape: 'Qwen2.5-0.5B', layerCount: 24 }, ...SMALL_PREVIEW }
]

/** Parts of the benchmark that can be measured separately. */
const PARTS = ['generation', 'serving', 'preview', 'gpu'] as const

const [command, base = '', post = '', memoryBytes, promptCount, ...stages] = process.argv.slice(2)
if (command === BANDWIDTH_WORKER) moveMemory()
else if (command === MEMORY_CHILD)
  await reportOwnMemory({
    folders: { base, post },
    memoryBytes: Number(memoryBytes),
    promptCount: Number(promptCount),
    stages
  })
else process.exitCode = await bench()

async function bench(): Promise<number> {
  const options = readOptions()
  if (options === null) {
    process.stderr.write(`${USAGE}\n`)
    return 2
  }
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      interrupted.abort(signal)
    })
  }
  const report: BenchReport = {
    machine: describeMachine(),
    comparisons: [],
    memory: [],
    generations: [],
    adapters: [],
    servings: [],
    previews: [],
    devices: []
  }
  const folder = await mkdtemp(join(tmpdir(), 'slr-bench-'))
  try {
    const { only } = options
    if (only === null) await measure(report, folder, options.full ? FULL_PAIRS : PAIRS, interrupted.signal)
    if (options.full) await measureLineage(report, folder, interrupted.signal)
    if (only === null || only === 'generation') await measureGenerations(report, folder, interrupted.signal)
    if (options.full || only === 'serving') await measureDeployment(report, folder, interrupted.signal)
    if (options.full || only === 'preview') await measurePreviews(report, folder, interrupted.signal)
    if (only === 'gpu') {
      step('Llama-3.1-8B, 2 layers: sweep on every device')
      const shape = { shape: 'Llama-3.1-8B', layerCount: 2, vocabularySize: 8192 } as const
      const folders = await pairFolders(folder, shape, interrupted.signal)
      const { signal } = interrupted
      const reports = await triedDevices(signal).reports()
      const sweeps = await measureDevices(folders, shape.layerCount, await demoPrompts(), reports, signal)
      report.devices.push(...sweeps)
    }
    return 0
  } catch (error) {
    const { reason }: { reason: unknown } = interrupted.signal
    if (reason !== 'SIGINT' && reason !== 'SIGTERM' && reason !== 'SIGHUP') throw error
    return 128 + constants.signals[reason]
  } finally {
    await rm(folder, { recursive: true, force: true })
    // A stopped run reports its measurements so far.
    process.stdout.write(describeReport(report))
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
  }
}

/** Returns null for an unknown command line. */
function readOptions(): {
  full: boolean
  only: (typeof PARTS)[number] | null
  json: string | undefined
} | null {
  try {
    const boolean = { type: 'boolean' } as const
    const { values } = parseArgs({
      options: {
        full: boolean,
        generation: boolean,
        serving: boolean,
        preview: boolean,
        gpu: boolean,
        json: { type: 'string' }
      }
    })
    const { full = false, json } = values
    const [only = null, second] = PARTS.filter((part) => values[part])
    if (second !== undefined || (full && only !== null)) return null
    return { full, only, json }
  } catch {
    return null
  }
}

async function measure(
  report: BenchReport,
  folder: string,
  pairs: readonly BenchPair[],
  signal: AbortSignal
): Promise<void> {
  const prompts = await demoPrompts()
  for (const [index, { name, shape, plan, memoryPrompts }] of pairs.entries()) {
    const scratch = await mkdtemp(join(folder, `pair-${index}-`))
    const folders = await pairFolders(scratch, shape, signal)
    step(`${name}: peak memory`)
    const measured = { folders, memoryBytes: BUDGET_BYTES, promptCount: memoryPrompts, stages: [] }
    report.memory.push(await measurePeakMemory(name, measured, signal))
    step(`${name}: sweep against the plain ways`)
    report.comparisons.push(await compareWithPlainWays(name, folders, prompts, plan, signal))
    await rm(scratch, { recursive: true, force: true })
  }
}

async function measureLineage(report: BenchReport, folder: string, signal: AbortSignal): Promise<void> {
  const { name, shape, stageCount, promptCount } = LINEAGE
  const scratch = await mkdtemp(join(folder, 'lineage-'))
  const folders = await pairFolders(scratch, shape, signal)
  const stages = await writeSyntheticStages(scratch, shape, stageCount - 2, signal)
  step(`${name}: peak memory`)
  const measured = { folders, memoryBytes: BUDGET_BYTES, promptCount, stages }
  report.memory.push(await measurePeakMemory(name, measured, signal))
  await rm(scratch, { recursive: true, force: true })
}

async function measureDeployment(report: BenchReport, folder: string, signal: AbortSignal): Promise<void> {
  const { name, shape } = SERVED_PAIR
  const scratch = await mkdtemp(join(folder, 'serving-'))
  const folders = await pairFolders(scratch, shape, signal)
  step(`${name}: sweep of an adapter`)
  report.adapters.push(await measureAdapterSweep(name, folders, await demoPrompts(), scratch, signal))
  step(`${name}: answers of the API`)
  report.servings.push(await measureServing(name, folders, shape.layerCount, signal))
  await rm(scratch, { recursive: true, force: true })
}

async function measureGenerations(report: BenchReport, folder: string, signal: AbortSignal): Promise<void> {
  const prompt = (await demoPrompts())[0]?.tokens ?? []
  for (const [index, { name, shape }] of GENERATION_PAIRS.entries()) {
    const scratch = await mkdtemp(join(folder, `generation-${index}-`))
    step(`${name}: generation`)
    const folders = await pairFolders(scratch, shape, signal)
    report.generations.push(await measureGeneration(name, folders, prompt, signal))
    await rm(scratch, { recursive: true, force: true })
  }
}

async function measurePreviews(report: BenchReport, folder: string, signal: AbortSignal): Promise<void> {
  for (const [index, pair] of PREVIEWED.entries()) {
    const scratch = await mkdtemp(join(folder, `preview-${index}-`))
    step(`${pair.name}: preview beside the full sweep`)
    report.previews.push(await measurePreview(pair, scratch, signal))
    await rm(scratch, { recursive: true, force: true })
  }
}

function step(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Returns the folders of the demo pair, or writes a synthetic pair. */
async function pairFolders(scratch: string, shape: PairShape | null, signal: AbortSignal): Promise<PairFolders> {
  if (shape !== null) return writeSyntheticPair(scratch, shape, signal)
  return { base: resourcePath('blend-pair', 'base'), post: resourcePath('blend-pair', 'post') }
}
