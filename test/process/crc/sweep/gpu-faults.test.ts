import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { SweepDocument } from '../../../../src/contract/documents/crc'
import { InferenceSession } from '../../../../src/main/base/onnxruntime'
import { runCrcSweep } from '../../../../src/main/crc/sweep/crc-sweep'
import type { CrcSweepRequest } from '../../../../src/main/crc/sweep/prepare-sweep'
import { checkDevice } from '../../../../src/main/engine/questions/device-check'
import { sweep } from '../../../../src/main/engine/sweep/sweep'
import { BLOCK_INPUTS } from '../../../../src/main/graphs/block-graph'
import { problemOf } from '../../../fixtures/problems'
import { scriptedEngine } from '../../../fixtures/scripted-engine'
import { demoSweep, expectSameResults } from '../../../fixtures/swept-demo'
import { demoPrompts, shortPair } from '../../../fixtures/swept-project'

/** Sweeps on a GPU whose sessions compute on the CPU, until a run fails with the message of a real runtime. */

const OUT_OF_MEMORY =
  'Non-zero status code returned while running MatMul node. CUDA failure 2: out of memory ; GPU=0 ; expr=cudaMalloc'
const LOST = 'Failed to download data from buffer: WebGPU device lost (1): the adapter was removed'

const GPU = process.platform === 'linux' ? 'cuda' : process.platform === 'darwin' ? 'coreml' : 'dml'

let request: CrcSweepRequest
let onCpu: SweepDocument

/** Rows of each run of the GPU. */
let runs: number[]

beforeAll(async () => {
  request = await demoSweep({ ...(await shortPair()), prompts: await demoPrompts(4), rho: 0.5 })
  onCpu = (await swept({ device: { device: 'cpu', notice: null } })).document
})

afterEach(() => {
  vi.restoreAllMocks()
})

const engine = scriptedEngine({ sweep: (asked, signal) => sweep(asked, signal) })

async function swept(
  change: Partial<CrcSweepRequest>,
  client = engine
): Promise<{ document: SweepDocument; said: string[] }> {
  const said: string[] = []
  const { signal } = new AbortController()
  const document = await runCrcSweep(client, { ...request, ...change }, signal, (event) => {
    if (event.type === 'notice') said.push(event.message)
  })
  return { document, said }
}

const automatic = { device: { device: GPU, isAutomatic: true, notice: null } } as const

/**
 * @param failure message of the failure of a run with these rows; null lets it compute
 * @param factor of every computed value
 */
function fakeGpu(failure: (rows: number) => string | null, factor = 1): void {
  runs = []
  const create = InferenceSession.create.bind(InferenceSession)
  vi.spyOn(InferenceSession, 'create').mockImplementation(async (...args: Parameters<typeof create>) => {
    const [model, options] = args
    const isGpu = options?.executionProviders?.includes(GPU) === true
    const session = await create(model, { ...options, executionProviders: ['cpu'] })
    if (!isGpu) return session
    const run = session.run.bind(session)
    vi.spyOn(session, 'run').mockImplementation(async (...inputs: Parameters<typeof run>) => {
      const [nodes, rows, width] = inputs[0][BLOCK_INPUTS.hidden]?.dims ?? []
      // A head's input, [rows, hidden], has the same name.
      if (nodes === undefined || rows === undefined || width === undefined) return run(...inputs)
      runs.push(nodes * rows)
      const message = failure(nodes * rows)
      if (message !== null) throw new Error(message)
      const results = await run(...inputs)
      for (const { data } of Object.values(results))
        if (data instanceof Float32Array && factor !== 1) data.set(data.map((value) => factor * value))
      return results
    })
    return session
  })
}

it('goes on with ever fewer rows when the memory of a GPU does not suffice, and says so once', async () => {
  const limit = 300
  fakeGpu((rows) => (rows > limit ? OUT_OF_MEMORY : null))
  const { document, said } = await swept(automatic)
  expect(document.device).toBe(GPU)
  expect(runs.filter((rows) => rows > limit).length).toBeGreaterThan(1)
  expect(said).toEqual([expect.stringMatching(/ goes on with fewer rows at a time at 0 %\.$/)])
  expect(Math.max(...runs.filter((rows) => rows <= limit))).toBeGreaterThan(limit / 4)
  expectSameResults(document, onCpu)
})

it('goes on on the CPU when no number of rows fits into the memory of an automatic GPU', async () => {
  fakeGpu(() => OUT_OF_MEMORY)
  const { document, said } = await swept(automatic)
  // No score comes from the GPU.
  expect(document.device).toBe('cpu')
  expect(said.at(-1)).toMatch(/has too little memory: .* The sweep goes on, on the CPU, at 0 %\.$/)
  expectSameResults(document, onCpu)
})

it('goes on on the CPU from the last finished part when an automatic GPU is lost', async () => {
  let isLost = false
  fakeGpu(() => (isLost ? LOST : null))
  const groups: number[][] = []
  const twoGroups = scriptedEngine({
    async *sweep(asked, signal) {
      const split = asked.split ?? {
        groups: [
          [0, 1, 2, 3],
          [4, 5, 6, 7, 8, 9]
        ],
        rowBound: 512
      }
      for await (const event of sweep({ ...asked, split }, signal)) {
        if (event.type === 'group') {
          groups.push(event.prompts)
          isLost = true
        }
        yield event
      }
    }
  })
  const { document, said } = await swept(automatic, twoGroups)
  // Only the second group is computed on the CPU. Its indices are those of the missing prompts.
  expect(groups.map(({ length }) => length)).toEqual([4, 6])
  const percent = /failed: .* The sweep goes on, on the CPU, at (\d+) %\.$/.exec(said.at(-1) ?? '')?.[1]
  expect(Number(percent)).toBeGreaterThan(0)
  expect(document.notices).toContain(said.at(-1))
  expect(document.device).toBe(GPU)
  expectSameResults(document, onCpu)
})

it('fails with a remedy when a GPU is lost that the user named', async () => {
  fakeGpu(() => LOST)
  const { code, message, hint } = await problemOf(swept({ device: { device: GPU, notice: null } }))
  expect(code).toBe('device-lost')
  expect(message).toMatch(/^(CUDA|CoreML|DirectML) failed: .*the adapter was removed\.$/)
  expect(hint).toContain('--device cpu')
})

it('is measured against the CPU in the layers of a pair', async () => {
  const differenceBy = async (factor: number): Promise<number> => {
    fakeGpu(() => null, factor)
    const { base, post } = request
    return (await checkDevice({ base, post, device: GPU })).largestDifference
  }
  expect(await differenceBy(1)).toBe(0)
  expect(Math.max(...runs)).toBe(GPU === 'cuda' ? 8192 : 512)
  vi.restoreAllMocks()
  expect(await differenceBy(1.5)).toBeGreaterThan(0.3)
})
