import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { answerFileModel, answersFromFile } from '../../../../src/main/samples/answer-files'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'

const PROMPTS = ['A colour?', 'An animal?', 'A colour?'].map((text) => ({
  text,
  otherTexts: [`<user>${text}`]
}))

async function answersFile(...lines: readonly object[]): Promise<string> {
  const file = join(await temporaryFolder(), 'answers.jsonl')
  // Without a line break behind the last: nothing says that a line of a file by hand was cut off.
  await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'))
  return file
}

describe('answers from a file', () => {
  it('are those to the prompts by their text, as many as the run needs, equal prompts in order', async () => {
    const file = await answersFile(
      { prompt: 'A colour?', answers: ['red', 'blue', 'green', 'white', 'black'] },
      { prompt: '<user>An animal?', answers: ['cat', 'dog'] },
      { prompt: 'A river?', text: 'Nile' }
    )
    const model = await answerFileModel('theirs', file)
    const { format, answers } = await answersFromFile(model, PROMPTS, { sampleCount: 2 })
    expect(format).toBe('JSON lines')
    expect(answers.map((list) => list.map(({ text }) => text))).toEqual([
      ['red', 'blue'],
      ['cat', 'dog'],
      ['green', 'white']
    ])
  })

  it('are refused where a prompt has too few, by its name', async () => {
    const model = await answerFileModel(
      'theirs',
      await answersFile({ prompt: 'A colour?', answers: ['red', 'blue', 'green'] })
    )
    expect(await problemOf(answersFromFile(model, PROMPTS, { sampleCount: 2 }))).toMatchObject({
      message: expect.stringMatching(
        /^Prompt 2 \("An animal\?"\) has no answer in .*; the run asks for 2 to each prompt\.$/
      ),
      hint: expect.stringMatching(/matched by the text/)
    })
    expect(
      (await problemOf(answersFromFile(model, [PROMPTS[0] ?? { text: '', otherTexts: [] }], { sampleCount: 4 })))
        .message
    ).toMatch(/has 3 answers/)
    const one = await answerFileModel('one', await answersFile({ prompt: 0, text: 'red' }))
    const { message } = await problemOf(answersFromFile(one, PROMPTS, { sampleCount: 2 }))
    expect(message).toMatch(/has 1 answer in /)
  })

  it("are of one model: of several in a file, the one that goes by the variant's name", async () => {
    const file = await answersFile({ variant: 'base', prompt: 0, text: 'a' }, { variant: 'post', prompt: 0, text: 'b' })
    expect(await answerFileModel('post', file)).toMatchObject({ kind: 'file', name: 'post', of: 'post' })
    expect((await problemOf(answerFileModel('mine', file))).message).toMatch(/holds answers of "base", "post"\.$/)
    const { answers } = await answersFromFile(await answerFileModel('base', file), [{ text: '?', otherTexts: [] }], {
      sampleCount: 1
    })
    expect(answers[0]?.[0]?.text).toBe('a')
  })

  it('are not taken from a file that has changed, nor from a packed log', async () => {
    const file = await answersFile({ prompt: 0, text: 'a' })
    const model = await answerFileModel('theirs', file)
    await writeFile(file, '{"prompt": 0, "text": "b"}\n')
    expect((await problemOf(answersFromFile(model, PROMPTS, { sampleCount: 1 }))).code).toBe('mismatch')
    expect(await problemOf(answerFileModel('theirs', '/logs/run.eval'))).toMatchObject({
      hint: expect.stringMatching(/inspect log convert --to json/)
    })
  })
})
