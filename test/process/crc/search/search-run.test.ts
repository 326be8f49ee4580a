import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { CheckedModel } from '../../../../src/contract/documents/answer-check'
import { type Score } from '../../../../src/contract/documents/crc'
import type { RestorationRange } from '../../../../src/contract/model/recipe'
import { defaultSearchSettings, SearchDocument, type SearchSettings } from '../../../../src/contract/documents/search'
import { builtinTask } from '../../../../src/main/evaluation/builtin-tasks'
import { builtinPromptSet } from '../../../../src/main/crc/task/builtin-prompts'
import { scoreRecipes } from '../../../../src/main/crc/sweep/score-recipes'
import { SavedSearchProgress } from '../../../../src/main/crc/search/saved-search-progress'
import { averageScores } from '../../../../src/main/crc/task/scoring'
import { drawSplit } from '../../../../src/main/crc/selection/draw-split'
import { elementAt } from '../../../../src/contract/model/look-up'
import { bestRanges } from '../../../../src/main/crc/selection/best-ranges'
import { runRecipeSearch } from '../../../../src/main/crc/search/search-run'
import { searchProgressBeside } from '../../../../src/main/project/documents/search-files'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { HeldEngine, inOrder, type Moment } from '../../../fixtures/held-engine'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { computeSweep, demoSweep, inGroups } from '../../../fixtures/swept-demo'
import { shortPair } from '../../../fixtures/swept-project'
import { whole } from '../../../fixtures/tiny-sweep'

describe('the search on a real pair, in the engine process', async () => {
  const engine = sharedEngine
  const pair = await shortPair()
  const never = new AbortController().signal
  const prompts = (await builtinPromptSet('demo-crc')).filter((_, place) => place % 3 === 0)
  const sweep = await computeSweep(await demoSweep({ ...pair, prompts }))
  const settings: SearchSettings = {
    ...{ method: 'greedy', generations: 4, blockEvaluations: 10_000, strengths: [], seed: 1 }
  }
  const request = { pair, sweep, check: null, rho: 0.9, settings }
  const run = (more: Partial<Parameters<typeof runRecipeSearch>[1]> = {}): Promise<SearchDocument> =>
    runRecipeSearch(engine.client(), { ...request, ...more }, never, () => undefined)
  const found = await run()

  it('keeps the validity and is at least as diverse as the best range', () => {
    expect(SearchDocument.parse(JSON.parse(JSON.stringify(found)))).toEqual(found)
    expect(found.range.range).toEqual(sweep.selected)
    for (const recipe of found.found) expect(recipe.validity).toBeGreaterThanOrEqual(found.minimumValidity)
    expect(found.found[0]?.diversity).toBeGreaterThanOrEqual(found.range.diversity)
  })

  it('reports the scores that the recipe has when it is scored on its own', async () => {
    const [best] = found.found
    if (best === undefined) throw new Error('nothing was found')
    const alone = await scoreRecipes(engine.client(), { pair, sweep, recipes: [best.recipe] }, never, () => undefined)
    expect(alone.recipes[0]?.diversity).toBeCloseTo(best.diversity, 6)
    expect(alone.recipes[0]?.validity).toBeCloseTo(best.validity, 6)
    expect(found.generations.at(-1)?.best.diversity).toBeCloseTo(best.diversity, 6)
  })

  it('picks on one half of the prompts and compares on the other, where the sweep is split', async () => {
    const holdOutSplit = drawSplit(sweep.prompts, 1)
    const split = { sweep: { ...sweep, holdOutSplit }, settings: { ...settings, generations: 1 } }
    const document = await run(split)
    expect(SearchDocument.parse(JSON.parse(JSON.stringify(document)))).toEqual(document)
    const { selectionPromptCount = 0, holdOutPromptCount = 0 } = document.heldOut?.split ?? {}
    expect(selectionPromptCount).toBe(holdOutSplit.selection.length)
    expect(holdOutPromptCount).toBe(holdOutSplit.holdOut.length)
    expect(document.heldOut?.recipes).toEqual(document.found.slice(0, 1).map(({ recipe }) => recipe))
    const reported = (score: Score): number =>
      averageScores(
        holdOutSplit.holdOut.map((index) => elementAt(sweep.prompts, index, 'prompt')),
        holdOutSplit.holdOut.map((index) => elementAt(score.prompts, index, 'score'))
      ).diversity
    const best = elementAt(document.found, 0, 'recipe')
    expect(document.heldOut?.found.diversity).toBeCloseTo(reported(best), 9)
    expect(document.heldOut?.post.diversity).toBeCloseTo(reported(sweep.post), 9)
  })

  it('shares out what a task counts as well, where the sweep is scored by one', async () => {
    const task = await builtinTask('demo-open')
    const some = { ...task, prompts: task.prompts.slice(0, 2) }
    const scored = { kind: 'task', task: some, sampling: task.settings.sampling, draws: 8 } as const
    const { layerCount } = sweep
    const ranges = await computeSweep(await demoSweep({ ...pair, prompts: scored }))
    const subsets = defaultSearchSettings('subsets', layerCount)
    const { shapley } = await run({ sweep: ranges, settings: subsets })
    if (shapley === null) throw new Error('no shares')
    expect(shapley.further.map(({ measure }) => measure)).toEqual(['distinctRight', 'effectiveChoices'])
    const every = ranges.ranges.find(({ start, end }) => start === 0 && end === layerCount - 1)
    for (const { measure, none, all, values } of shapley.further) {
      expect(none).toBeCloseTo(ranges.post[measure] ?? NaN, 9)
      expect(all).toBeCloseTo(every?.[measure] ?? NaN, 9)
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(all - none, 9)
    }
  })

  it('compares with the best range that a check has left', async () => {
    const [first, second] = bestRanges(sweep.ranges, found.minimumValidity, 2)
    if (first === undefined || second === undefined) throw new Error('too few ranges qualify')
    const checked = ({ start, end }: RestorationRange, validity: number): CheckedModel => ({
      recipe: { name: 'checked', ranges: [[start, end]] },
      ...whole(validity, 0.9)
    })
    const { layerCount } = sweep
    const models = [checked(first, 0.5), checked(second, 0.95)]
    const check = { layerCount, source: null, post: whole(0.99, 0.4), models, baselines: [] }
    const { range } = await run({ check, settings: { ...settings, generations: 1 } })
    expect(range.range).toEqual({ start: second.start, end: second.end })
  })

  it('tries all subsets of layers, and rates each layer', async () => {
    const document = await run({ settings: defaultSearchSettings('subsets', 6) })
    expect(SearchDocument.parse(JSON.parse(JSON.stringify(document)))).toEqual(document)
    expect(document.generations).toMatchObject([{ candidates: 2 ** 6 - 1 - 21 }])
    const { diversity = [], all, none } = document.shapley ?? {}
    const sum = diversity.reduce((total, value) => total + value, 0)
    expect(sum).toBeCloseTo((all?.diversity ?? NaN) - (none?.diversity ?? NaN), 9)
    expect(none?.diversity).toBeCloseTo(sweep.post.diversity, 9)
    expect(document.found[0]?.diversity).toBeGreaterThanOrEqual(document.range.diversity)
  })

  it('counts its work, and needs a sweep of ranges', async () => {
    expect(found.stopped).toBe('nothing-better')
    const counted = found.generations.reduce((sum, generation) => sum + generation.blockEvaluations, 0)
    // The last call scores the found recipe again: 6 for post, 3 for layer 3 onwards.
    expect(found.work.blockEvaluations).toBe(counted + 9)
    const problem = { code: 'bad-input', message: expect.stringContaining('no ranges') }
    await expect(run({ sweep: { ...sweep, ranges: [] } })).rejects.toMatchObject({ problem })
  })

  it(
    'cancelled and started again has the same end, and computes only what is missing',
    { timeout: 120_000 },
    async () => {
      const held = new HeldEngine(engine)
      const grouped = inGroups(held.client())
      const keptIn = (folder: string) =>
        new SavedSearchProgress(searchProgressBeside(join(folder, 'search.json')), false)
      const search = (savedProgress: SavedSearchProgress, signal = never, doneBefore = new Map<number, number>()) =>
        runRecipeSearch(
          grouped,
          request,
          signal,
          ({ generation, blockEvaluationsDone }) => {
            // Found recipes are scored under the number of the last generation.
            if (!doneBefore.has(generation)) doneBefore.set(generation, blockEvaluationsDone)
          },
          savedProgress
        )
      const folder = await temporaryFolder()
      /** @returns the work that was done before each generation that began until it was stopped */
      const stopAt = async (moment: Moment): Promise<ReadonlyMap<number, number>> => {
        const stop = new AbortController()
        const doneBefore = new Map<number, number>()
        const reached = held.holdAt(moment)
        const stopped = search(keptIn(folder), stop.signal, doneBefore)
        await reached()
        stop.abort()
        await expect(stopped).rejects.toMatchObject({ problem: { code: 'cancelled' } })
        return doneBefore
      }
      const whole = new Map<number, number>()
      const uninterrupted = await search(keptIn(await temporaryFolder()), never, whole)
      const work = (generation: number): number => whole.get(generation) ?? NaN

      // The first generation has a group of prompts done; then the second begins.
      expect((await stopAt(inOrder('group'))).get(1)).toBe(0)
      const restOfFirst = (await stopAt(inOrder('done', 'plan'))).get(2) ?? NaN
      expect(restOfFirst).toBeGreaterThan(0)
      expect(restOfFirst).toBeLessThan(work(2))

      const savedProgress = keptIn(folder)
      const resumed = await search(savedProgress)
      const { id, createdAt, seconds } = uninterrupted
      expect({ ...resumed, id, createdAt, seconds, work: uninterrupted.work }).toEqual(uninterrupted)
      expect(resumed.work.blockEvaluations).toBe(uninterrupted.work.blockEvaluations - work(2))
      await savedProgress.clear()
      expect(await readdir(folder)).toEqual([])
    }
  )
})
