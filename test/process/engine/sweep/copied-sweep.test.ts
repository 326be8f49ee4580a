import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type * as ort from 'onnxruntime-node'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { demoPrompts, postAndRanges, spreadPrompts } from '../../../../src/bench/workload'
import { writeHollowPair } from '../../../../src/bench/synthetic-pair'
import type { SweepRequest } from '../../../../src/contract/procedures/engine'
import { InferenceSession } from '../../../../src/main/base/onnxruntime'
import { plannedCopies } from '../../../../src/main/engine/sweep/copied-bytes'
import { sweepGroups } from '../../../../src/main/engine/sweep/sweep-groups'
import { planEngineSweep } from '../../../../src/main/engine/sweep/plan'
import { buildSweptModels, sweep } from '../../../../src/main/engine/sweep/sweep'
import { buildAnswerTrie } from '../../../../src/main/engine/tries/answer-trie'
import { closePairWeights, openPairWeights } from '../../../../src/main/engine/weights/pair-weights'
import { BLOCK_INPUTS } from '../../../../src/main/graphs/block-graph'
import { collect } from '../../../fixtures/collect'
import { largestDifference } from '../../../fixtures/goldens'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { shortPair } from '../../../fixtures/swept-project'

/** Sweeps on a CUDA device whose sessions compute on the CPU, which counts the tensors that go in and out. */

const LAYERS = 6
const MODELS: SweepRequest['models'] = [{ kind: 'base' }, ...postAndRanges(LAYERS)]

let request: SweepRequest
let onCpu: Outcome

interface Outcome {
  /** [model][prompt][group] */
  probabilities: number[][][]
  blockEvaluations: number
  weightBytesRead: number
  moved: { toDevice: number; fromDevice: number } | null
}

async function swept(change: Partial<SweepRequest>): Promise<Outcome> {
  const events = await collect(sweep({ ...request, ...change }))
  const probabilities: number[][][] = []
  for (const event of events) {
    if (event.type !== 'probabilities') continue
    const ofModel = (probabilities[event.model] ??= [])
    for (const [i, prompt] of event.prompts.entries()) ofModel[prompt] = event.probabilities[i] ?? []
  }
  const done = events.find((event) => event.type === 'done')
  if (done === undefined) throw new Error('the sweep did not end')
  return { probabilities, moved: done.moved, ...done.work }
}

const largestDifferenceOf = (left: Outcome, right: Outcome): number =>
  largestDifference(left.probabilities.flat(2), right.probabilities.flat(2))

interface Counted {
  runs: number
  toDevice: number
  fromDevice: number
  /** Rows of each run of a block. */
  rows: number[]
}

function fakeCuda(): Counted {
  const counted: Counted = { runs: 0, toDevice: 0, fromDevice: 0, rows: [] }
  const bytesOf = (tensors: Readonly<Record<string, ort.Tensor>>): number =>
    Object.values(tensors).reduce((sum, { data }) => sum + (ArrayBuffer.isView(data) ? data.byteLength : 0), 0)
  const create = InferenceSession.create.bind(InferenceSession)
  vi.spyOn(InferenceSession, 'create').mockImplementation(async (...args: Parameters<typeof create>) => {
    const [model, options] = args
    const isGpu = options?.executionProviders?.includes('cuda') === true
    const session = await create(model, { ...options, executionProviders: ['cpu'] })
    if (!isGpu) return session
    const run = session.run.bind(session)
    vi.spyOn(session, 'run').mockImplementation(async (...inputs: Parameters<typeof run>) => {
      // From Node 23 on, a float16 tensor of JavaScript has no bytes (microsoft/onnxruntime#32323).
      expect(Object.values(inputs[0]).map(({ type }) => type)).not.toContain('float16')
      const results = await run(...inputs)
      const [nodes, rows, width] = inputs[0][BLOCK_INPUTS.hidden]?.dims ?? []
      // A head's input, [rows, hidden], has the same name.
      if (nodes !== undefined && rows !== undefined && width !== undefined) counted.rows.push(nodes * rows)
      counted.runs++
      counted.toDevice += bytesOf(inputs[0])
      counted.fromDevice += bytesOf(results)
      return results
    })
    return session
  })
  return counted
}

/** Puts a program in the place of nvidia-smi, which prints free mebibytes. */
async function stubMemory(mebibytes: number | null): Promise<void> {
  const folder = await temporaryFolder()
  await mkdir(folder, { recursive: true })
  const script = mebibytes === null ? 'exit 9' : `echo ${mebibytes}`
  await writeFile(join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  vi.stubEnv('PATH', `${folder}:${process.env.PATH ?? ''}`)
}

describe.skipIf(process.platform !== 'linux')('a sweep on CUDA', () => {
  beforeAll(async () => {
    request = {
      ...(await shortPair()),
      device: 'cpu',
      models: MODELS,
      prompts: spreadPrompts(await demoPrompts(), 8),
      memoryBytes: 2 ** 33
    }
    onCpu = await swept({})
  })

  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  it('gives the scores of the CPU, with the runs and the bytes of its plan, and reads weights once', async () => {
    await stubMemory(80_000)
    const counted = fakeCuda()
    const asked = { ...request, device: 'cuda', precision: 'fp32' } as const
    const plan = await planEngineSweep(asked)
    // The plan times a few runs.
    Object.assign(counted, { runs: 0, toDevice: 0, fromDevice: 0, rows: [] })
    const onCuda = await swept(asked)
    expect(largestDifferenceOf(onCuda, onCpu)).toBeLessThan(2e-8)
    expect(onCuda.blockEvaluations).toBe(onCpu.blockEvaluations)
    expect(onCuda.weightBytesRead).toBe(onCpu.weightBytesRead)
    const { runs, toDevice, fromDevice } = counted
    expect({ runs, toDevice, fromDevice }).toEqual(plan.copies)
    expect(onCuda.moved).toEqual({ toDevice, fromDevice })
    // Every block has one run for all of its nodes.
    expect(counted.rows).toHaveLength(2 * LAYERS)
  })

  it('computes in half precision unless the precision is named, from weights in single precision', async () => {
    await stubMemory(null)
    fakeCuda()
    const asked = { ...request, device: 'cuda' } as const
    const { precision, copies } = await planEngineSweep(asked)
    expect(precision).toBe('fp16')
    const onCuda = await swept(asked)
    expect(largestDifferenceOf(onCuda, onCpu)).toBeLessThan(5e-3)
    expect(onCuda.moved?.toDevice).toBe(copies?.toDevice)
  })

  it('copies 207 GB in 239 runs for an 8B on an H100, in one part', async () => {
    const shape = { shape: 'Llama-3.1-8B', layerCount: 32 } as const
    const folders = await writeHollowPair(await temporaryFolder(), shape, new AbortController().signal)
    const pair = await openPairWeights(folders.base, folders.post)
    const models = [{ kind: 'base' } as const, ...postAndRanges(32)]
    const prompts = await demoPrompts()
    const plannedOn = async (gibibytes: number) => {
      const memoryBytes = gibibytes * 2 ** 30
      const placement = { keepsTensors: false, copiesTensors: true, memoryBytes, precision: 'fp16' } as const
      const swept = await buildSweptModels(pair, { models, prompts }, placement)
      const tries = prompts.map(buildAnswerTrie)
      const grouping = sweepGroups(swept, tries, { models, memoryBytes: 2 ** 35 }, 'cuda')
      expect(grouping.groups.map(({ parts }) => parts.length)).toEqual([1])
      expect(grouping.deviceBytes).toBeLessThan(memoryBytes / 4)
      const { runs = 0, toDevice = 0, fromDevice = 0 } = plannedCopies(swept, grouping) ?? {}
      return [runs, Math.round((toDevice + fromDevice) / 1e9)]
    }
    expect([await plannedOn(79), await plannedOn(23)]).toEqual([
      [239, 207],
      [307, 267]
    ])
    await closePairWeights(pair)
  })

  it('takes smaller runs on a device with little memory', async () => {
    await stubMemory(32)
    const counted = fakeCuda()
    const onCuda = await swept({ device: 'cuda', precision: 'fp32' })
    expect(largestDifferenceOf(onCuda, onCpu)).toBeLessThan(1e-5)
    expect(counted.rows.length).toBeGreaterThan(2 * LAYERS)
    const { deviceBytes } = await planEngineSweep({ ...request, device: 'cuda', precision: 'fp32' })
    expect(deviceBytes).toBeLessThan(2 ** 23)
  })
})
