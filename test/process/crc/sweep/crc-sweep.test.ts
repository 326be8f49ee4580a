import { weightsKey } from '../../../../src/contract/model/model'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CrcPrompt, SweepDocument } from '../../../../src/contract/documents/crc'
import { totalWork } from '../../../../src/contract/documents/sweep-work'
import type { EngineSweepEvent, SweepRequest } from '../../../../src/contract/procedures/engine'
import type { CrcSweepEvent } from '../../../../src/main/crc/sweep/compute-sweep'
import { runCrcSweep } from '../../../../src/main/crc/sweep/crc-sweep'
import type { CrcSweepRequest } from '../../../../src/main/crc/sweep/prepare-sweep'
import { resourcePath } from '../../../../src/main/base/resources'
import { crcReference } from '../../../fixtures/crc-reference'
import { demoSweep } from '../../../fixtures/swept-demo'
import { distribution, scriptedEngine } from '../../../fixtures/scripted-engine'

const BASE = resourcePath('blend-pair', 'base')
const GROUP_WORK = { blockEvaluations: 388, packedTokens: 220, promptTokens: 344, weightBytesRead: 8_859_648 }
const WORK = totalWork([GROUP_WORK, GROUP_WORK])
const READING = { readMs: 100, convertMs: 80, waitMs: 10, peakBuffers: 2 }

const planned = (rowsTotal = 100): EngineSweepEvent => ({
  ...{ type: 'plan', rowsTotal, split: { groups: [], rowBound: 512 }, peakBytes: 1e9 },
  ...{ identicalLayers: [], device: 'cpu', precision: 'fp32' }
})

/** Tells of every model on the first half of the prompts and then on the rest, with the reference's scores. */
async function* referenceSweep(request: SweepRequest): AsyncGenerator<EngineSweepEvent> {
  await Promise.resolve()
  yield planned(200)
  const half = request.prompts.length / 2
  const indices = request.prompts.map((_, index) => index)
  for (const [group, prompts] of [indices.slice(0, half), indices.slice(half)].entries()) {
    yield { type: 'progress', rowsDone: 100 * (group + 1), layer: 11 }
    for (const [model, engineModel] of request.models.entries()) {
      const probabilities = prompts.map((prompt) => referenceProbabilities(weightsKey(engineModel), prompt))
      yield { type: 'probabilities', model, prompts, probabilities }
    }
    const { packedTokens, promptTokens, ...work } = GROUP_WORK
    yield { type: 'part', prompts, work }
    yield { type: 'group', prompts, work: { packedTokens, promptTokens } }
  }
  yield { type: 'done', work: WORK, reading: READING, moved: null, seconds: 1.5 }
}

function referenceProbabilities(model: string, prompt: number): number[] {
  const range = crcReference.ranges.find(({ start, end }) => `${start}-${end}` === model)
  const { prompts } = model === 'base' ? crcReference.base : (range ?? crcReference.post)
  const valid = crcReference.prompts[prompt]?.valid.length ?? 0
  return distribution(valid, prompts.validity[prompt] ?? NaN, prompts.entropy[prompt] ?? NaN)
}

async function run(
  request: CrcSweepRequest,
  script = referenceSweep,
  signal = new AbortController().signal
): Promise<{ document: SweepDocument; events: CrcSweepEvent[]; asked: SweepRequest }> {
  const events: CrcSweepEvent[] = []
  const asked: SweepRequest[] = []
  const engine = scriptedEngine({
    sweep: (engineRequest) => {
      asked.push(engineRequest)
      return script(engineRequest)
    }
  })
  const document = await runCrcSweep(engine, request, signal, (event) => events.push(event))
  const [first] = asked
  if (first === undefined) throw new Error('the engine was not asked')
  return { document, events, asked: first }
}

/** A copy of a demo checkpoint whose text files may be changed. */
async function copyOf(folder: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'slr-pair-'))
  await cp(folder, copy, { recursive: true })
  return copy
}

describe('a sweep of all ranges', () => {
  test('becomes a document with rounded probabilities, and scores of the exact ones', async () => {
    const { asked, document } = await run(await demoSweep({ id: 'sweep-1' }))
    expect(asked.prompts[0]?.groups).toHaveLength(26)
    expect(SweepDocument.parse(JSON.parse(JSON.stringify(document)))).toEqual(document)
    expect(document).toMatchObject({ id: 'sweep-1', seconds: 1.5, device: 'cpu', layerCount: 12, work: WORK })
    const exact = referenceProbabilities('post', 0)
    const [first] = document.post.prompts
    expect(first?.probabilities).toEqual(exact.map((p) => Number(p.toPrecision(9))))
    expect(first?.validity).toBe(exact.reduce((sum, p) => sum + p, 0))
    expect(document.selection?.selected).toEqual(document.selected)
    expect(document.baseUnavailable).toBeNull()
  })

  test('says which layers are identical in base and post, and so need no restoring', async () => {
    const { document } = await run(await demoSweep(), async function* (request) {
      for await (const event of referenceSweep(request)) {
        yield event.type === 'plan' ? { ...event, identicalLayers: [0, 3] } : event
      }
    })
    expect(document.notices).toContainEqual(
      'Layers 0, 3 are identical in base and post: restoring them changes nothing.'
    )
  })

  test('refines a score as prompt groups finish', async () => {
    const slowly = async function* (request: SweepRequest): AsyncGenerator<EngineSweepEvent> {
      for await (const event of referenceSweep(request)) {
        if (event.type === 'progress') await new Promise((resolve) => setTimeout(resolve, 150))
        yield event
      }
    }
    const { events } = await run(await demoSweep({ ranges: false }), slowly)
    const counts = events.flatMap((event) =>
      event.type === 'scores'
        ? event.entries.flatMap(({ model, score }) => (model.kind === 'post' ? [score.promptCount] : []))
        : []
    )
    expect(counts.at(-1)).toBe(40)
    expect(counts).toContain(20)
  })
})

test('a sweep of recipes only scores them beside post and base, and selects nothing', async () => {
  const ranges = [0, 10].map((start): [number, number] => [start, start + 1])
  const recipe = { name: 'two ends', ranges }
  const { asked, document, events } = await run(await demoSweep({ ranges: false, recipes: [recipe] }))
  expect(asked.models.map(weightsKey)).toEqual(['post', 'base', '0-1,10-11'])
  expect(document.recipes.map((each) => each.recipe)).toEqual([recipe])
  expect(document).toMatchObject({ ranges: [], selected: null, selection: null })
  const entries = events.flatMap((event) => (event.type === 'scores' ? event.entries : []))
  expect(entries.map(({ model }) => model)).toContainEqual({ kind: 'recipe', recipe })
})

describe('base as a whole model', () => {
  test("is left out, with the reason, when its own tokenizer makes other tokens of post's prompts", async () => {
    const base = await copyOf(BASE)
    const file = join(base, 'tokenizer.json')
    const tokenizer = (await readFile(file, 'utf8')).replaceAll('<|assistant|>', '<|reply|>')
    await writeFile(file, tokenizer)
    const { asked, document, events } = await run(await demoSweep({ base, ranges: false }))
    expect(asked.models.map(weightsKey)).toEqual(['post'])
    expect(document.base).toBeNull()
    expect(document.baseUnavailable).toMatch(/Prompt 1 .* becomes other tokens under base's own tokenizer/)
    expect(events).toContainEqual({ type: 'notice', message: document.baseUnavailable })
    await rm(base, { recursive: true })
  })

  test("is taken to share post's tokenizer when it has none, with a notice", async () => {
    const base = await copyOf(BASE)
    await rm(join(base, 'tokenizer.json'))
    const { asked, document, events } = await run(await demoSweep({ base, ranges: false }))
    expect(asked.models.map(weightsKey)).toEqual(['post', 'base'])
    expect(document.base).not.toBeNull()
    expect(events).toContainEqual({ type: 'notice', message: expect.stringContaining("share post's") })
    await rm(base, { recursive: true })
  })
})

describe('a sweep that cannot be', () => {
  const prompt: CrcPrompt = { text: 'Pick one.', category: 'letter', valid: ['A', 'B'] }

  test('names a prompt longer than the context window', async () => {
    const long = { ...prompt, text: 'word '.repeat(600) }
    await expect(run(await demoSweep({ prompts: [prompt, long] }))).rejects.toMatchObject({
      problem: { code: 'bad-input', message: expect.stringMatching(/Prompt 2 .* context window is 512/) }
    })
  })
})

describe('a sweep that is interrupted', () => {
  test('by the user ends as cancelled, before it starts or while it runs', async () => {
    const problem = { code: 'cancelled' }
    const stopped = run(await demoSweep(), referenceSweep, AbortSignal.abort())
    await expect(stopped).rejects.toMatchObject({ problem })
    const stop = new AbortController()
    const endless = async function* (): AsyncGenerator<EngineSweepEvent> {
      yield planned()
      stop.abort()
      await new Promise((resolve) => setTimeout(resolve, 5))
      for (let rowsDone = 0; ; rowsDone++) yield { type: 'progress', rowsDone, layer: 0 }
    }
    await expect(run(await demoSweep(), endless, stop.signal)).rejects.toMatchObject({ problem })
  })

  test('by an engine that leaves out scores is no result', async () => {
    const forgetful = async function* (): AsyncGenerator<EngineSweepEvent> {
      await Promise.resolve()
      yield planned()
      yield { type: 'done', work: WORK, reading: READING, moved: null, seconds: 1 }
    }
    const unfinished = run(await demoSweep(), forgetful)
    await expect(unfinished).rejects.toMatchObject({ problem: { code: 'engine-lost' } })
  })
})
