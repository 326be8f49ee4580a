import { describe, expect, it } from 'vitest'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AnswerCounts, type FileAnswer } from '../../../../src/main/answers/file-formats'
import { eachAnswer } from '../../../../src/main/samples/answer-files'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import LOGS from '../../../fixtures/answer-logs.json'
import { problemOf } from '../../../fixtures/problems'

async function readAnswerFile(name: string, content: string): Promise<{ format: string; answers: FileAnswer[] }> {
  const file = join(await temporaryFolder(), name)
  await writeFile(file, content)
  const answers: FileAnswer[] = []
  const { format } = await eachAnswer(file, (answer) => answers.push(answer))
  return { format, answers }
}

const lines = (...values: unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')

/** A document of GSM8K as lm-evaluation-harness logs it, once for each of its two filters. */
const HARNESS = (filter: string, changes: object = {}): object => ({ ...LOGS.harness, filter, ...changes })
const LOG = LOGS.inspect

describe('a file of answers', () => {
  it('has an answer a line, or several, by the text or the number of the prompt', async () => {
    const { format, answers } = await readAnswerFile(
      'a.jsonl',
      lines(
        {
          variant: 'post',
          prompt: 3,
          index: 0,
          text: 'Blau.',
          tokens: [1, 2],
          finish: 'length',
          promptText: 'A colour?'
        },
        { prompt: 'A colour?', completion: 'red', model: 'm', finish_reason: 'content_filter' },
        { prompt: 1, answers: ['cat', 'dog'] },
        { id: 'curated-1', prompt: 'An animal?', model: 'm', generations: ['emu'] }
      )
    )
    expect(format).toBe('JSON lines')
    const plain = { of: null, prompts: [], promptIndex: null, finish: 'stop', tokens: null }
    expect(answers).toEqual([
      { of: 'post', prompts: ['A colour?'], promptIndex: 3, text: 'Blau.', finish: 'length', tokens: [1, 2] },
      { ...plain, of: 'm', prompts: ['A colour?'], text: 'red', finish: 'refused' },
      { ...plain, promptIndex: 1, text: 'cat' },
      { ...plain, promptIndex: 1, text: 'dog' },
      { ...plain, of: 'm', prompts: ['An animal?'], text: 'emu' }
    ])
  })

  it('of lm-evaluation-harness counts each document once, with all its answers before filters', async () => {
    const turns = JSON.stringify([{ role: 'user', content: 'How many legs have two cats?' }])
    const { format, answers } = await readAnswerFile(
      'samples_gsm8k.jsonl',
      lines(
        HARNESS('strict-match'),
        HARNESS('flexible-extract'),
        HARNESS('strict-match', { doc_id: 1, doc: {}, arguments: [[turns, {}]], resps: [['8']] }),
        HARNESS('strict-match', {
          doc_id: 2,
          doc: {},
          arguments: { gen_args_0: { arg_0: [turns] } },
          resps: [['9']]
        })
      )
    )
    expect(format).toBe('lm-evaluation-harness samples')
    expect(answers.map(({ text }) => text)).toEqual([' 8 legs.\n#### 8', ' 4.\n#### 4', '8', '9'])
    expect(answers.map(({ prompts }) => prompts.includes('How many legs have two cats?'))).toEqual([
      true,
      true,
      true,
      true
    ])
  })

  it.each([
    ['many lines', JSON.stringify(LOG, null, 2)],
    ['one line', JSON.stringify(LOG)]
  ])('of Inspect has every choice of every epoch, in %s', async (_name, content) => {
    const { format, answers } = await readAnswerFile('log.json', content)
    expect(format).toBe('Inspect log')
    expect(answers.map(({ of, prompts, text, finish }) => [of, prompts, text, finish])).toEqual([
      ['restored', ['Name a colour.'], 'Blue.', 'stop'],
      ['restored', ['Name a colour.'], 'Re', 'length'],
      ['restored', ['Name a colour.'], 'Green', 'stop'],
      ['restored', ['Name a colour.'], '', 'refused']
    ])
  })

  it.each([
    ['{"prompt": 1}\n', /a\.jsonl, line 1: expected the answer as text, answer/],
    ['{"text": "x"}\n', /line 1: expected the prompt as prompt/],
    ['{"prompt": 1, "text": "x"}\n{"prompt": 1, "te', /line 2 is not JSON/],
    ['{"prompt": -1, "text": "x"}\n', /line 1: prompt: /],
    ['\n', /holds no answer/],
    ['{\n  "samples": []\n}', /is no file of answers/],
    [`{"prompt": 1, "text": "x", "y": [${'[],'.repeat(600_000)}1]}\n`, /line has more than 500000 values/],
    [`{"prompt": 1, "text": "x"}\n${'['.repeat(5_000_000)}\n`, /line 2 has more than 4000000 bytes/],
    ['['.repeat(5_000_000), /a\.jsonl nests more than 100 deep/],
    [lines(HARNESS('none', { resps: [[-3.2, false]] })), /line 1: resps: expected texts; the task asks for likelihoods/]
  ])('is refused in words: %.40s', async (content, message) => {
    const problem = await problemOf(readAnswerFile('a.jsonl', content))
    expect(problem.message).toMatch(message)
  })

  it('holds at most a million answers', () => {
    const counts = new AnswerCounts('a.jsonl')
    const answer = { of: null, prompts: [], promptIndex: 1, text: 'x', finish: 'stop', tokens: null } as const
    for (let added = 0; added < 1_000_000; added++) counts.add(answer)
    expect(() => counts.add(answer)).toThrow('a.jsonl holds more than 1000000 answers')
  })
})
