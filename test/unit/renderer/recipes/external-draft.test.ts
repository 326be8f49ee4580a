import { expect, it } from 'vitest'
import { NEW_EXTERNAL, parseExternal } from '../../../../src/renderer/recipes/external-draft'

const SERVED = { ...NEW_EXTERNAL, baseUrl: ' http://localhost:8000/v1 ', model: 'slr-8b' }
const FILE = { ...NEW_EXTERNAL, by: 'file' as const, path: '/data/answers.jsonl' }
const FINGERPRINT = 'f'.repeat(64)

it('is an endpoint, called as its model unless it is given a name', () => {
  expect(parseExternal(SERVED, [], null)).toEqual({
    model: {
      kind: 'endpoint',
      name: 'slr-8b',
      endpoint: {
        baseUrl: 'http://localhost:8000/v1',
        model: 'slr-8b',
        through: 'completions',
        anyModel: false,
        concurrency: 16
      }
    },
    problems: {}
  })
  expect(parseExternal({ ...SERVED, name: 'restored', concurrency: '4' }, [], null).model).toMatchObject({
    name: 'restored',
    endpoint: { concurrency: 4 }
  })
})

it('says which field is wrong', () => {
  const problems = (changes: Partial<typeof SERVED>): unknown =>
    parseExternal({ ...SERVED, ...changes }, ['post'], null).problems
  expect(problems({ baseUrl: 'localhost:8000' })).toEqual({
    baseUrl: 'expected an address such as http://localhost:8080/v1'
  })
  expect(problems({ baseUrl: 'https://ada:secret@example.org/v1' })).toEqual({
    baseUrl: 'names a user; a key is given apart from the address'
  })
  expect(problems({ model: '' })).toEqual({ model: 'name the model as the server lists it' })
  expect(problems({ keyVariable: 'HOME' })).toEqual({
    keyVariable: 'expected a name that ends in API_KEY, such as OPENAI_API_KEY'
  })
  expect(problems({ concurrency: 'many' })).toEqual({ concurrency: 'expected a whole number from 1 to 256' })
  expect(problems({ name: 'post' })).toEqual({ name: 'another variant has this name' })
})

it('is a file once it was read, of one whose answers it holds', () => {
  const file = { format: 'JSON lines', fingerprint: FINGERPRINT, by: [{ of: null, answers: 9 }] }
  expect(parseExternal(FILE, [], null)).toEqual({ model: null, problems: {} })
  expect(parseExternal(FILE, [], file).model).toEqual({
    kind: 'file',
    name: 'answers',
    path: '/data/answers.jsonl',
    fingerprint: FINGERPRINT
  })
  const two = { ...file, by: ['base', 'post'].map((of) => ({ of, answers: 4 })) }
  expect(parseExternal(FILE, [], two).problems).toEqual({ of: 'choose whose answers' })
  expect(parseExternal({ ...FILE, of: 'base' }, [], two).model).toMatchObject({ name: 'base', of: 'base' })
})
