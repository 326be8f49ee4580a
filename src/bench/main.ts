import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { resourcePath } from '../main/base/resources'
import { BANDWIDTH_WORKER, moveMemory } from './bandwidth'
import { profileBlocks } from './block-profile'
import { compareWithPlainWays, type ComparisonPlan } from './comparison'
import { EXPORT_CHILD, measureExport, measureExportApart } from './export'
import { measureGeneration } from './generation'
import { measureSized, type SizedPair } from './generation-at-size'
import { measureGrowth } from './growth'
import { planFullDepth } from './full-depth'
import { describeMachine } from './machine'
import type { PairShape } from './model-shapes'
import { MEMORY_CHILD, measurePeakMemory, reportOwnMemory } from './peak-memory'
import { describeReport, type BenchReport } from './report'
import { measurePreview, type PreviewedPair } from './preview'
import { measureTaskSweep } from './task-sweep'
import { measureDistances } from './weight-distances'
import { writeHollowPair, writeSyntheticPair, type PairFolders } from './synthetic-pair'
import { measureWindow } from './window'
import { demoPrompts } from './workload'

const USAGE = `npm run bench -- [--full | --generation | --size | --task | --preview | --depth | --export | --window] [--json FILE]

Measures the sweep on the demo pair and on synthetic pairs of real shapes (random weights, in the system's folder for
temporary files, removed afterwards). About 2 minutes on two cores; --full adds pairs of 24 layers and an 8B's width,
and the plan for all layers of an 8B (15 minutes or more, 8 GB of memory, 3 GB of disk). Generation is measured on the demo pair and on a pair of
Qwen2.5-0.5B's size (8 GB of memory, 2 GB of disk); --generation measures nothing else. --size generates with an 8B's
width, 4 layers of it and in files that are holes all 32, and nothing else (a quarter of an hour, 12 GB of memory, 8 GB of disk). --task measures the demo's sweep scored by
a task, which the others measure too, and What if, and nothing else. --preview measures previews beside whole sweeps of the demo pair and of pairs of
16, 24 and 30 layers, and nothing else (15 minutes, 3 GB of disk); --depth the preview of an 8B of 32 layers within 6 GiB, beside a part of its whole sweep, and nothing else (an hour, 40 GB of disk). --export measures the export of a
pair of 4 GB models and nothing else (13 GB of disk). --window measures how soon the desktop's page can be used, in the Chromium that CHROMIUM
names (/usr/bin/chromium), and nothing else. Other programs disturb the figures: the machine should be idle.`

interface BenchPair {
  readonly name: string
  /** null is the demo pair. */
  readonly shape: PairShape | null
  readonly plan: ComparisonPlan
  /** Of the demo's 40, in the measurement of memory: all where that takes no minutes. */
  readonly memoryPrompts: number
  /** Also plan for the whole model that this is a cut of. */
  readonly planWhole?: true
}

const SHORT: ComparisonPlan = { rounds: 5, pauses: 0, plainSamples: 8, batchedSamples: 3 }
/** One round, but sampled all along: it takes minutes. */
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
    memoryPrompts: 40,
    planWhole: true
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

/** What a sweep of a large model gets on a small machine. */
const BUDGET_BYTES = 6 * 2 ** 30

/** The demo pair and a whole model of a real size, its vocabulary included. */
const GENERATION_PAIRS: readonly Pick<BenchPair, 'name' | 'shape'>[] = [
  { name: 'demo', shape: null },
  { name: 'Qwen2.5-0.5B', shape: { shape: 'Qwen2.5-0.5B', layerCount: 24 } }
]

const SMALL_PREVIEW = { rounds: 3, memoryBytes: BUDGET_BYTES, leastFreeBytes: 4e9, wholePrompts: 40 } as const

/** Pairs of which a preview is measured beside the whole sweep. */
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

/** Nobody waits for all of its whole sweep: a tenth of the prompts says how long that would take. */
const FULL_DEPTH: PreviewedPair = {
  name: 'Llama-3.1-8B',
  shape: { shape: 'Llama-3.1-8B', layerCount: 32 },
  rounds: 1,
  memoryBytes: BUDGET_BYTES,
  leastFreeBytes: 40e9,
  wholePrompts: 4
}

const SHORT_ANSWERS = { promptTokens: 18, answerTokens: 24 }
const SIZED: readonly (SizedPair & { hollow: boolean })[] = [
  {
    name: 'Llama-3.1-8B',
    shape: { shape: 'Llama-3.1-8B', layerCount: 4 },
    hollow: false,
    cases: [
      { weights: 'int8', samples: 1, ...SHORT_ANSWERS },
      { weights: 'int8', samples: 8, promptTokens: 512, answerTokens: 40 },
      { weights: 'int8', samples: 1, promptTokens: 4096, answerTokens: 64 },
      { weights: 'fp32', samples: 1, ...SHORT_ANSWERS }
    ]
  },
  {
    name: 'Llama-3.1-8B, zeros',
    shape: { shape: 'Llama-3.1-8B', layerCount: 32 },
    hollow: true,
    cases: [{ weights: 'int8', samples: 1, ...SHORT_ANSWERS }]
  }
]

/** What an 8B in int8 gets: with less free memory the machine would swap. */
const SIZED_MEMORY_BYTES = 14 * 2 ** 30

/** What can be measured alone. */
const PARTS = ['generation', 'size', 'task', 'preview', 'depth', 'export', 'window'] as const

const TASK_ROUNDS = 3

/** The first reads Chromium's and the program's files from the disk. */
const WINDOW_STARTS = 6

/** 4.0 GB a model: the width of an 8B, with as many layers and rows of the embedding as that takes. */
const EXPORT_PAIR = {
  name: 'Llama-3.1-8B, 8 layers',
  shape: { shape: 'Llama-3.1-8B', layerCount: 8, vocabularySize: 32_000 }
} as const satisfies Pick<BenchPair, 'name' | 'shape'>

const [command, base = '', post = '', memoryBytes = '', promptCount = ''] = process.argv.slice(2)
if (command === BANDWIDTH_WORKER) moveMemory()
else if (command === MEMORY_CHILD)
  await reportOwnMemory({ base, post }, Number(memoryBytes), Number(promptCount))
else if (command === EXPORT_CHILD) await reportExport()
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
    profiles: [],
    growth: [],
    memory: [],
    plans: [],
    generations: [],
    sized: [],
    tasks: [],
    previews: [],
    distances: [],
    exports: [],
    windows: []
  }
  const folder = await mkdtemp(join(tmpdir(), 'slr-bench-'))
  try {
    const { only } = options
    if (only === null) await measure(report, folder, options.full ? FULL_PAIRS : PAIRS, interrupted.signal)
    if (only === null || only === 'generation') await measureGenerations(report, folder, interrupted.signal)
    if (only === 'size') await measureSizes(report, folder, interrupted.signal)
    if (only === null || only === 'task') {
      step('demo: sweep scored by a task')
      report.tasks.push(await measureTaskSweep(TASK_ROUNDS, interrupted.signal))
    }
    if (only === 'preview') await measurePreviews(report, folder, PREVIEWED, interrupted.signal)
    if (only === 'depth') await measurePreviews(report, folder, [FULL_DEPTH], interrupted.signal)
    if (only === 'export') await measureExports(report, folder, interrupted.signal)
    if (only === 'window') {
      step('window')
      const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
      report.windows.push(await measureWindow(folder, chromium, WINDOW_STARTS))
    }
    return 0
  } catch (error) {
    const { reason }: { reason: unknown } = interrupted.signal
    if (reason !== 'SIGINT' && reason !== 'SIGTERM' && reason !== 'SIGHUP') throw error
    return 128 + constants.signals[reason]
  } finally {
    await rm(folder, { recursive: true, force: true })
    // Also of a run that was stopped: what is measured is measured.
    process.stdout.write(describeReport(report))
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
  }
}

/** null when the command line is not one of ours. */
function readOptions(): {
  full: boolean
  only: (typeof PARTS)[number] | null
  json: string | undefined
} | null {
  try {
    const boolean = { type: 'boolean' } as const
    const { values } = parseArgs({
      options: {
        ...{ full: boolean, generation: boolean, size: boolean, task: boolean, preview: boolean },
        ...{ depth: boolean, export: boolean, window: boolean },
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

/** Adds what it measures to the report. */
async function measure(
  report: BenchReport,
  folder: string,
  pairs: readonly BenchPair[],
  signal: AbortSignal
): Promise<void> {
  const prompts = await demoPrompts()
  step('layer distances')
  report.distances.push(...measureDistances())
  for (const [index, { name, shape, plan, memoryPrompts, planWhole }] of pairs.entries()) {
    const scratch = await mkdtemp(join(folder, `pair-${index}-`))
    const folders = await pairFolders(scratch, shape, signal)
    step(`${name}: peak memory`)
    const memory = await measurePeakMemory(name, folders, BUDGET_BYTES, memoryPrompts, signal)
    report.memory.push(memory)
    if (planWhole && shape !== null) {
      step(`${name}: the plan for all layers`)
      report.plans.push(...(await planFullDepth({ name, shape, folders }, memory, prompts, scratch, signal)))
    }
    step(`${name}: profile`)
    report.profiles.push(await profileBlocks(name, folders, prompts, scratch, signal))
    step(`${name}: sweep against the plain ways`)
    report.comparisons.push(await compareWithPlainWays(name, folders, prompts, plan, signal))
    await rm(scratch, { recursive: true, force: true })
  }
  step('growth')
  report.growth.push(...(await measureGrowth(prompts, folder, signal)))
}

/** Adds to the report how fast pairs generate. */
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

/** Adds to the report how models of real size generate; of one that would take 32 GB of disk all weights but a few are zero. */
async function measureSizes(report: BenchReport, folder: string, signal: AbortSignal): Promise<void> {
  for (const [index, pair] of SIZED.entries()) {
    const scratch = await mkdtemp(join(folder, `size-${index}-`))
    const write = pair.hollow ? writeHollowPair : writeSyntheticPair
    const folders = await write(scratch, pair.shape, signal)
    for (const sized of pair.cases) {
      step(
        `${pair.name}, ${pair.shape.layerCount} layers: ${sized.weights}, ${sized.samples} x ${sized.answerTokens} tokens`
      )
      report.sized.push(await measureSized(pair, sized, folders, SIZED_MEMORY_BYTES, signal))
    }
    await rm(scratch, { recursive: true, force: true })
  }
}

async function measurePreviews(
  report: BenchReport,
  folder: string,
  pairs: readonly PreviewedPair[],
  signal: AbortSignal
): Promise<void> {
  for (const [index, pair] of pairs.entries()) {
    const scratch = await mkdtemp(join(folder, `preview-${index}-`))
    step(`${pair.name}: preview beside the whole sweep`)
    report.previews.push(await measurePreview(pair, scratch, signal))
    await rm(scratch, { recursive: true, force: true })
  }
}

async function measureExports(report: BenchReport, folder: string, signal: AbortSignal): Promise<void> {
  const { name, shape } = EXPORT_PAIR
  step(`${name}: export`)
  const folders = await writeSyntheticPair(folder, shape, signal)
  report.exports.push(await measureExportApart(name, folders, shape.layerCount, folder, signal))
}

/** What the child does: exports, and says what it measured. */
async function reportExport(): Promise<void> {
  const [name = '', layerCount, scratch = ''] = process.argv.slice(5)
  const never = new AbortController().signal
  const measure = await measureExport(name, { base, post }, Number(layerCount), scratch, never)
  process.stdout.write(JSON.stringify(measure))
}

function step(text: string): void {
  process.stderr.write(`${text}\n`)
}

async function pairFolders(
  scratch: string,
  shape: PairShape | null,
  signal: AbortSignal
): Promise<PairFolders> {
  if (shape !== null) return writeSyntheticPair(scratch, shape, signal)
  return { base: resourcePath('demo-pair', 'base'), post: resourcePath('demo-pair', 'post') }
}
