import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type PromptScore, type Score, SweepDocument } from '../../../../src/contract/documents/crc'
import { type ScoredTask } from '../../../../src/contract/documents/scored-by'
import { elementAt } from '../../../../src/contract/model/look-up'
import type { Recipe } from '../../../../src/contract/model/recipe'
import { type Model, rangeModel } from '../../../../src/contract/model/model'
import { type SamplingBaseline, defaultSamplingBaselines } from '../../../../src/contract/model/sampling-baseline'
import { AnswerReader } from '../../../../src/main/answers/read-answer'
import { pairEndTokens } from '../../../../src/main/checkpoint/generation-config'
import { openPair } from '../../../../src/main/checkpoint/pair'
import { checkSweep } from '../../../../src/main/crc/check/check-sweep'
import { runCrcShard, runCrcSweep, type SweepHistory } from '../../../../src/main/crc/sweep/crc-sweep'
import { runToEnd } from '../../../../src/main/base/steps'
import { sweepUnder } from '../../../../src/main/crc/selection/what-if'
import { mergeParts } from '../../../../src/main/crc/sweep/merge-parts'
import { type CrcSweepRequest, prepareSweep } from '../../../../src/main/crc/sweep/prepare-sweep'
import { scorerOf } from '../../../../src/main/crc/task/scorer'
import { scoreRecipes } from '../../../../src/main/crc/sweep/score-recipes'
import { builtinTask } from '../../../../src/main/evaluation/builtin-tasks'
import { loadTextModel } from '../../../../src/main/text/text-model'
import { problemOf } from '../../../fixtures/problems'
import { HeldEngine, inOrder } from '../../../fixtures/held-engine'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { computeSweep, demoSweep, expectSameResults, inGroups, sweepHistory } from '../../../fixtures/swept-demo'
import { shortPair } from '../../../fixtures/swept-project'
import { taskReference } from '../../../fixtures/task-reference'
import { finishedAnswers } from '../../../fixtures/few-answers'

const range = (start: number, end: number): Recipe => ({ name: `${start}-${end}`, ranges: [[start, end]] })
const RECIPES = [range(4, 11), range(0, 9), range(2, 9)]
const ACCURACY = 2e-3

let scored: ScoredTask
let request: CrcSweepRequest
let sweep: SweepDocument
beforeAll(async () => {
  const task = await builtinTask('demo-open')
  scored = { kind: 'task', task, sampling: task.settings.sampling, draws: 32 }
  request = await demoSweep({ prompts: scored, ranges: false, recipes: RECIPES, uniformBlendCount: 3 })
  sweep = await computeSweep(request)
})

function modelsOf({ base, post, recipes, uniformBlends }: SweepDocument): [string, Score][] {
  const models = new Map<string, Score>(base === null ? [] : [['base', base]]).set('post', post)
  for (const score of recipes) models.set(score.recipe.name, score)
  for (const score of uniformBlends) if (score.strength > 0) models.set(`soup${score.strength}`, score)
  return [...models]
}

/** Expects every measure of every model and baseline, and their means, to agree. */
function expectWithin(found: SweepDocument, wanted: SweepDocument, tolerance: number): void {
  const numbers = (sweep: SweepDocument): number[] =>
    [...modelsOf(sweep).map(([, score]) => score), ...sweep.baselines].flatMap((score) =>
      [score, ...score.prompts].flatMap((of) =>
        [of.validity, of.diversity, of.effectiveChoices].concat(of.distinctRight ?? NaN)
      )
    )
  const [a, b] = [numbers(found), numbers(wanted)]
  expect(a).toHaveLength(b.length)
  const apart = a.map((value, i) => Math.abs(value - (b[i] ?? NaN)) / Math.max(1, Math.abs(value)))
  expect(Math.max(...apart)).toBeLessThan(tolerance)
}

/** Expects the precision, the distinct right answers and the effective answers of a question. */
function expectNear(
  score: Partial<PromptScore> | undefined,
  reference: readonly number[] | undefined,
  name: string
): void {
  const found = [score?.precision, score?.distinctRight, score?.effectiveAnswers]
  for (const [place, value = NaN] of found.entries())
    expect(Math.abs(value - (reference?.[place] ?? NaN)), name).toBeLessThan(ACCURACY)
}

function expectReference(document: SweepDocument, sampler: 'minP' | 'open'): void {
  const models = modelsOf(document)
  expect(models).toHaveLength(7)
  for (const [name, { prompts }] of models) {
    const rows = taskReference[name]?.[sampler] ?? []
    expect(prompts).toHaveLength(rows.length)
    for (const [index, row] of rows.entries()) {
      expectNear(prompts[index], row, name)
      const coverage = row[1] / (document.prompts[index]?.valid.length ?? NaN)
      expect(Math.abs((prompts[index]?.coverage ?? NaN) - coverage), name).toBeLessThan(ACCURACY)
    }
  }
}

describe('a sweep scored by listed answers', { timeout: 120_000 }, () => {
  it('has the scores that an independent computation has, with and without a cut', async () => {
    expectReference(sweep, 'minP')
    const open = { ...scored, sampling: { ...scored.sampling, minP: 0 } }
    expectReference(await computeSweep({ ...request, prompts: open }), 'open')
  })

  it('scores one task to keep and another one to regain as sweeps of each do', async () => {
    const task = await builtinTask('demo-facts')
    const keep = { ...task, prompts: task.prompts.filter((_, prompt) => prompt % 4 === 0) }
    const few = { ...request, recipes: RECIPES.slice(0, 1), uniformBlendCount: 0 }
    const kept = await computeSweep({ ...few, prompts: { ...scored, task: keep } })
    const both = await computeSweep({ ...few, prompts: { ...scored, keep } })
    for (const [index, [name, { validity }]] of modelsOf(kept).entries()) {
      const [, of] = elementAt(modelsOf(both), index, 'model')
      const [, regained] = elementAt(modelsOf(sweep), index, 'model')
      expect(Math.abs(of.validity - validity), name).toBeLessThan(1e-5)
      expect(Math.abs(of.diversity - regained.diversity), name).toBeLessThan(1e-5)
    }
    expect(Object.keys(both.post.categories)).toEqual(['regain: naming', 'keep: fact', 'keep: sum'])
  })

  it('gives questions without a category one that a project can store', async () => {
    const prompts = scored.task.prompts.slice(0, 2).map((prompt) => ({ ...prompt, category: '' }))
    const task = { ...scored.task, prompts }
    const document = await computeSweep({
      ...request,
      prompts: { ...scored, task },
      recipes: [],
      uniformBlendCount: 0
    })
    expect(document.prompts.map(({ category }) => category)).toEqual(['no category', 'no category'])
    expect(Object.keys(document.post.categories)).toEqual(['no category'])
  })

  it('has the baselines that an independent computation has, without a block for them', async () => {
    const baselines = Object.keys(taskReference).flatMap((name): [string, SamplingBaseline][] => {
      const [, temperature, minP] = /^postT([\d.]+)mp([\d.]+)$/.exec(name) ?? []
      if (temperature !== undefined)
        return [[name, { kind: 'sampler', temperature: Number(temperature), minP: Number(minP) }]]
      const [, kind, share] = /^(logit|filter)([\d.]+)$/.exec(name) ?? []
      if (kind === undefined) return []
      return [[name, { kind: kind === 'logit' ? 'mix' : 'filter', share: Number(share) }]]
    })
    expect(baselines).toHaveLength(56)
    const prepared = await prepareSweep(request, await openPair(request.base, request.post))
    const models: Model[] = [{ kind: 'base' }, { kind: 'post' }]
    const seen = new Set<string>()
    const { base, post } = request
    const groupsOf = (index: number) => prepared.groups[index] ?? []
    const events = await sharedEngine.client().sweep({
      ...{ base, post, models, memoryBytes: 2 ** 31, sampling: scored.sampling },
      prompts: prepared.prompts.map(({ tokens }, index) => ({ tokens, groups: groupsOf(index) })),
      baselines: baselines.map(([, baseline]) => baseline)
    })
    const scorer = scorerOf(scored)
    for await (const event of events) {
      // Base and post go through their twelve layers; nothing else goes through any.
      if (event.type === 'done') expect(event.work.blockEvaluations).toBe(24)
      if (event.type !== 'probabilities' || event.model < models.length) continue
      const [name = ''] = baselines[event.model - models.length] ?? []
      seen.add(name)
      for (const [place, question] of event.prompts.entries()) {
        const score = scorer.score(event.probabilities[place] ?? [])
        expectNear(score, taskReference[name]?.minP[question], name)
      }
    }
    expect(seen.size).toBe(baselines.length)
  })

  it('counts the tokens of prompts and answers, each distinct beginning once', () => {
    // Post and base, three ranges and two blends, whose blocks are theirs alone.
    expect(sweep.work).toMatchObject({ packedTokens: 3021, promptTokens: 132, blockEvaluations: 68 })
  })

  it('has means over questions, the axes of the selection among them', () => {
    const { post, prompts, scoredBy } = sweep
    expect(scoredBy).toEqual(scored)
    expect(SweepDocument.parse(JSON.parse(JSON.stringify(sweep)))).toEqual(sweep)
    const mean = (of: (score: PromptScore) => number | undefined): number =>
      post.prompts.reduce((sum, score) => sum + (of(score) ?? NaN), 0) / prompts.length
    const means = [mean((score) => score.precision), mean((score) => score.distinctRight)]
    expect(post.precision).toBeCloseTo(means[0] ?? NaN, 12)
    expect(post.distinctRight).toBeCloseTo(means[1] ?? NaN, 12)
    expect(post.validity).toBe(post.precision)
    expect(post.diversity).toBe(post.coverage)
    for (const [, { prompts: scores }] of modelsOf(sweep)) {
      for (const { precision = NaN, continued = NaN } of scores) {
        expect(precision + continued).toBeLessThanOrEqual(1 + 1e-6)
      }
    }
  })

  it('agrees with the answers that are drawn', async () => {
    const draws = 1024
    const pair = await openPair(request.base, request.post)
    const text = await loadTextModel(request.post)
    const question = 2
    const prompt = scored.task.prompts[question]
    const score = sweep.recipes[0]?.prompts[question]
    if (prompt === undefined || score === undefined) throw new Error('no such question')
    const { maxTokens } = scored.task.settings
    const events = await sharedEngine.client().generate({
      ...{ base: request.base, post: request.post, models: [rangeModel({ start: 4, end: 11 })] },
      prompts: [sweep.prompts[question]?.tokens ?? []],
      ...{ sampleCount: draws, finished: [], seed: 3, sampling: scored.sampling, maxTokens },
      stopTokens: await pairEndTokens(pair, text),
      ...{ stopTexts: [], memoryBytes: 2 ** 30, batchRows: 512 }
    })
    const reader = new AnswerReader(scored.task)
    const counts = new Map<string, number>()
    for (const { tokens } of await finishedAnswers(events)) {
      const written = text.decode(tokens)
      // Other splits of the same text into tokens are left out of the exact score.
      if (text.encode(written).join() !== tokens.join()) continue
      const read = reader.read(written)
      const right = read === null ? null : reader.rightAnswer(read, prompt)
      if (right !== null) counts.set(right, (counts.get(right) ?? 0) + 1)
    }
    const withinError = (count: number, p: number): void =>
      expect(Math.abs(count / draws - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / draws) + 1 / draws)
    for (const [place, name] of (sweep.prompts[question]?.valid ?? []).entries())
      withinError(counts.get(name) ?? 0, score.probabilities[place] ?? NaN)
    const right = [...counts.values()].reduce((sum, count) => sum + count, 0)
    withinError(right, score.precision ?? NaN)
  })

  it('is split and merged, continues after a stop, and is scored further, as any other', async () => {
    const none = new AbortController().signal
    const task = { ...scored.task, prompts: scored.task.prompts.slice(-2) }
    const pair = await shortPair()
    const more = { recipes: [range(3, 5)], uniformBlendCount: 0, baselines: true, whatIf: true }
    const small = { ...request, ...pair, prompts: { ...scored, task }, ...more }
    const whole = await computeSweep(small)
    expect(whole.baselines.map(({ baseline }) => baseline)).toEqual(defaultSamplingBaselines(true))
    const parts = await Promise.all(
      [1, 2].map(async (index) => ({
        file: `${index}.json`,
        part: await runCrcShard(
          sharedEngine.client(),
          { ...small, shard: { index, count: 2 } },
          none,
          () => undefined,
          null
        )
      }))
    )
    const merged = mergeParts(parts, {})
    expectSameResults(merged, whole)
    const sampler = { temperature: 2, minP: 0.05 }
    const under = (sweep: SweepDocument): SweepDocument =>
      runToEnd(sweepUnder(sweep, { rho: 0.9, sampler, draws: 8, mix: null }))
    const sampling = { ...scored.sampling, ...sampler }
    const swept8 = await computeSweep({
      ...small,
      whatIf: false,
      prompts: { ...scored, task, sampling, draws: 8 }
    })
    expectWithin(under(whole), swept8, 1e-6)
    expectWithin(under(merged), swept8, 1e-6)
    expect(merged.baselines.at(-1)?.precision).toBeCloseTo(whole.baselines.at(-1)?.precision ?? NaN, 5)
    const other = { ...parts[1], part: { ...parts[1]?.part, scoredBy: { ...scored, draws: 8 } } }
    const reason = 'another task, sampler or number of draws'
    expect(() => mergeParts([parts[0], other] as typeof parts, {})).toThrow(reason)

    const folder = await mkdtemp(join(tmpdir(), 'slr-task-'))
    const history = (): SweepHistory => sweepHistory(join(folder, 'sweep.json'))
    const stop = new AbortController()
    const held = new HeldEngine(sharedEngine)
    const grouped = inGroups(held.client())
    const stopped = runCrcSweep(grouped, small, stop.signal, () => undefined, history())
    await held.holdAt(inOrder('group'))()
    stop.abort()
    await expect(stopped).rejects.toThrow('cancelled')
    const resumed = await computeSweep(small, history())
    expect(resumed.reusedPromptCount).toBeGreaterThan(0)
    expectSameResults(resumed, whole)
    expectWithin(under(resumed), swept8, 1e-6)
    await rm(folder, { recursive: true })

    const again = await scoreRecipes(
      sharedEngine.client(),
      { pair, sweep: whole, recipes: small.recipes },
      none,
      () => undefined
    )
    expect(again.recipes[0]?.precision).toBeCloseTo(whole.recipes[0]?.precision ?? NaN, 5)
    const check = { pair, sweep: whole, earlier: null, recipes: small.recipes, baselines: [] }
    const checking = problemOf(checkSweep(sharedEngine.client(), check, none, () => undefined))
    expect((await checking).message).toMatch(/already scored by full answers to a task/)
  })

  it('is refused for a task whose answers cannot be listed', async () => {
    const of = async (id: 'creative' | 'reasoning') => {
      const task = await builtinTask(id)
      return (await problemOf(computeSweep({ ...request, prompts: { ...scored, task } }))).message
    }
    expect(await of('creative')).toMatch(/"Creative writing.*" lists no right answers/)
    expect(await of('reasoning')).toMatch(/reads the last number of longer answers/)
  })
})
