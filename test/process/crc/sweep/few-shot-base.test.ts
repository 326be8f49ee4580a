import { expect, it } from 'vitest'
import { elementAt } from '../../../../src/contract/model/look-up'
import { FEW_SHOT_DEFAULTS } from '../../../../src/contract/model/few-shot'
import { withFewShotBase } from '../../../../src/main/crc/sweep/few-shot-base'
import { loadTextModel } from '../../../../src/main/text/text-model'
import { openQuestions } from '../../../fixtures/open-questions'
import { sharedEngine } from '../../../fixtures/shared-engine'
import { computeSweep, demoSweep } from '../../../fixtures/swept-demo'
import { demoPrompts } from '../../../fixtures/swept-project'

const { signal } = new AbortController()
const scored = async (changes: Parameters<typeof demoSweep>[0]) => {
  const request = await demoSweep({ ranges: false, uniformBlendCount: 0, ...changes })
  const sweep = await computeSweep(request)
  return {
    request,
    sweep: await withFewShotBase(sharedEngine.client(), { ...request, ranges: true }, sweep, signal)
  }
}

it('base after a few-shot prompt has the probabilities that base gives the characters after the full text', async () => {
  const { request, sweep } = await scored({ prompts: await demoPrompts(10) })
  const text = await loadTextModel(request.base)
  const { preamble, examples } = FEW_SHOT_DEFAULTS.characters
  const worked = examples.map(({ question, answer }) => `Question: ${question}\nAnswer: ${answer}\n\n`).join('')
  const texts = sweep.prompts.map((prompt) => `${preamble}\n\n${worked}Question: ${prompt.text}\nAnswer:`)
  const prompts = await text.encodeAll(texts, true)
  const { base, post } = request
  const { logits } = await sharedEngine.client().probe({ base, post, model: { kind: 'base' }, prompts })
  for (const [prompt, { valid }] of sweep.prompts.entries()) {
    const row = elementAt(logits, prompt, 'prompt')
    const greatest = Math.max(...row)
    const total = row.reduce((sum, logit) => sum + Math.exp(logit - greatest), 0)
    const added = (await text.decodeBehind([], [...row.keys()])).map((token) => token.trimStart())
    const expected = valid.map((character) =>
      row.reduce(
        (sum, logit, token) => (added[token] === character ? sum + Math.exp(logit - greatest) / total : sum),
        0
      )
    )
    const probabilities = sweep.fewShot?.prompts[prompt]?.probabilities ?? []
    expect(probabilities).toHaveLength(valid.length)
    for (const [index, value] of expected.entries()) expect(probabilities[index]).toBeCloseTo(value, 5)
  }
  expect(sweep.fewShot?.work.blockEvaluations).toBe(12)
})

it('a task scores it on answers that end with the line', async () => {
  const task = await openQuestions(4, 1)
  const { sweep } = await scored({
    prompts: { kind: 'task', task, sampling: task.settings.sampling, draws: 32 }
  })
  expect(sweep.fewShot?.format).toEqual(FEW_SHOT_DEFAULTS.listed)
  expect(sweep.fewShot?.prompts).toHaveLength(sweep.prompts.length)
  expect(sweep.fewShot?.precision).toBeGreaterThan(0.4)
})

it('a text longer than the context of base leaves a notice', async () => {
  const format = { ...FEW_SHOT_DEFAULTS.characters, preamble: 'word '.repeat(600) }
  const request = await demoSweep({})
  const { sweep } = await scored({
    prompts: await demoPrompts(20),
    rendering: { ...request.rendering, fewShot: format }
  })
  expect(sweep.fewShot).toBeUndefined()
  expect(sweep.notices.at(-1)).toMatch(/^Base after a few-shot prompt has no score\. .*context window is 512/)
})
