import { expect, it, test } from 'vitest'
import { endpointWord, modelWordFromText, pathWord } from '../../../../src/contract/model/model-word'

const ENDPOINT = { baseUrl: 'http://localhost:1/v1', anyModel: false, concurrency: 16 }

it.each([
  ['base', { kind: 'base' }],
  ['base:few-shot', { kind: 'few-shot' }],
  ['selected', { kind: 'selected' }],
  ['4-11', { kind: 'layers', restored: [{ ranges: [[4, 11]], source: null }] }],
  ['3-7@org/sft@main', { kind: 'layers', restored: [{ ranges: [[3, 7]], source: 'org/sft@main' }] }],
  ['blend:-0.125', { kind: 'blend', strength: -0.125 }],
  ['mix:0.5', { kind: 'baseline', baseline: { kind: 'mix', share: 0.5 } }],
  [
    'a=m@x@http://localhost:1/v1',
    { kind: 'endpoint', name: 'a', endpoint: { ...ENDPOINT, model: 'm@x', through: 'completions' } }
  ],
  [
    'a=chat:m:latest@http://localhost:1/v1',
    { kind: 'endpoint', name: 'a', endpoint: { ...ENDPOINT, model: 'm:latest', through: 'chat' } }
  ],
  ['a=answers.jsonl', { kind: 'file', name: 'a', path: 'answers.jsonl' }],
  ['org/name@main', { kind: 'name-or-path', text: 'org/name@main' }],
  ['./4-11', { kind: 'name-or-path', text: './4-11' }],
  ['models/a=b', { kind: 'name-or-path', text: 'models/a=b' }]
])('reads %s as a model', (text, word) => {
  expect(modelWordFromText(text)).toEqual(word)
})

it.each(['7-3', '7-', '0-9999', 'blend:', 'blend:3', 'blend:0.1234', 'mix:3', 'sampler:1', 'sampler:1,', 'top-p:1'])(
  'says what was expected in place of %s',
  (text) => {
    expect(modelWordFromText(text)).toEqual({ expected: expect.stringMatching(/such as/) })
  }
)

test('a file or folder that reads as another model is written so that it does not', () => {
  for (const path of ['base', '4-11', 'a=b', '-x', 'sft', 'org/name']) {
    expect(modelWordFromText(pathWord(path))).toMatchObject({ kind: 'name-or-path' })
  }
  expect(pathWord('sft')).toBe('sft')
})

test('an endpoint is read from the word that names it', () => {
  const endpoint = { ...ENDPOINT, model: 'm', through: 'chat' } as const
  expect(modelWordFromText(endpointWord('a', endpoint))).toEqual({ kind: 'endpoint', name: 'a', endpoint })
})
