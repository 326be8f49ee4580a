import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DEFAULT_RENDERING } from '../../../src/contract/documents/crc'
import type {
  EvaluationResults,
  EvaluationVariant,
  EvaluationRun,
  PromptScores
} from '../../../src/contract/documents/evaluation'
import type { ExternalRecord } from '../../../src/contract/model/external-model'
import type { SampleLine, Variant } from '../../../src/contract/documents/samples'
import { resourcePath } from '../../../src/main/base/resources'
import { prepareEvaluation } from '../../../src/main/evaluation/prepare-evaluation'
import { runEvaluation } from '../../../src/main/evaluation/run-evaluation'
import { evaluationResults } from '../../../src/main/measures/results'
import { answerFileModel } from '../../../src/main/samples/answer-files'
import { startAnswerEndpoint } from '../../fixtures/answer-endpoint'
import { temporaryFolder } from '../../fixtures/checkpoint-builder'
import { openQuestions } from '../../fixtures/open-questions'
import { sharedEngine } from '../../fixtures/shared-engine'

const PAIR = { base: resourcePath('blend-pair', 'base'), post: resourcePath('blend-pair', 'post') }
const SAMPLE_COUNT = 4
const PROMPT_COUNT = 3

interface Evaluated {
  run: EvaluationRun
  samples: SampleLine[]
  scores: PromptScores[]
  results: EvaluationResults
  records: ExternalRecord[]
}

async function evaluated(
  variant: Variant,
  around: Omit<EvaluationVariant, 'variant'> = {},
  stored: readonly SampleLine[] = []
): Promise<Evaluated> {
  const task = await openQuestions(PROMPT_COUNT, SAMPLE_COUNT)
  const { run, pair } = await prepareEvaluation({
    ...PAIR,
    rendering: DEFAULT_RENDERING,
    task,
    variants: [
      { variant: { kind: 'post', name: 'greedy' }, sampling: { ...task.settings.sampling, temperature: 0 } },
      { variant, ...around }
    ]
  })
  const samples: SampleLine[] = [...stored]
  const scores: PromptScores[] = []
  const records: ExternalRecord[] = []
  await runEvaluation(
    sharedEngine.client(),
    { run, pair, stored: { samples: stored, scores: [] } },
    {
      planned: () => Promise.resolve(),
      onRecord: async (record) => void records.push(record),
      keepSamples: async (lines) => void samples.push(...lines),
      keepScores: async (score) => void scores.push(score),
      progress: () => undefined
    },
    new AbortController().signal
  )
  const results = evaluationResults(
    { run, samples, scores, judgeScores: [], pairs: [], forms: [] },
    { characters: null, task: null },
    'greedy'
  )
  return { run, samples, scores, results, records }
}

it('the same answers by engine, file and endpoint have the same measures to the last digit', async () => {
  const engine = await evaluated({ kind: 'post', name: 'warm' })
  const own = engine.samples
    .filter(({ variant }) => variant === 'warm')
    .toSorted((a, b) => a.prompt - b.prompt || a.index - b.index)
  const { prompts } = engine.run.task

  const path = join(await temporaryFolder(), 'answers.jsonl')
  // Without tokens: they are made of the texts.
  const lines = own.map(({ prompt, text, finish }) => ({ prompt: prompts[prompt]?.text, text, finish }))
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const file = await evaluated(await answerFileModel('warm', path))
  expect(file.records).toEqual([{ variant: 'warm', models: [], fingerprints: [], server: 'JSON lines', refused: [] }])

  const rendered = engine.run.promptSets[0]?.prompts.map((prompt) => prompt.rendered) ?? []
  const { endpoint, requests } = await startAnswerEndpoint({
    answer: (prompt, given) =>
      own.find((line) => rendered[line.prompt] === prompt && line.index === given)?.text ?? 'not one of the prompts'
  })
  const served = await evaluated({
    kind: 'endpoint',
    name: 'warm',
    endpoint: { ...endpoint, concurrency: 1 }
  })
  expect(requests).toHaveLength(PROMPT_COUNT)

  expect(own).toHaveLength(PROMPT_COUNT * SAMPLE_COUNT)
  for (const outside of [file, served]) {
    const theirs = outside.samples.filter(({ variant }) => variant === 'warm')
    expect(theirs).toEqual(own)
    expect(outside.scores).toEqual(engine.scores)
    expect(outside.results).toEqual(engine.results)
  }
})

it('a variant with a system turn, a suffix and lists of answers is asked so, and has as many answers as the others', async () => {
  const { endpoint, requests } = await startAnswerEndpoint({
    answer: (_, given) => `Here you are:\n1. Red ${given} (probability: 0.4)\n2. Blue ${given}\n3. Green ${given}`
  })
  const { samples, results, run } = await evaluated(
    { kind: 'endpoint', name: 'listing', endpoint: { ...endpoint, through: 'chat', concurrency: 1 } },
    { system: 'Be brief.', suffix: ' List three, numbered.', listed: 3 }
  )
  const { prompts, settings } = run.task
  expect(requests.map(({ body }) => [body.n, body.max_tokens, body.messages])).toEqual(
    prompts.map(({ text }) => [
      2,
      settings.maxTokens * 3,
      [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: `${text} List three, numbered.` }
      ]
    ])
  )
  const first = samples.filter(({ variant, prompt }) => variant === 'listing' && prompt === 0)
  expect(first.map(({ index, text }) => [index, text])).toEqual([
    [0, 'Red 0'],
    [1, 'Blue 0'],
    [2, 'Green 0'],
    [3, 'Red 1']
  ])
  expect(first[0]?.list?.probability).toBe(0.4)
  expect(results.variants.map(({ answerCount }) => answerCount)).toEqual([
    PROMPT_COUNT * SAMPLE_COUNT,
    PROMPT_COUNT * SAMPLE_COUNT
  ])
})

it('a variant under regeneration shows the earlier answers of its chain, and continues after a stop', async () => {
  const { endpoint, requests } = await startAnswerEndpoint({
    answer: (prompt, given) => `${['Red', 'Blue', 'Green'][given] ?? 'Grey'} after ${prompt.split('\n').length}`
  })
  const variant: Variant = {
    kind: 'endpoint',
    name: 'again',
    endpoint: { ...endpoint, through: 'chat', concurrency: 1 }
  }
  const whole = await evaluated(variant, { prompting: 'regeneration' })
  const contents = requests.map(({ body }) => body.messages?.[0]?.content ?? '')
  const question = whole.run.task.prompts[0]?.text ?? ''
  // Four answers of one chain to each of three prompts.
  expect(contents).toHaveLength(4 * PROMPT_COUNT)
  expect(contents[0]).toBe(question)
  const lines = whole.samples.filter(({ variant, prompt }) => variant === 'again' && prompt === 0)
  expect(lines.map(({ index }) => index)).toEqual([0, 1, 2, 3])
  expect(contents[2 * PROMPT_COUNT]).toBe(
    `${question}\n\nEarlier answers:\n1. ${lines[0]?.text}\n2. ${lines[1]?.text}\n\n` +
      'Give another answer, which differs from all earlier ones. Write only the answer.'
  )
  const kept = whole.samples.filter(({ index, prompt }) => index < 2 || (index === 2 && prompt === 0))
  const before = requests.length
  await evaluated(variant, { prompting: 'regeneration' }, kept)
  expect(requests.length - before).toBe(PROMPT_COUNT - 1 + PROMPT_COUNT)
})
