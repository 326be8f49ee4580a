import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { resourcePath } from '../main/resources'
import { profileBlocks, type BlockProfile } from './block-profile'
import { compareWithPlainWays, type Comparison, type ComparisonPlan } from './comparison'
import { measureGrowth } from './growth'
import { describeMachine } from './machine'
import type { PairShape } from './model-shapes'
import { MEMORY_CHILD, measurePeakMemory, reportOwnMemory, type PeakMemory } from './peak-memory'
import {
  describeComparisons,
  describeGrowth,
  describeMachineLine,
  describeMemory,
  describeProfiles,
  describeWork
} from './report'
import { writeSyntheticPair, type PairFolders } from './synthetic-pair'
import { demoPrompts } from './workload'

const USAGE = `npm run bench -- [--full] [--json FILE]

Measures the sweep on the demo pair and on synthetic pairs of real shapes (random weights, in the system's folder for
temporary files, removed afterwards). About 3 minutes on two cores; --full adds pairs of 24 layers and an 8B's width
(20 minutes or more, 6 GB of memory, 5 GB of disk).`

interface BenchPair {
  readonly name: string
  /** null is the demo pair. */
  readonly shape: PairShape | null
  readonly plan: ComparisonPlan
}

const SHORT: ComparisonPlan = { rounds: 5, pauses: 0, plainSamples: 8, batchedSamples: 3 }
/** One round, but sampled all along: it takes minutes. */
const LONG: ComparisonPlan = { rounds: 1, pauses: 6, plainSamples: 4, batchedSamples: 1 }

const PAIRS: readonly BenchPair[] = [
  { name: 'demo', shape: null, plan: SHORT },
  {
    name: 'Qwen2.5-0.5B, 4 layers',
    shape: { shape: 'Qwen2.5-0.5B', layerCount: 4, vocabularySize: 8192 },
    plan: SHORT
  }
]
const FULL_PAIRS: readonly BenchPair[] = [
  ...PAIRS,
  {
    name: 'Llama-3.1-8B, 2 layers',
    shape: { shape: 'Llama-3.1-8B', layerCount: 2, vocabularySize: 8192 },
    plan: { ...SHORT, rounds: 3 }
  },
  { name: 'SmolLM2-135M, 24 layers', shape: { shape: 'SmolLM2-135M', layerCount: 24 }, plan: LONG },
  { name: 'Qwen2.5-0.5B, 24 layers', shape: { shape: 'Qwen2.5-0.5B', layerCount: 24 }, plan: LONG }
]

const [command, base = '', post = ''] = process.argv.slice(2)
if (command === MEMORY_CHILD) await reportOwnMemory({ base, post })
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
  const folder = await mkdtemp(join(tmpdir(), 'slr-bench-'))
  try {
    await measure(folder, options.full ? FULL_PAIRS : PAIRS, options.json, interrupted.signal)
    return 0
  } catch (error) {
    const { reason }: { reason: unknown } = interrupted.signal
    if (reason !== 'SIGINT' && reason !== 'SIGTERM' && reason !== 'SIGHUP') throw error
    return 128 + constants.signals[reason]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** null when the command line is not one of ours. */
function readOptions(): { full: boolean; json: string | undefined } | null {
  try {
    const { values } = parseArgs({ options: { full: { type: 'boolean' }, json: { type: 'string' } } })
    return { full: values.full === true, json: values.json }
  } catch {
    return null
  }
}

async function measure(
  folder: string,
  pairs: readonly BenchPair[],
  jsonFile: string | undefined,
  signal: AbortSignal
): Promise<void> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  const step = (text: string): void => void process.stderr.write(`${text}\n`)
  const machine = describeMachine()
  print(describeMachineLine(machine))

  const prompts = await demoPrompts()
  const comparisons: Comparison[] = []
  const profiles: BlockProfile[] = []
  const memory: PeakMemory[] = []
  for (const [index, { name, shape, plan }] of pairs.entries()) {
    const scratch = await mkdtemp(join(folder, `pair-${index}-`))
    const folders = await pairFolders(scratch, shape, signal)
    step(`${name}: peak memory`)
    memory.push(await measurePeakMemory(name, folders, signal))
    step(`${name}: profile`)
    profiles.push(await profileBlocks(name, folders, prompts, scratch, signal))
    step(`${name}: sweep against the plain ways`)
    comparisons.push(await compareWithPlainWays(name, folders, prompts, plan, signal))
    await rm(scratch, { recursive: true, force: true })
  }
  step('growth')
  const growth = await measureGrowth(prompts, folder, signal)

  print(describeComparisons(comparisons))
  print(describeWork(comparisons))
  print(describeProfiles(profiles))
  print(describeGrowth(growth))
  print(describeMemory(memory))
  if (jsonFile === undefined) return
  await writeFile(
    jsonFile,
    `${JSON.stringify({ machine, comparisons, profiles, growth, memory }, null, 2)}\n`
  )
}

async function pairFolders(
  scratch: string,
  shape: PairShape | null,
  signal: AbortSignal
): Promise<PairFolders> {
  if (shape !== null) return writeSyntheticPair(scratch, shape, signal)
  return { base: resourcePath('demo-pair', 'base'), post: resourcePath('demo-pair', 'post') }
}
