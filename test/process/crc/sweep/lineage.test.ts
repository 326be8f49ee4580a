import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SweepRequest } from '../../../../src/contract/procedures/engine'
import type { EngineClient } from '../../../../src/main/engine/host'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { SourceComparison } from '../../../../src/contract/documents/source-comparison'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SweepDocument } from '../../../../src/contract/documents/crc'
import type { OtherCheckpoint } from '../../../../src/contract/model/checkpoint'
import { elementAt } from '../../../../src/contract/model/look-up'
import type { Recipe } from '../../../../src/contract/model/recipe'
import { runCrcSweep, runLineage, type SweepHistory } from '../../../../src/main/crc/sweep/crc-sweep'
import { stagePairs } from '../../../../src/main/crc/sweep/lineage'
import type { CrcSweepRequest } from '../../../../src/main/crc/sweep/prepare-sweep'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { runHere } from '../../../fixtures/command-line'
import { exportRecipe } from '../../../fixtures/exported-pair'
import { HeldEngine, inOrder } from '../../../fixtures/held-engine'
import { writeLineage } from '../../../fixtures/lineage'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { demoSweep, sweepHistory } from '../../../fixtures/swept-demo'
import { demoPrompts, shortPair } from '../../../fixtures/swept-project'

const engine = new HeldEngine(sharedEngine)
const { signal } = new AbortController()
let folder: string
let pair: { base: string; post: string }
let stages: OtherCheckpoint[]
let request: CrcSweepRequest
/** Requests to the engine of the whole lineage, and its sweeps. */
const requests: SweepRequest[] = []
let whole: SweepDocument[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slr-lineage-'))
  pair = await shortPair()
  stages = await writeLineage(folder, pair, 6, [2, 3])
  request = await demoSweep({ ...pair, stages, prompts: await demoPrompts(8) })
  const client = oneByOne(engine.client())
  const noting: EngineClient = {
    ...client,
    sweep: (sweep, options) => {
      requests.push(SweepRequest.parse(sweep))
      return client.sweep(sweep, options)
    }
  }
  whole = (await runLineage(noting, request, signal, () => undefined, null)).sweeps
})

afterAll(() => rm(folder, { recursive: true }))

/** The numbers of a sweep, without its time, work and identity. */
const numbersOf = ({ base, post, ranges, selection, basePath, postPath }: SweepDocument) => ({
  ...{ base, post, ranges, selection },
  ...{ basePath: basePath.fingerprint, postPath: postPath.fingerprint }
})

/** An engine whose last bits do not depend on the states that go through a block together, in two groups of prompts. */
const oneByOne = (client: EngineClient): EngineClient => ({
  ...client,
  sweep: ({ split, ...asked }, options) => {
    const prompts = [...asked.prompts.keys()]
    const groups = [prompts.slice(0, 2), prompts.slice(2)]
    return client.sweep({ ...asked, split: split ?? { groups, rowBound: 1 } }, options)
  }
})

describe('a lineage', () => {
  it('equals a sweep of each pair of stages, to the bit, where each state goes through a block by itself', async () => {
    const client = oneByOne(engine.client())
    expect(whole).toHaveLength(6)
    let separate = 0
    for (const [index, { target, source }] of stagePairs(stages).entries()) {
      const folders = { base: source?.path ?? pair.base, post: target?.path ?? pair.post }
      const alone = await runCrcSweep(client, { ...request, stages: [], ...folders }, signal, () => undefined)
      expect(numbersOf(elementAt(whole, index, 'sweep'))).toEqual(numbersOf(alone))
      separate += alone.work.blockEvaluations
    }
    const asked = elementAt(requests, 0, 'request')
    const withoutSums = asked.models.filter((model) => model.kind !== 'recipe' || model.terms === undefined)
    // The plan counts one group of prompts, and the engine computes two.
    const planned = async (models: SweepRequest['models']): Promise<number> =>
      2 * (await client.plan({ ...asked, models })).blockEvaluations
    expect(elementAt(whole, 0, 'sweep').work.blockEvaluations).toBe(await planned(asked.models))
    expect(await planned(withoutSums)).toBeLessThan(0.8 * separate)
  })

  it('resumes from the groups of prompts that a stopped one has finished', async () => {
    const file = join(await temporaryFolder(), 'map.csv')
    const run = async (past: SweepHistory, stop = new AbortController()): Promise<SweepDocument[]> =>
      (await runLineage(oneByOne(engine.client()), request, stop.signal, () => undefined, past)).sweeps
    const stop = new AbortController()
    const reached = engine.holdAt(inOrder('group', 'progress'))
    const stopped = run(sweepHistory(file), stop)
    await reached()
    stop.abort()
    await expect(stopped).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    const resumed = await run(sweepHistory(file))
    expect(resumed.map(numbersOf)).toEqual(whole.map(numbersOf))
    expect(elementAt(resumed, 0, 'sweep').work.blockEvaluations).toBeLessThan(
      elementAt(whole, 0, 'sweep').work.blockEvaluations
    )
  })

  it('refuses a stage twice', async () => {
    const [sft] = stages
    const twice = { ...request, stages: sft === undefined ? [] : [sft, sft] }
    await expect(runLineage(engine.client(), twice, signal, () => undefined, null)).rejects.toThrow(
      'looks like the same checkpoint as the stage'
    )
  })
})

const LineageNumbers = z.object({
  shares: z.array(
    z.object({
      stage: z.string(),
      ...{ start: z.number(), end: z.number() },
      diversity: z.object({ difference: z.number(), interval: z.array(z.number()) })
    })
  ),
  sources: SourceComparison
})

describe('slr lineage', () => {
  let prompts: string
  let words: string[]
  beforeAll(async () => {
    prompts = join(folder, 'prompts.json')
    await writeFile(prompts, JSON.stringify(request.prompts))
    words = [pair.base, ...stages.map(({ path }) => path), pair.post]
  })

  it('names the layers that a stage changed, and writes the map, a page and the sweeps', async () => {
    const target = await temporaryFolder()
    const [map, page, numbers] = [join(target, 'map.csv'), join(target, 'map.html'), join(target, 'map.json')]
    const places = ['--out', map, '--out', page, '--out', numbers, '--sweeps', join(target, 'sweeps')]
    const args = ['lineage', ...words, '--prompts', prompts, ...places]
    const twice = await runHere([...args, '--out', map])
    expect(twice.stderr).toContain('--out and --out name the same file: name two files')
    const { status, stdout, stderr } = await runHere(args)
    expect(stderr).toContain(`Wrote ${map}`)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^Most diversity was lost from \w+ to \w+: /)
    expect(stdout).toContain('dpo changed only layers 2–3.')
    const [header = '', ...rows] = (await readFile(map, 'utf8')).trimEnd().split('\n')
    expect(header).toMatch(/^stage,against,layer,distance,diversity_back,/)
    // Six pairs of stages with six layers, and shares of three stages in four groups of layers.
    expect(rows).toHaveLength(6 * 6 + 3 * 4)
    const changed = rows.filter(
      (row) => /^dpo,sft,/.test(row) && !/^dpo,sft,\d,0,0,0,0,0,0,0,\d,\d,,,,,,$/.test(row.trim())
    )
    expect(changed.map((row) => row.split(',')[2])).toEqual(['2', '3'])
    expect(await readFile(page, 'utf8')).toMatch(/<figure class="lineage">[^]*<svg/)
    const { shares, sources } = LineageNumbers.parse(JSON.parse(await readFile(numbers, 'utf8')))
    const zero = { difference: 0, interval: [0, 0] }
    const ofDpo = shares.filter(({ stage }) => stage === 'dpo')
    const changing = ofDpo.filter(({ diversity }) => !isDeepStrictEqual(diversity, zero))
    expect(ofDpo).toHaveLength(4)
    expect(changing.map(({ start, end }) => `${start}-${end}`)).toEqual(['0-5', '2-3'])
    const sweep = SweepDocument.parse(JSON.parse(await readFile(join(target, 'sweeps', 'post-from-base.json'), 'utf8')))
    for (const range of sweep.ranges) {
      const ofRange = shares.filter(({ start, end }) => start === range.start && end === range.end)
      const sum = ofRange.reduce((total, { diversity }) => total + diversity.difference, 0)
      if (ofRange.length > 0) expect(sum).toBeCloseTo(sweep.post.diversity - range.diversity, 9)
    }
    expect(sources.sources).toHaveLength(3)
    const shown = await runHere(['show', join(target, 'sweeps', 'dpo-from-sft.json')])
    expect(shown.status).toBe(0)
  })

  it('writes the sweeps of stages with similar names to separate files', async () => {
    const target = await temporaryFolder()
    const names = ['a b', 'a-b'].map((name) => join(target, name))
    await cp(elementAt(stages, 0, 'stage').path, elementAt(names, 0, 'name'), { recursive: true })
    await cp(elementAt(stages, 1, 'stage').path, elementAt(names, 1, 'name'), { recursive: true })
    await writeFile(join(target, 'a-b-from-base (2).json'), 'notes')
    const { stderr } = await runHere(['lineage', pair.base, ...names, pair.post, '--sweeps', target])
    expect(stderr).toContain('a-b-from-base (2).json')
  })

  it('plans without computing', async () => {
    const { status, stdout } = await runHere(['lineage', ...words, '--prompts', prompts, '--dry-run'])
    expect(status).toBe(0)
    expect(stdout).toContain('memory')
  })

  it('scores checkpoints alone as a curve over steps', async () => {
    const table = join(await temporaryFolder(), 'curve.csv')
    const { status, stdout } = await runHere(
      ['lineage', '--triage', ...words, '--prompts', prompts, '--out', table, '--json'] // prettier-ignore
    )
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'triage',
      checkpoints: [{ name: 'base', step: 0 }, { name: 'sft' }, { name: 'dpo' }, { name: 'post', step: 3 }]
    })
    expect((await readFile(table, 'utf8')).trimEnd().split('\n')).toHaveLength(5)
  })

  it('refuses a last stage that is an adapter over another stage', async () => {
    const adapter = join(await temporaryFolder(), 'adapter')
    const recipe: Recipe = { name: 'upper', ranges: [[4, 5]] }
    await exportRecipe(pair, recipe, adapter, {
      form: { kind: 'low-rank', rank: 4, savesNormsAndBiases: false }
    })
    const { status, stderr } = await runHere(['lineage', pair.base, pair.post, adapter])
    expect(status).toBe(1)
    expect(stderr).toContain(`is an adapter over ${pair.post}, and the lineage begins with ${pair.base}`)
  })
})
