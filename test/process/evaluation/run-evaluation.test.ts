import { beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_RENDERING, type SweepDocument } from '../../../src/contract/documents/crc'
import type {
  EvaluationResults,
  EvaluationRun,
  EvaluationVariant,
  PromptScores
} from '../../../src/contract/documents/evaluation'
import type { AnswerReading, Task, TaskPrompt } from '../../../src/contract/documents/task'
import { type Computation, PAPER_SAMPLING, type SampleLine } from '../../../src/contract/documents/samples'
import type { GenerateRequest, ReadRequest } from '../../../src/contract/procedures/engine'
import { floatsToText } from '../../../src/main/base/float-text'
import { planeMap } from '../../../src/main/measures/texts/principal-components'
import { prepareEvaluation } from '../../../src/main/evaluation/prepare-evaluation'
import { AnswerReader } from '../../../src/main/answers/read-answer'
import { evaluationResults } from '../../../src/main/measures/results'
import { runEvaluation } from '../../../src/main/evaluation/run-evaluation'
import type { EngineClient } from '../../../src/main/engine/host'
import { resourcePath } from '../../../src/main/base/resources'
import type { SampledPair } from '../../../src/main/samples/generation'
import { evaluationRun, taskFixture } from '../../fixtures/evaluation-documents'
import { openQuestions } from '../../fixtures/open-questions'
import { problemOf } from '../../fixtures/problems'
import { sweepFixture } from '../../fixtures/project-documents'
import { sampleLine } from '../../fixtures/sample-run'
import { answers, HeldEngine } from '../../fixtures/held-engine'
import { scriptedEngine } from '../../fixtures/scripted-engine'
import { sharedEngine } from '../../fixtures/shared-engine'

const ask = (text: string, ...answers: string[]): TaskPrompt => ({ text, category: '', raw: false, answers })

describe('reading an answer', () => {
  const read = (reading: AnswerReading, text: string): string | null =>
    new AnswerReader(taskFixture({ reading })).read(text)

  it('takes the whole, the first line, the last number, or what a pattern finds last', () => {
    expect(read({ kind: 'whole' }, ' Blue and\ngreen. ')).toBe('blue and\ngreen')
    expect(read({ kind: 'first-line' }, '\n\nBlue.\nOr green?')).toBe('blue')
    expect(read({ kind: 'last-number' }, 'From 3 to 1,200.50 dollars.')).toBe('1200.5')
    expect(read({ kind: 'last-number' }, 'It fell by 12-5 to −7 degrees.')).toBe('-7')
    expect(read({ kind: 'last-number' }, 'Half of 12-5')).toBe('5')
    expect(read({ kind: 'last-number' }, 'a probability of .5')).toBe('0.5')
    const boxed: AnswerReading = { kind: 'pattern', pattern: '\\\\boxed\\{([^}]*)\\}' }
    expect(read(boxed, 'first \\boxed{3}, then \\boxed{Four}')).toBe('four')
    expect(read({ kind: 'pattern', pattern: 'h\\w+' }, 'hot, HOT, hat')).toBe('hat')
  })

  it('finds nothing where nothing is', () => {
    expect(read({ kind: 'whole' }, ' \n')).toBeNull()
    expect(read({ kind: 'first-line' }, '')).toBeNull()
    expect(read({ kind: 'last-number' }, 'many')).toBeNull()
    expect(read({ kind: 'pattern', pattern: 'x' }, 'abc')).toBeNull()
  })

  it('compares numbers as numbers, and texts without case and final mark', () => {
    const numbers = new AnswerReader(taskFixture({ reading: { kind: 'last-number' } }))
    expect(numbers.isRight(numbers.read('It is $1,000.00') ?? '', ask('?', '1000'))).toBe(true)
    const texts = new AnswerReader(taskFixture({ reading: { kind: 'first-line' } }))
    expect(texts.isRight(texts.read('PARIS!') ?? '', ask('?', 'Paris'))).toBe(true)
    expect(texts.isRight(texts.read('Paris, France') ?? '', ask('?', 'Paris'))).toBe(false)
  })

  it('judges by a pattern only what lists no answers', () => {
    const reader = new AnswerReader(taskFixture({ rightPattern: '^b' }))
    const unlisted: TaskPrompt = { text: '?', category: '', raw: false }
    expect([reader.isRight('blue', unlisted), reader.isRight('red', unlisted)]).toEqual([true, false])
    expect(reader.isRight('blue', ask('?', 'red'))).toBe(false)
    expect(new AnswerReader(taskFixture()).canJudge(unlisted)).toBe(false)
  })

  it('is stopped when a pattern takes endless time', async () => {
    const reader = new AnswerReader(taskFixture({ reading: { kind: 'pattern', pattern: '^(a+)+$' } }))
    const reading = Promise.resolve().then(() => reader.read(`${'a'.repeat(60)}!`))
    expect((await problemOf(reading)).message).toBe(
      'A pattern of the task "A task" took longer than 2 s and was stopped.'
    )
  })
})

const POST: EvaluationVariant = { variant: { kind: 'post', name: 'post' } }
const BASE: EvaluationVariant = { variant: { kind: 'base', name: 'base' } }
const UPPER: EvaluationVariant = {
  variant: { kind: 'recipe', name: 'upper', recipe: { name: 'upper', ranges: [[1, 1]] } }
}

/** Answers by variant, then by prompt. */
function linesOf(answers: Record<string, string[][]>): SampleLine[] {
  return Object.entries(answers).flatMap(([variant, prompts]) =>
    prompts.flatMap((texts, prompt) => texts.map((text, index) => sampleLine(variant, prompt, index, text)))
  )
}

function resultsOf(
  run: EvaluationRun,
  answers: Record<string, string[][]>,
  characters: SweepDocument | null = null
): EvaluationResults {
  return evaluationResults(
    { run, samples: linesOf(answers), scores: [], judgeScores: [], pairs: [], forms: [] },
    { characters, task: null }
  )
}

describe('results, worked out by hand', () => {
  it('are reported for each category of a task that has several', () => {
    const of = (category: string, text: string): TaskPrompt => ({
      ...ask(text),
      category,
      answers: undefined
    })
    const task = taskFixture({
      kind: 'creative',
      prompts: [of('poem', 'The sea?'), of('joke', 'A cat?'), of('poem', 'The moon?')]
    })
    const run = evaluationRun({ variants: [POST, UPPER], task })
    const { categories, variants } = resultsOf(run, {
      post: [['a b'], ['a b c d'], ['a b c']],
      upper: [['a'], ['a'], ['a b c']]
    })
    const words = (entry: (typeof categories)[number] | { variants: typeof variants }): unknown =>
      entry.variants.map(({ measures, differences }) => [measures.words?.mean, differences.words?.mean])
    expect(categories.map(({ category, promptCount }) => [category, promptCount])).toEqual([
      ['poem', 2],
      ['joke', 1]
    ])
    const means = (post: number, mean: number, difference: number) => [
      [post, undefined],
      [expect.closeTo(mean), expect.closeTo(difference)]
    ]
    expect(categories.map(words)).toEqual([means(2.5, 2, -0.5), means(4, 1, -3)])
    expect(words({ variants })).toEqual(means(3, 5 / 3, -4 / 3))
    const single = evaluationRun({ variants: [POST], task: { ...task, prompts: [of('poem', 'A')] } })
    expect(resultsOf(single, { post: [['a']] }).categories).toEqual([])
  })

  const OPEN: Task = taskFixture({
    kind: 'open-ended',
    prompts: [ask('A colour?', 'red', 'blue', 'green'), ask('An animal?', 'cat', 'dog')],
    checks: { maxWords: 1 }
  })
  const ANSWERS = {
    post: [
      ['Red.', 'red', 'Red', 'red'],
      ['dog', 'cat', 'dog', 'a lamp']
    ],
    upper: [
      ['red', 'blue', 'green', 'stone'],
      ['cat', 'dog', 'cat', 'dog']
    ],
    base: [
      ['red', 'blue', 'x', 'y'],
      ['dog', 'cat', 'y', 'z']
    ]
  }

  it('of an open-ended task: right answers, their number, and their share of all', async () => {
    const run = evaluationRun({ task: OPEN, variants: [POST, UPPER] })
    const { variants, comparedWith, cells } = resultsOf(run, ANSWERS)
    expect(comparedWith).toBe('post')
    const [post, upper] = variants
    expect(post?.measures).toMatchObject({
      accuracy: { mean: 0.875, promptCount: 2 },
      distinctRight: { mean: 1.5 },
      distinctAnswers: { mean: 2 },
      formatKept: { mean: 0.875 }
    })
    expect(post?.measures.coverage?.mean).toBeCloseTo(2 / 3, 12)
    expect(upper?.measures).toMatchObject({
      accuracy: { mean: 0.875 },
      distinctRight: { mean: 2.5 },
      coverage: { mean: 1 }
    })
    expect(cells.map((prompt) => prompt.map(({ accuracy }) => accuracy))).toEqual([
      [1, 0.75],
      [0.75, 1]
    ])
    expect(post?.differences).toEqual({})
    expect(upper?.differences.accuracy).toMatchObject({ mean: 0, effectSize: 0, pValue: 1 })
    // +2 and 0: mean 1, standard deviation the square root of 2.
    expect(upper?.differences.distinctRight).toMatchObject({ mean: 1, pValue: 1 })
    expect(upper?.differences.distinctRight?.effectSize).toBeCloseTo(Math.SQRT1_2, 12)
    // The engine has scored nothing, and nobody has judged.
    for (const id of ['cosineDistance', 'logLikelihoodPost', 'judge', 'majority'] as const) {
      expect(post?.measures).not.toHaveProperty(id)
    }
  })

  it('of a reasoning task: accuracy, majority vote and pass@k; no final answer is a wrong one', async () => {
    const task = taskFixture({
      kind: 'reasoning',
      reading: { kind: 'last-number' },
      prompts: [ask('3 + 4?', '7'), ask('2 + 2?', '4')]
    })
    const { variants } = resultsOf(evaluationRun({ task, variants: [POST] }), {
      post: [
        ['3+4=7', 'So 3 + 4 = 7.', '3+2=5', 'I cannot say.'],
        ['no', 'idea', 'at', 'all']
      ]
    })
    expect(variants[0]?.measures).toMatchObject({
      accuracy: { mean: 0.25 },
      majority: { mean: 0.5, promptCount: 2 },
      passAtN: { mean: 0.5 },
      solutionPaths: { mean: 0.5 }
    })
    // 2 of 4 right: 1/2; 1 - C(2,2)/C(4,2) = 5/6; 1. The other prompt: 0.
    expect(variants[0]?.passAtK.map(({ k }) => k)).toEqual([1, 2, 4])
    for (const [i, value] of [1 / 4, 5 / 12, 1 / 2].entries()) {
      expect(variants[0]?.passAtK[i]?.mean).toBeCloseTo(value, 12)
    }
  })

  it('against post: exact p-values, adjusted over the variants after Holm', async () => {
    const prompts = Array.from({ length: 5 }, (_, i) => ({ text: `Prompt ${i}`, category: '', raw: false }))
    const run = evaluationRun({ task: taskFixture({ prompts }), variants: [UPPER, POST, BASE] })
    const { variants, comparedWith } = resultsOf(run, {
      post: prompts.map(() => ['one']),
      upper: prompts.map(() => ['one two']),
      base: prompts.map((_, i) => [i === 0 ? 'one' : 'one two'])
    })
    expect(comparedWith).toBe('post')
    // All five longer: 2 of 32 assignments of signs are as extreme. Four of them: 2 of 16.
    expect(variants[0]?.differences.words).toMatchObject({
      mean: 1,
      effectSize: null,
      pValue: 1 / 16,
      adjustedPValue: 1 / 8
    })
    expect(variants[2]?.differences.words).toMatchObject({ mean: 0.8, pValue: 1 / 8, adjustedPValue: 1 / 8 })
  })

  it('beside a sweep: rank correlations over the variants that it has scored', async () => {
    const scored = sweepFixture()
    const sweep = {
      ...scored,
      post: { ...scored.post, diversity: 0.1, validity: 0.9 },
      base: { ...scored.post, diversity: 0.5, validity: 0.1 },
      ranges: scored.ranges.map((range) => (range.start === 1 ? { ...range, diversity: 0.9, validity: 0.8 } : range))
    }
    const combined: EvaluationVariant = { variant: { kind: 'post', name: 'hot' }, prefix: 'Surprise me. ' }
    const run = evaluationRun({ task: OPEN, variants: [POST, UPPER, BASE, combined] })
    const { proxy } = resultsOf(run, { ...ANSWERS, hot: ANSWERS.base }, sweep)
    expect(proxy).toMatchObject([
      { measure: 'distinctRight', against: 'diversity', over: 'variants', count: 3, interval: null },
      { measure: 'accuracy', against: 'validity', over: 'variants', count: 3, interval: null }
    ])
    // Distinct right answers 1.5, 2.5, 2 go up as diversity does.
    expect(proxy[0]?.correlation).toBeCloseTo(1, 12)
    // Accuracy 0.875, 0.875, 0.5 has ranks 2.5, 2.5, 1 against 3, 2, 1: 1.5 / sqrt(1.5 * 2).
    expect(proxy[1]?.correlation).toBeCloseTo(Math.sqrt(0.75), 12)
  })

  it('are there from the first answer on', async () => {
    const run = evaluationRun({ task: OPEN, variants: [POST, UPPER] })
    const { variants } = resultsOf(run, { post: [['red']] })
    expect(variants.map(({ answerCount }) => answerCount)).toEqual([1, 0])
    expect(variants[0]?.measures.accuracy).toMatchObject({ mean: 1, promptCount: 1 })
    expect(variants[1]).toMatchObject({ measures: {}, differences: {} })
  })
})

it('the map of a thousand answers finds the plane that they lie in', () => {
  const draw = (i: number): number => ((i * 0.6180339887498949) % 1) - 0.5
  const vectors = Array.from({ length: 1_000 }, (_, i) => {
    const [x, y] = [4 * draw(i), 2 * draw(7 * i + 3)]
    return Float32Array.from({ length: 256 }, (_, axis) =>
      axis === 5 ? x : axis === 77 ? y : 0.01 * draw(i + 31 * axis)
    )
  })
  const { points, explained } = planeMap(vectors)
  expect(explained[0]).toBeGreaterThan(0.75)
  expect(explained[0] + explained[1]).toBeGreaterThan(0.99)
  const off = points.map(({ x }, i) => Math.abs(Math.abs(x) - Math.abs(vectors[i]?.[5] ?? NaN)))
  expect(Math.max(...off)).toBeLessThan(0.1)
})

/** The demo pair through the real engine. */
describe('a run', () => {
  const VARIANTS: EvaluationVariant[] = [
    POST,
    { variant: { kind: 'recipe', name: '4-11', recipe: { name: '4-11', ranges: [[4, 11]] } } },
    { variant: { kind: 'post', name: 'greedy' }, sampling: { ...PAPER_SAMPLING, temperature: 0 } },
    { variant: { kind: 'post', name: 'prompted' }, prefix: 'Please: ' }
  ]
  const engine = sharedEngine
  let run: EvaluationRun
  let pair: SampledPair
  let whole: Stored

  interface Stored {
    samples: SampleLine[]
    scores: PromptScores[]
  }

  /** Runs what is left beside what is stored, and stores it. */
  const runOn = (
    client: EngineClient,
    prepared: { run: EvaluationRun; pair: SampledPair },
    stored: Stored,
    planned: (computation: Computation) => void,
    signal = new AbortController().signal
  ): Promise<number> =>
    runEvaluation(
      client,
      { ...prepared, stored: { samples: [...stored.samples], scores: [...stored.scores] } },
      {
        onRecord: async () => undefined,
        planned: async (computation) => planned(computation),
        keepSamples: async (lines) => {
          stored.samples.push(...lines)
        },
        keepScores: async (scores) => {
          stored.scores.push(scores)
        },
        progress: () => undefined
      },
      signal
    )
  const resume = (stored: Stored, client: EngineClient, signal?: AbortSignal): Promise<number> =>
    runOn(client, { run, pair }, stored, (computation) => (run = { ...run, ...computation }), signal)

  /** Without the order in which they came. */
  const sorted = ({ samples }: Stored): SampleLine[] => samples.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)))
  const keyOf = ({ variant, prompt, index }: SampleLine): string => `${variant}/${prompt}/${index}`

  beforeAll(async () => {
    const prepared = await prepareEvaluation({
      base: resourcePath('blend-pair', 'base'),
      post: resourcePath('blend-pair', 'post'),
      task: await openQuestions(3, 6),
      variants: VARIANTS,
      rendering: DEFAULT_RENDERING
    })
    run = prepared.run
    pair = prepared.pair
    whole = { samples: [], scores: [] }
    await resume(whole, engine.client())
  })

  it('has every answer and every prompt scored, each variant with its own sampling and prompts', async () => {
    expect(new Set(whole.samples.map(keyOf)).size).toBe(4 * 3 * 6)
    expect(whole.samples).toHaveLength(4 * 3 * 6)
    expect(whole.scores.map(({ prompt }) => prompt).sort()).toEqual([0, 1, 2])
    for (const { cells, map } of whole.scores) {
      for (const { logLikelihoodPost, logLikelihoodBase, vendiScore } of cells) {
        expect(logLikelihoodPost).toBeLessThan(0)
        expect(logLikelihoodBase).toBeLessThan(0)
        expect(vendiScore).toBeGreaterThanOrEqual(1)
      }
      expect(map).toHaveLength(4 * 6)
    }
    const textsOf = (name: string, prompt: number): string[] =>
      whole.samples.filter((line) => line.variant === name && line.prompt === prompt).map(({ text }) => text)
    for (const prompt of [0, 1, 2]) expect(new Set(textsOf('greedy', prompt)).size).toBe(1)
    expect(run.promptSets.map(({ prefix }) => prefix)).toEqual(['', 'Please: '])
    expect(run.promptSets[1]?.prompts[0]?.rendered).toContain(`Please: ${run.task.prompts[0]?.text}`)
    const stored = { run, ...whole, judgeScores: [], pairs: [], forms: [] }
    const results = evaluationResults(stored, { characters: null, task: null })
    const distinct = (name: string): number =>
      results.variants.find(({ variant }) => variant === name)?.measures.distinctAnswers?.mean ?? NaN
    expect(distinct('greedy')).toBe(1)
    expect(distinct('4-11')).toBeGreaterThan(distinct('post'))
  })

  it('is generated and read on another device on request, in the same formats', async () => {
    const { basePath, postPath } = run
    const prepared = await prepareEvaluation({
      ...{ base: basePath.path, post: postPath.path, rendering: DEFAULT_RENDERING },
      task: { ...run.task, prompts: run.task.prompts.slice(0, 1) },
      variants: [POST],
      computing: { device: 'webgpu' }
    })
    expect(prepared.run).toMatchObject({ computing: { device: 'webgpu' }, precision: null, weights: null })
    const requests: (GenerateRequest | ReadRequest)[] = []
    const computed = { precision: 'fp16', weights: 'int8' } as const
    const client = scriptedEngine({
      async *generate(request) {
        requests.push(request)
        yield {
          ...{ type: 'plan', ...computed },
          ...{ weightBytes: 1, keyValueBytes: 1, peakBytes: 1, rows: 1 }
        }
        const ended = { tokens: [5], finish: 'stop' as const }
        const finished = [...Array(request.sampleCount).keys()].map((index) => ({
          model: 0,
          prompt: 0,
          index,
          ...ended
        }))
        yield { type: 'step', tokens: [], finished }
        yield { type: 'done', tokenCount: 6, steps: 1, seconds: 1 }
      },
      async *read(request) {
        requests.push(request)
        const embedding = floatsToText(Float32Array.of(1, 2))
        const answers = [...(request.prompts[0]?.answers.keys() ?? [])]
        yield answers.map((answer) => ({ prompt: 0, answer, logLikelihood: -1, embedding }))
      }
    })
    const planned: Computation[] = []
    await runOn(client, prepared, { samples: [], scores: [] }, (computation) => void planned.push(computation))
    expect(planned).toEqual([computed])
    expect(requests.map(({ device, precision }) => [device, precision])).toEqual([
      ['webgpu', undefined],
      ['webgpu', 'fp16'],
      ['webgpu', 'fp16']
    ])
  })

  it('that is cancelled and then loses its engine ends as if nothing had happened', async () => {
    const stored: Stored = { samples: [], scores: [] }
    const held = new HeldEngine(engine)
    const cancelling = new AbortController()
    const tenth = held.holdAt(answers(10))
    const cancelled = resume(stored, held.client(), cancelling.signal)
    await tenth()
    cancelling.abort()
    expect((await problemOf(cancelled)).code).toBe('cancelled')
    expect(stored.samples).toHaveLength(10)
    expect(stored.scores).toEqual([])

    const fortieth = held.holdAt(answers(30))
    const lost = resume(stored, held.client())
    await fortieth()
    held.kill()
    expect((await problemOf(lost)).code).toBe('engine-lost')
    expect(stored.samples).toHaveLength(40)

    await resume(stored, engine.client())
    expect(stored.samples).toHaveLength(4 * 3 * 6)
    expect(sorted(stored)).toEqual(sorted(whole))
    const byPrompt = ({ scores }: Stored): PromptScores[] => scores.toSorted((a, b) => a.prompt - b.prompt)
    expect(byPrompt(stored)).toEqual(byPrompt(whole))
  })

  it('computes nothing that is stored', async () => {
    const idle = scriptedEngine({})
    const before = { samples: [...whole.samples], scores: [...whole.scores] }
    await resume(before, idle)
    expect(before).toEqual(whole)

    // One prompt has no scores yet: only its answers are read, once by base and once by post.
    const client = engine.client()
    const readPrompts: number[] = []
    const counting: EngineClient = {
      ...client,
      generate: idle.generate,
      read: (...[request, ...rest]) => {
        readPrompts.push(request.prompts.length)
        return client.read(request, ...rest)
      }
    }
    const partly = { samples: [...whole.samples], scores: whole.scores.filter(({ prompt }) => prompt !== 1) }
    await resume(partly, counting)
    // The prompt as it is and with the prefix.
    expect(readPrompts).toEqual([2, 2])
    const [again] = partly.scores.filter(({ prompt }) => prompt === 1)
    const [first] = whole.scores.filter(({ prompt }) => prompt === 1)
    for (const [i, cell] of (again?.cells ?? []).entries()) {
      expect(cell.logLikelihoodPost).toBeCloseTo(first?.cells[i]?.logLikelihoodPost ?? NaN, 5)
      expect(cell.vendiScore).toBeCloseTo(first?.cells[i]?.vendiScore ?? NaN, 4)
    }
  })

  it('ends before an answer is read that is too long for the memory of any machine', async () => {
    const [first = sampleLine('post', 0, 0, 'x'), ...others] = whole.samples
    const samples = [{ ...first, tokens: Array<number>(400_000).fill(5) }, ...others]
    expect(await problemOf(resume({ samples, scores: [] }, scriptedEngine({})))).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(
        /^An answer of the variant "\S+" to prompt \d has 400,000 tokens\. Post would need 6\d\d GB of memory to read it/
      ),
      hint: 'Start another evaluation with fewer tokens per answer.'
    })
  })
})
