import { elementAt } from '../../../../src/contract/model/look-up'
import { layersModel, type Model, rangeModel } from '../../../../src/contract/model/model'
import { describe, expect, it } from 'vitest'
import { AnswerCheck, checkOf, type FullAnswerScores } from '../../../../src/contract/documents/answer-check'
import { DEFAULT_RENDERING } from '../../../../src/contract/documents/crc'
import type { Baseline } from '../../../../src/contract/model/sampling-baseline'
import type { Recipe } from '../../../../src/contract/model/recipe'
import { rangeStrengths } from '../../../../src/contract/model/strengths'
import { type AnswerPath, answerPaths } from '../../../../src/main/crc/check/answer-paths'
import { checkedSelection as checkedSelectionSteps } from '../../../../src/main/crc/check/checked-selection'
import { checkAnswers } from '../../../../src/main/crc/check/check-answers'
import { type CheckRequest, checkSweep, rangesToCheck } from '../../../../src/main/crc/check/check-sweep'
import { SequenceProbabilities, SequenceQuestions } from '../../../../src/main/crc/check/questions'
import { addPathQuestions, addTrailQuestions, scoreFullAnswers } from '../../../../src/main/crc/check/full-answers'
import { withFewShotBase } from '../../../../src/main/crc/sweep/few-shot-base'
import { FEW_SHOT_DEFAULTS, type FewShotPrompt } from '../../../../src/contract/model/few-shot'
import { computeSelection as selectionSteps } from '../../../../src/main/crc/selection/selection'
import { builtinPromptSet } from '../../../../src/main/crc/task/builtin-prompts'
import { whiteSpaceTokens } from '../../../../src/main/crc/task/characters'
import { renderPrompts } from '../../../../src/main/crc/task/render-prompts'
import { loadTextModel } from '../../../../src/main/text/text-model'
import { problemOf } from '../../../fixtures/problems'
import { scriptedEngine } from '../../../fixtures/scripted-engine'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { computeSweep, demoSweep } from '../../../fixtures/swept-demo'
import { byteLevelTokenizer, textFolder } from '../../../fixtures/text-folder'
import { tinyCheck, tinySweep, whole } from '../../../fixtures/tiny-sweep'
import { sum } from '../../../../src/main/base/sums'
import { runToEnd } from '../../../../src/main/base/steps'

const checkedSelection = (...given: Parameters<typeof checkedSelectionSteps>) =>
  runToEnd(checkedSelectionSteps(...given))

const computeSelection = (...given: Parameters<typeof selectionSteps>) => runToEnd(selectionSteps(...given))

const ACCURACY = 12

describe('full answers', () => {
  const A: AnswerPath = { prompt: 0, character: 0, tokens: [65], mayTrail: true }
  const B: AnswerPath = { prompt: 0, character: 1, tokens: [1, 2], mayTrail: true }
  const prompts = [{ text: 'A or B?', category: 'letter', valid: ['A', 'B'] }]
  const END = 0
  const WHITE = [10, 11]
  /** Probabilities of the next token, by the tokens before it. */
  const next: Record<string, Record<number, number>> = {
    '': { 65: 0.6, 1: 0.3 },
    '65': { 10: 0.2, 11: 0.05, [END]: 0.7 },
    '65,10': { 11: 0.05, [END]: 0.9 },
    '1': { 2: 0.5 },
    '1,2': { [END]: 0.8 }
  }
  /** Returns the probabilities of a model that draws tokens by `next`. */
  function probabilitiesOf(
    questions: SequenceQuestions,
    contexts: readonly (readonly number[])[]
  ): SequenceProbabilities {
    const probabilities = new SequenceProbabilities()
    for (const { context, groups } of questions.byContext()) {
      const tokens = elementAt(contexts, context, 'context')
      const probability = (sequence: readonly number[]): number =>
        sequence.reduce((p, token, i) => p * (next[[...tokens, ...sequence.slice(0, i)].join()]?.[token] ?? 0), 1)
      probabilities.set(
        context,
        groups.map((sequences) => sequences.reduce((sum, sequence) => sum + probability(sequence), 0))
      )
    }
    return probabilities
  }
  function scoresWithTrails(trails: readonly number[]): FullAnswerScores {
    const questions = new SequenceQuestions()
    const paths = [A, B].map((path) => addPathQuestions(questions, path, [END], WHITE))
    const trailQuestions = new SequenceQuestions()
    const [ofA] = paths
    const followed = trails.map((trail, index) => {
      const written = ofA?.trails.find(({ token }) => token === trail)?.written
      if (written === undefined) throw new Error(`no trail ${trail}`)
      return addTrailQuestions(trailQuestions, index, { path: A, written }, [END], WHITE)
    })
    const contexts = trails.map((token) => [...A.tokens, token])
    return scoreFullAnswers(
      prompts,
      { paths, probabilities: probabilitiesOf(questions, [[]]) },
      { trails: followed, probabilities: probabilitiesOf(trailQuestions, contexts) }
    )
  }

  it('have the product of the probabilities of their tokens and of the end', () => {
    const { firstToken, answers, undecided, prompts } = scoresWithTrails([])
    expect(prompts).toEqual([answers])
    expect(answers.validity).toBeCloseTo(0.6 * 0.7 + 0.3 * 0.5 * 0.8, ACCURACY)
    // A character of two tokens has no first token.
    expect(firstToken.validity).toBeCloseTo(0.6, ACCURACY)
    expect(undecided).toBeCloseTo(0.6 * 0.25, ACCURACY)
  })

  it('include those with white space at their end, as far as it was computed', () => {
    const { answers, undecided } = scoresWithTrails([10])
    expect(answers.validity).toBeCloseTo(0.6 * (0.7 + 0.2 * 0.9) + 0.3 * 0.5 * 0.8, ACCURACY)
    expect(undecided).toBeCloseTo(0.6 * (0.05 + 0.2 * 0.05), ACCURACY)
  })

  it('use several tokens for a character without a single one, and add no white space to white space', async () => {
    const files = { 'tokenizer.json': byteLevelTokenizer([['Ġ', 'A']]), 'config.json': {} }
    const text = await loadTextModel(await textFolder(files))
    const prompt = { text: 'Pick:', category: 'x', valid: ['A', 'é', ' '] }
    const rendered = await renderPrompts([prompt], DEFAULT_RENDERING, text)
    expect(await answerPaths(rendered, text)).toEqual([
      { prompt: 0, character: 0, tokens: [65], mayTrail: true },
      { prompt: 0, character: 1, tokens: [0xc3, 0xa9], mayTrail: true },
      { prompt: 0, character: 2, tokens: [32], mayTrail: false }
    ])
    expect(await whiteSpaceTokens(text)).toEqual([9, 10, 11, 12, 13, 32])
  })

  it('are asked again only from where white space was written, and only of the models that wrote it', async () => {
    const files = { 'tokenizer.json': byteLevelTokenizer([['Ġ', 'A']]), 'config.json': {} }
    const text = await loadTextModel(await textFolder(files))
    const rendered = await renderPrompts([{ text: '?', category: 'x', valid: ['A'] }], DEFAULT_RENDERING, text)
    const asked: unknown[] = []
    const engine = scriptedEngine({
      async *sweep({ models, baselines = [], prompts }) {
        asked.push([models.map(({ kind }) => kind), prompts.map(({ tokens }) => tokens)])
        for (const model of [...models, ...baselines].keys()) {
          // Baselines write A, and then a line break as often as the end.
          const next: Partial<Record<number, number>> =
            model < models.length ? { 65: 0.9, [END]: 1 } : { 65: 0.9, 10: 0.5, [END]: 0.5 }
          const probability = (sequence: readonly number[]): number =>
            sequence.reduce((product, token) => product * (next[token] ?? 0), 1)
          const probabilities = prompts.map(({ groups }) => groups.map((group) => sum(group.map(probability))))
          yield { type: 'probabilities', model, prompts: [...prompts.keys()], probabilities }
        }
      }
    })
    const models: Model[] = [{ kind: 'post' }, rangeModel({ start: 0, end: 0 })]
    const baselines = [{ kind: 'mix', share: 0.5 } as const]
    const request = { base: 'base', post: 'post', models, baselines, device: 'cpu', precision: 'fp32' } as const
    const { signal } = new AbortController()
    const { answers } = await checkAnswers(
      engine,
      { ...request, rendered, text, endTokens: [END] },
      signal,
      () => undefined
    )
    const prompt = elementAt(rendered.prompts, 0, 'prompt').tokens
    expect(asked).toEqual([
      [['post', 'recipe', 'base'], [prompt]],
      [['post', 'base'], [[...prompt, 65, 10]]]
    ])
    const validities = answers.map(({ answers: { validity } }) => validity)
    for (const [index, validity] of [0.9, 0.9, 0.9 * (0.5 + 0.5 * 0.5)].entries())
      expect(validities[index]).toBeCloseTo(validity, ACCURACY)
  })
})

const rangeRecipe = (start: number, end: number): Recipe => ({
  name: `Layers ${start}–${end}`,
  ranges: [[start, end]]
})

describe('the ranges to check', () => {
  it('are the most diverse that keep the validity, but for those that were checked', () => {
    const names = (...args: Parameters<typeof rangesToCheck>): string[] =>
      rangesToCheck(...args).map(({ name }) => name)
    expect(names(tinySweep(), null, 0.9)).toEqual(['Layer 1', 'Layer 0'])
    expect(names(tinySweep(), null, 0.9, 1)).toEqual(['Layer 1'])
    expect(names(tinySweep(), null, 0.5)).toEqual(['Layers 0–1', 'Layer 1', 'Layer 0'])
    const seen = tinyCheck([{ recipe: rangeRecipe(1, 1), ...whole(0.9, 0.8) }])
    expect(names(tinySweep(), seen, 0.9)).toEqual(['Layer 0'])
    // No more diverse than post: never selected, so not worth a check.
    const post = { ...tinySweep().post, diversity: 0.6 }
    expect(names({ ...tinySweep(), post }, null, 0.9)).toEqual(['Layer 1'])
  })
})

describe('the selection after a check', () => {
  const sweep = { ...tinySweep(), selection: null }
  const checked = (one: FullAnswerScores, zero: FullAnswerScores): AnswerCheck =>
    tinyCheck([
      { recipe: rangeRecipe(1, 1), ...one },
      { recipe: rangeRecipe(0, 0), ...zero }
    ])
  const selected = (check: AnswerCheck | null, rho = 0.9) => checkedSelection(sweep, check, rho)?.selected ?? null

  it('is the best range that passes, and the failing ones win no resample', () => {
    expect(selected(null)).toEqual({ start: 1, end: 1 })
    const failing = checked(whole(0.5, 0.8), whole(0.95, 0.5))
    expect(selected(failing)).toEqual({ start: 0, end: 0 })
    const wins = checkedSelection(sweep, failing, 0.9)?.bootstrap.wins ?? []
    expect(wins.some(({ start, end }) => start === 1 && end === 1)).toBe(false)
  })

  it('stays with the failing range where none passes, so that its failure is shown', () => {
    expect(selected(checked(whole(0.5, 0.8), whole(0.6, 0.5)))).toEqual({ start: 1, end: 1 })
  })

  it('uses the current limit, and leaves the stored selection unchanged where nothing changes it', () => {
    const low = checked(whole(0.6, 0.8), whole(0.95, 0.5))
    expect(selected(low, 0.9)).toEqual({ start: 0, end: 0 })
    // At this limit layer 1 passes too, and layers 0–1, which nobody checked, qualify.
    expect(selected(low, 0.6)).toEqual({ start: 0, end: 1 })
    const { prompts, post, ranges } = sweep
    const stored = computeSelection({ prompts, post, ranges }, 0.9)
    const passing = checked(whole(0.95, 0.8), whole(0.95, 0.5))
    const kept = checkedSelection({ ...sweep, selection: stored }, passing, 0.9)
    expect(kept?.bootstrap).toBe(stored.bootstrap)
    expect(checkedSelection({ ...sweep, selection: stored }, null, 0.9)).toBe(stored)
    expect(checkedSelection({ ...sweep, ranges: [] }, passing, 0.9)).toBeNull()
  })
})

describe('a check of the demo pair', { timeout: 60_000 }, async () => {
  const engine = sharedEngine
  const all = await builtinPromptSet('demo-crc')
  const asked = [all[0], all[1], all[20], all[21]].flatMap((each) => each ?? [])
  const request = await demoSweep({ prompts: asked })
  const pair = { base: request.base, post: request.post }
  const signal = new AbortController().signal
  const sweep = await withFewShotBase(engine.client(), request, await computeSweep(request), signal)
  const recipes = [rangeRecipe(4, 11), rangeRecipe(5, 11)]
  const baselines: Baseline[] = [
    { kind: 'uniform-blend', strength: 0.5 },
    { kind: 'sampler', temperature: 2, minP: 0.1 },
    { kind: 'top-p', temperature: 2, limit: 0.8 },
    { kind: 'top-k', temperature: 2, limit: 20 },
    { kind: 'top-n-sigma', temperature: 2, limit: 1 },
    { kind: 'depth-ramp', strength: 0.5, last: 0 },
    { kind: 'mix', share: -0.5 },
    { kind: 'filter', share: 0.01 }
  ]
  const shares: number[] = []
  const checkWith = (changes: Partial<CheckRequest>, stop = signal, notify: () => unknown = () => undefined) =>
    checkSweep(
      engine.client(),
      { pair, sweep, earlier: null, recipes, baselines: [], ...changes },
      stop,
      (progress) => {
        shares.push(progress.rowsDone / progress.rowsTotal)
        notify()
      }
    )
  const check = await checkWith({ baselines })

  it('agrees with the sweep on first tokens, to the digits of float32', () => {
    const ranges = recipes.map((_, index) => sweep.ranges.find((each) => each.start === 4 + index && each.end === 11))
    for (const [model, swept] of [
      [check.post, sweep.post],
      [check.models[0], ranges[0]],
      [check.models[1], ranges[1]],
      [check.fewShot, sweep.fewShot]
    ] as const) {
      expect(model?.firstToken.validity).toBeCloseTo(swept?.validity ?? NaN, 4)
      expect(model?.firstToken.diversity).toBeCloseTo(swept?.diversity ?? NaN, 4)
    }
    // It asks twice, and its progress never goes back.
    expect(Math.max(...shares)).toBeCloseTo(1, 6)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  })

  /** Sums by prompt the likelihoods of valid answers, as the engine reads answers. Returns their mean. */
  const meanLikelihood = async (model: Model, format: FewShotPrompt | null): Promise<number> => {
    const text = await loadTextModel(pair.post)
    const rendered = await renderPrompts(asked, request.rendering, text, format)
    const white = await whiteSpaceTokens(text)
    const lines = format === null ? [] : white.filter((token) => text.decode([token]).includes('\n'))
    const ends = [...check.endTokens, ...lines]
    const tails = [[], ...white.filter((token) => !lines.includes(token)).map((token) => [token])]
    const prompts = rendered.prompts.map(({ tokens }, index) => ({
      tokens,
      answers: (rendered.groups[index] ?? []).flatMap((group) =>
        group.flatMap((token) => tails.flatMap((tail) => ends.map((end) => [token, ...tail, end])))
      )
    }))
    const sums = prompts.map(() => 0)
    const events = await engine.client().read({ ...pair, model, prompts, stateBytes: 2 ** 28, embeds: false })
    for await (const event of events) {
      for (const { prompt, logLikelihood } of event) sums[prompt] = (sums[prompt] ?? 0) + Math.exp(logLikelihood)
    }
    // Two categories of two prompts each.
    return sums.reduce((sum, value) => sum + value, 0) / sums.length
  }

  it('is the likelihood of every valid answer as the engine reads answers, summed', async () => {
    const layers = rangeStrengths({ start: 4, end: 11 }, sweep.layerCount)
    const mean = await meanLikelihood(layersModel(layers), null)
    expect(check.models[0]?.answers.validity).toBeLessThan((check.models[0]?.firstToken.validity ?? 0) - 0.02)
    expect(Math.abs((check.models[0]?.answers.validity ?? NaN) - mean)).toBeLessThan(5e-4)
    expect(check.models[0]?.undecided).toBeLessThan(5e-4)
  })

  it('includes base after a few-shot prompt, whose answers also end with the line', async () => {
    const mean = await meanLikelihood({ kind: 'base' }, FEW_SHOT_DEFAULTS.characters)
    expect(mean).toBeGreaterThan(0.1)
    expect(Math.abs((check.fewShot?.answers.validity ?? NaN) - mean)).toBeLessThan(5e-4)
    expect(checkOf(check, { kind: 'few-shot' })).toEqual(check.fewShot)
  })

  it('scores baselines by their next-token distributions, one token after the other', async () => {
    const text = await loadTextModel(pair.post)
    const rendered = await renderPrompts(asked, request.rendering, text)
    const characters = rendered.groups.map((groups) => groups.flat())
    const contexts = rendered.prompts.flatMap(({ tokens }, prompt) => [
      tokens,
      ...(characters[prompt] ?? []).map((token) => [...tokens, token])
    ])
    const logitsOf = async (model: Model) => (await engine.client().probe({ ...pair, model, prompts: contexts })).logits
    const post = await logitsOf({ kind: 'post' })
    const base = await logitsOf({ kind: 'base' })
    const softmax = (logits: number[]): number[] => {
      const largest = Math.max(...logits)
      const exps = logits.map((logit) => Math.exp(logit - largest))
      const total = exps.reduce((sum, value) => sum + value, 0)
      return exps.map((value) => value / total)
    }
    const cut = (values: number[], isKept: (index: number) => boolean): number[] => {
      const total = values.reduce((sum, value, index) => sum + (isKept(index) ? value : 0), 0)
      return values.map((value, index) => (isKept(index) ? value / total : 0))
    }
    const next: Record<Baseline['kind'], ((p: number[], b: number[]) => number[]) | null> = {
      'uniform-blend': null,
      'depth-ramp': null,
      'top-p': (p) => {
        const hot = softmax(p.map((logit) => logit / 2))
        const sorted = hot.toSorted((a, b) => b - a)
        // A token is kept if the tokens that are likelier have less than 0.8.
        let [kept, mass] = [0, 0]
        while (mass < 0.8) mass += sorted[kept++] ?? NaN
        return cut(hot, (index) => (hot[index] ?? 0) >= (sorted[kept - 1] ?? NaN))
      },
      'top-k': (p) => {
        const hot = softmax(p.map((logit) => logit / 2))
        const twentieth = hot.toSorted((a, b) => b - a)[19] ?? NaN
        return cut(hot, (index) => (hot[index] ?? 0) >= twentieth)
      },
      'top-n-sigma': (p) => {
        const average = p.reduce((sum, logit) => sum + logit, 0) / p.length
        const variance = p.reduce((sum, logit) => sum + (logit - average) ** 2, 0) / (p.length - 1)
        const lowest = Math.max(...p) - Math.sqrt(variance)
        return cut(softmax(p.map((logit) => logit / 2)), (index) => (p[index] ?? NaN) >= lowest)
      },
      sampler: (p) => {
        const hot = softmax(p.map((logit) => logit / 2))
        const largest = Math.max(...hot)
        return cut(hot, (index) => (hot[index] ?? 0) >= 0.1 * largest)
      },
      mix: (p, b) => softmax(p.map((logit, index) => 1.5 * logit - 0.5 * (b[index] ?? NaN))),
      filter: (p, b) => {
        const ofPost = softmax(p)
        const largest = Math.max(...ofPost)
        return cut(softmax(b), (index) => (ofPost[index] ?? 0) >= 0.01 * largest)
      }
    }
    for (const { baseline, answers, firstToken, undecided } of check.baselines) {
      const distribution = next[baseline.kind]
      if (distribution === null) continue
      let row = 0
      const sums = characters.map((tokens) => {
        const first = distribution(post[row] ?? [], base[row] ?? [])
        row++
        const each = tokens.map((token) => {
          const then = distribution(post[row] ?? [], base[row] ?? [])
          row++
          const begun = first[token] ?? NaN
          return { begun, whole: begun * check.endTokens.reduce((sum, end) => sum + (then[end] ?? NaN), 0) }
        })
        return {
          begun: each.reduce((sum, { begun }) => sum + begun, 0),
          whole: each.reduce((sum, { whole }) => sum + whole, 0)
        }
      })
      const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
      expect(Math.abs(firstToken.validity - mean(sums.map(({ begun }) => begun)))).toBeLessThan(1e-5)
      // White space before the end makes it a little more.
      const ended = mean(sums.map(({ whole }) => whole))
      expect(answers.validity).toBeGreaterThan(ended - 1e-4)
      expect(answers.validity + undecided).toBeLessThan(ended + 0.02)
    }
  })

  it('adds to an earlier check of the sweep, and replaces what is checked again', async () => {
    const more = [rangeRecipe(8, 11), rangeRecipe(4, 11)]
    const again = await checkWith({ earlier: check, recipes: more, baselines: baselines.slice(0, 1) })
    const names = again.models.map(({ recipe }) => recipe.name)
    expect(names).toEqual(['Layers 5–11', 'Layers 8–11', 'Layers 4–11'])
    expect(checkOf(again, rangeModel({ start: 5, end: 11 }))).toEqual(check.models[1])
    expect(again.fewShot).toEqual(check.fewShot)
    const kinds = again.baselines.map(({ baseline }) => baseline.kind)
    expect(kinds.toSorted()).toEqual(baselines.map(({ kind }) => kind).toSorted())
    expect(AnswerCheck.parse(JSON.parse(JSON.stringify(again)))).toEqual(again)
  })

  it('stops on request', async () => {
    const stop = new AbortController()
    await expect(checkWith({}, stop.signal, () => stop.abort())).rejects.toThrow()
  })

  it('refuses another checkpoint, recipes that do not fit, and having nothing to check', async () => {
    const attempt = async (change: Partial<CheckRequest>): Promise<string> => {
      const { code, message } = await problemOf(checkWith(change))
      return `${code}: ${message}`
    }
    const other = { ...sweep, postPath: { ...sweep.postPath, fingerprint: 'other' } }
    expect(await attempt({ sweep: other })).toMatch(/^mismatch: .* has changed since the sweep/)
    const another = { ...sweep, postPath: { path: '/models/another', fingerprint: 'other' } }
    expect(await attempt({ sweep: another })).toMatch(
      /^mismatch: .* is another model than that of the sweep .*, \/models\/another: /
    )
    expect(await attempt({ recipes: [rangeRecipe(4, 12)] })).toMatch(/^bad-input: .*12/)
    expect(await attempt({ recipes: [] })).toMatch(
      /^bad-input: There is nothing to check: no range keeps the validity and is more diverse than post/
    )
    expect(await attempt({ recipes: [], earlier: check })).toMatch(/^bad-input: There is nothing left to check/)
  })
})
