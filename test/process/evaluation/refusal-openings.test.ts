import { expect, it } from 'vitest'
import { DEFAULT_RENDERING } from '../../../src/contract/documents/crc'
import { elementAt } from '../../../src/contract/model/look-up'
import type { Model } from '../../../src/contract/model/model'
import { resourcePath } from '../../../src/main/base/resources'
import { prepareEvaluation } from '../../../src/main/evaluation/prepare-evaluation'
import { PromptScorer } from '../../../src/main/evaluation/prompt-scorer'
import { addOpenings } from '../../../src/main/evaluation/refusal-openings'
import { taskFixture } from '../../fixtures/evaluation-documents'
import { sharedEngine } from '../../fixtures/shared-engine'

const [base, post] = [resourcePath('blend-pair', 'base'), resourcePath('blend-pair', 'post')]
const OPENINGS = ['Tokyo', 'The sea', 'The', 'red']

function softmaxOf(logits: readonly number[], token: number): number {
  const top = Math.max(...logits)
  const mass = logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0)
  return Math.exp(elementAt(logits, token, 'token') - top) / mass
}

it('an opening has the probability that the model gives its tokens one after the other', async () => {
  const range = { name: '4-11', ranges: [[4, 11] satisfies [number, number]] }
  const task = taskFixture({
    ...{ kind: 'refusals', refusals: { openings: OPENINGS, phrases: ['no'] } },
    prompts: ['Name a colour.', 'What is the capital of Japan?'].map((text) => ({
      ...{ text, category: 'refused', raw: false }
    })),
    settings: {
      sampling: { temperature: 1, topK: null, topP: 1, minP: 0, repetitionPenalty: 1 },
      ...{ maxTokens: 16, stopTexts: [], seed: 1, sampleCount: 1 }
    }
  })
  const { run, pair } = await prepareEvaluation({
    ...{ base, post, task, rendering: DEFAULT_RENDERING },
    variants: [
      { variant: { kind: 'post', name: 'post' } },
      { variant: { kind: 'few-shot', name: 'few-shot' } },
      { variant: { kind: 'recipe', name: '4-11', recipe: range } },
      { variant: { kind: 'post', name: 'list' }, listed: 2, suffix: ' List two.' }
    ]
  })
  const readings = task.prompts.map((_, prompt) => new PromptScorer(run, prompt, []))
  const engine = sharedEngine.client()
  await addOpenings({ engine, run, pair, signal: new AbortController().signal }, readings)

  // An opening that begins with another one, such as "The sea", adds nothing to it.
  const distinct = OPENINGS.filter((opening) => opening !== 'The sea')
  const sequences = await pair.text.encodeAll(distinct)
  const spaced = await pair.text.encodeAll(distinct.map((text) => ` ${text}`))
  const [plain] = run.promptSets
  const models: [string, Model, typeof plain][] = [
    ['post', { kind: 'post' }, plain],
    ['4-11', { kind: 'recipe', recipe: range }, plain],
    ['few-shot', { kind: 'base' }, plain]
  ]
  for (const [name, model, set] of models) {
    // The template ends with a line break, the few-shot prompt with a word.
    const added = name === 'few-shot' ? [...sequences, ...spaced] : sequences
    const prompts = (name === 'few-shot' ? set?.fewShot?.prompts : set?.prompts) ?? []
    const contexts = prompts.flatMap(({ tokens }) =>
      added.flatMap((sequence) => sequence.map((_, length) => [...tokens, ...sequence.slice(0, length)]))
    )
    const { logits } = await engine.probe({ base, post, model, prompts: contexts })
    const rows = logits.values()
    for (const reading of readings) {
      const total = added.reduce(
        (sum, sequence) =>
          sum + sequence.reduce((product, token) => product * softmaxOf(rows.next().value ?? [], token), 1),
        0
      )
      const opening = reading.scores().cells.find(({ variant }) => variant === name)?.refusalOpening
      expect(Math.abs((opening ?? NaN) - total)).toBeLessThan(1e-5)
      expect(total).toBeGreaterThan(1e-5)
    }
  }
  expect(readings.map((reading) => reading.scores().cells.at(-1))).toEqual(
    readings.map(() => expect.not.objectContaining({ refusalOpening: expect.anything() }))
  )
})
