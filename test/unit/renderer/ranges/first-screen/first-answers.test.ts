import { expect, it } from 'vitest'
import { elementAt } from '../../../../../src/contract/model/look-up'
import type { ProbeEvent } from '../../../../../src/contract/procedures/probe'
import { firstFinding } from '../../../../../src/contract/words/first-finding'
import { projectState, settled, openSession } from '../../../../fixtures/scripted-line'

const PROMPT = { text: 'A random letter.', category: 'letter', valid: ['A', 'B'] }

const answerOf = (model: 'base' | 'post', top: readonly (readonly [string, number])[]): ProbeEvent => ({
  type: 'probed',
  model,
  rendered: '',
  tokens: [1],
  top: top.map(([text, probability], id) => ({ id, text, probability })),
  notices: []
})

it('asks base and post once for the first prompt, and states the favourite character of post', async () => {
  const { line, session } = await openSession(projectState({ prompts: [PROMPT] }))
  const { firstAnswers } = session.ranges
  void firstAnswers.ask()
  await settled()
  void firstAnswers.ask()
  expect(line.of('probes.next')).toHaveLength(1)
  expect(line.call('probes.next', 0).input).toMatchObject({ recipe: null, prompt: PROMPT.text })
  const events = await line.stream<ProbeEvent>('probes.next', 0)
  // Other tokens, and a character that is not among the likeliest, count as nothing.
  await events.tell(
    answerOf('post', [
      ['B', 0.55],
      ['Maybe', 0.3]
    ]),
    answerOf('base', [
      ['A', 0.2],
      ['B', 0.03]
    ])
  )
  await events.over()
  await settled()
  const { answers } = firstAnswers
  expect(answers).toEqual({ category: 'letter', characters: ['A', 'B'], base: [0.2, 0.03], post: [0, 0.55] })
  if (answers === null) throw new Error('nothing was answered')
  expect(firstFinding(answers)).toEqual({
    headline: 'Your instruct model says B.',
    text: 'Ask it for a random letter and it says B\u00A055\u00A0% of the time. The base model says B\u00A03\u00A0% of the time.'
  })
})

it('leaves the screen without answers when a job ends the question, and asks again', async () => {
  const { line, session, workbench } = await openSession(projectState({ prompts: [PROMPT] }))
  const { firstAnswers } = session.ranges
  void firstAnswers.ask()
  await line.refuse('probes.next', 0, new Error('A sweep started.'))
  expect([firstAnswers.answers, workbench.complaints]).toEqual([null, []])
  void firstAnswers.ask()
  await settled()
  expect(elementAt(line.of('probes.next'), 1, 'call').input).toMatchObject({ prompt: PROMPT.text })
})
