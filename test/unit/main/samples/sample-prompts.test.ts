import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Problem } from '../../../../src/contract/model/problem'
import { MAX_SAMPLE_PROMPTS, SamplePrompts } from '../../../../src/contract/documents/task'
import { formatCsv, parseCsv } from '../../../../src/main/base/csv'
import {
  builtinSamplePrompts,
  builtinSamplePromptSet,
  readSamplePrompts
} from '../../../../src/main/samples/prompts'
import { problemOf } from '../../../fixtures/problems'

const prompt = (text: string, rest: object = {}): object => ({ text, category: '', raw: false, ...rest })

/** The problem with reading a file. */
function problemWith(fileName: string, content: string): Promise<Problem> {
  return problemOf(Promise.resolve().then(() => readSamplePrompts(fileName, content)))
}

describe('the built-in open prompts', () => {
  test('are of three categories, each prompt once', async () => {
    const prompts = await builtinSamplePrompts()
    expect(SamplePrompts.parse(prompts)).toEqual(prompts)
    expect(new Set(prompts.map(({ text }) => text)).size).toBe(prompts.length)
    expect(prompts.length).toBeGreaterThanOrEqual(24)
    const categories = ['creative writing', 'naming', 'open questions']
    expect([...new Set(prompts.map(({ category }) => category))]).toEqual(categories)
    expect(await builtinSamplePromptSet('open')).toEqual(prompts)
  })

  test('of the demo pair are questions that it was trained to answer', async () => {
    const texts = (await builtinSamplePromptSet('demo-open')).map(({ text }) => text)
    expect(texts).toContain('Name a colour.')
    expect(texts).toContain('Write one line about the sea.')
    expect(texts).toHaveLength(6)
  })
})

describe('a text file', () => {
  test('has a prompt on every line that is not blank', () => {
    expect(readSamplePrompts('a.TXT', '\uFEFFOne.\r\n\r\n  Two, "2".\n \t\nThree')).toEqual([
      prompt('One.'),
      prompt('Two, "2".'),
      prompt('Three')
    ])
  })

  test('needs a prompt, and may hold only so many', async () => {
    expect((await problemWith('empty.txt', ' \n')).message).toBe('empty.txt holds no prompt.')
    const many = await problemWith('many.txt', 'x\n'.repeat(MAX_SAMPLE_PROMPTS + 1))
    expect(many.message).toBe('many.txt holds 10001 prompts; at most 10000 are read.')
  })
})

describe('a JSON Lines file', () => {
  test('has strings, or objects with text or prompt and what else a prompt may have', () => {
    const lines = [
      '"Plain."',
      '{"text": "A", "category": "naming", "system": "Be brief.", "raw": true, "id": 7}',
      '{"prompt": "B", "category": null, "system": null}',
      '{"question": "C", "answer": "D"}'
    ]
    expect(readSamplePrompts('/data/p.jsonl', lines.join('\n\n'))).toEqual([
      prompt('Plain.'),
      prompt('A', { category: 'naming', system: 'Be brief.', raw: true }),
      prompt('B'),
      prompt('C')
    ])
  })

  test('has conversations, of which the last user turn and the system turn count', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'First' },
      { role: 'assistant', content: 'Yes' },
      { role: 'user', content: 'Second' },
      { role: 'assistant', content: 'No' }
    ]
    const lines = [{ messages }, { messages: messages.slice(1, 2), category: 'c' }]
    const content = lines.map((line) => JSON.stringify(line)).join('\n')
    expect(readSamplePrompts('chat.jsonl', content)).toEqual([
      prompt('Second', { system: 'Be brief.' }),
      prompt('First', { category: 'c' })
    ])
  })

  test.each([
    ['"ok"\n{"text": }', /^p\.jsonl, line 2 is not JSON: /],
    ['\n{"text": ""}', /^p\.jsonl, line 2: text: a prompt needs some text$/],
    ['{"prompt": 7}', /^p\.jsonl, line 1: prompt: expected a text, found 7$/],
    [
      '{"query": "x"}',
      /^p\.jsonl, line 1: text: expected a text, or a prompt, question or messages instead$/
    ],
    ['{"messages": []}', /^p\.jsonl, line 1: messages: has no user turn$/],
    ['{"messages": [{"role": "user", "content": []}]}', /^p\.jsonl, line 1: messages\.0\.content: /],
    ['{"text": "a", "raw": "yes"}', /^p\.jsonl, line 1: raw: /],
    ['7', /^p\.jsonl, line 1: expected a text or an object$/]
  ])('is refused with file, line and field: %s', async (content, message) => {
    const problem = await problemWith('p.jsonl', content)
    expect(problem.code).toBe('bad-input')
    expect(problem.message).toMatch(message)
  })

  test('is refused where it nests too deep', async () => {
    const problem = await problemWith('p.jsonl', `"ok"\n${'['.repeat(1000)}`)
    expect(problem.message).toBe('p.jsonl, line 2 nests more than 100 deep.')
  })
})

test('a JSON file is a list of the same', async () => {
  expect(readSamplePrompts('p.json', '["A", {"prompt": "B"}]')).toEqual([prompt('A'), prompt('B')])
  expect((await problemWith('p.json', '{"text": "A"}')).message).toBe('p.json is not a list of prompts.')
  expect((await problemWith('p.json', '["A", {}]')).message).toMatch(/^p\.json, entry 2: text: /)
  expect((await problemWith('p.json', '[')).message).toMatch(/^p\.json is not JSON: /)
  expect((await problemWith('p.json', '[]')).message).toBe('p.json holds no prompt.')
})

describe('a CSV file', () => {
  test('has a header, and texts with commas, quotes and line breaks in quotes', () => {
    const content =
      '\uFEFFid,Text,category,system,raw\r\n1,"Say ""hi"",\nplease",naming,,\r\n\r\n2,B,,Be brief.,TRUE\r\n'
    expect(readSamplePrompts('p.csv', content)).toEqual([
      prompt('Say "hi",\nplease', { category: 'naming' }),
      prompt('B', { system: 'Be brief.', raw: true })
    ])
  })

  test.each([
    [
      'text;category\nA;b',
      'p.csv, line 1: the header needs one column text, prompt or question; it has "text;category".'
    ],
    [
      'text,prompt\nA,B',
      'p.csv, line 1: the header needs one column text, prompt or question; it has "text", "prompt".'
    ],
    ['text,system,system\nA,,', 'p.csv, line 1: the header names system twice.'],
    ['text,category\nA, b,c', 'p.csv, line 2 has 3 fields; the header has 2.'],
    ['text,category\n"A\nB",c\n,d', 'p.csv, line 4: text: a prompt needs some text'],
    ['text\n"A', 'p.csv, line 2: the record that starts here has a quoted field that does not end.'],
    [
      'text\nA\n"B" c',
      'p.csv, line 3: the record that starts here has a quoted field that is followed by something else than a comma or the end of the line.'
    ],
    [
      'text\n\nsay "hi"',
      'p.csv, line 3: the record that starts here has a quote inside a field that does not start with one.'
    ],
    [
      'text\n"A\r\nB"\nC,"',
      'p.csv, line 4: the record that starts here has a quoted field that does not end.'
    ],
    ['text,raw\nA,maybe', 'p.csv, line 2: raw: expected true or false, found "maybe"'],
    ['text\n', 'p.csv holds no prompt.'],
    ['', 'p.csv holds no prompt.']
  ])('is refused with file, line and field: %j', async (content, message) => {
    expect(await problemWith('p.csv', content)).toMatchObject({ code: 'bad-input', message })
  })

  test('gives every record back that was written', () => {
    const field = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('"', ',', '\r', '\n', '\r\n', 'a', ' '), { maxLength: 8 })
        .map((parts) => parts.join(''))
    )
    // A record of one empty field is written as a blank line, which is skipped.
    const record = fc.array(field, { minLength: 1, maxLength: 5 }).filter((fields) => fields.join() !== '')
    fc.assert(
      fc.property(fc.array(record), (records) => {
        expect(parseCsv('p.csv', formatCsv(records)).map(({ fields }) => fields)).toEqual(records)
      })
    )
  })

  test('counts lines by any line break, in fields too', () => {
    const records = parseCsv('p.csv', 'a\r\n"b\r\nb\rb\nb",c\rd\n\n"",""\n')
    expect(records).toEqual([
      { line: 1, fields: ['a'] },
      { line: 2, fields: ['b\r\nb\rb\nb', 'c'] },
      { line: 6, fields: ['d'] },
      { line: 8, fields: ['', ''] }
    ])
  })

  test('ends with an empty field after a last comma', () => {
    expect(parseCsv('p.csv', 'a,')).toEqual([{ line: 1, fields: ['a', ''] }])
  })
})

test('whatever a file holds, reading ends in prompts or in a problem that names the file', async () => {
  const piece = fc.constantFrom(
    '"',
    ',',
    '\n',
    '\r',
    '{',
    '}',
    '[',
    ']',
    ':',
    'text',
    'prompt',
    'null',
    '1',
    ' '
  )
  const content = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(''))
  )
  const name = fc.constantFrom('p.txt', 'p.jsonl', 'p.json', 'p.csv')
  await fc.assert(
    fc.asyncProperty(name, content, async (fileName, text) => {
      const outcome = await Promise.resolve()
        .then(() => readSamplePrompts(fileName, text))
        .catch(() => null)
      if (outcome !== null) expect(SamplePrompts.parse(outcome)).toEqual(outcome)
      else expect((await problemWith(fileName, text)).message).toContain(fileName)
    })
  )
})

test('a file of another kind is refused by its name', async () => {
  expect((await problemWith('prompts.xlsx', 'x')).message).toBe(
    'prompts.xlsx is not read as prompts: its name ends with none of .txt, .jsonl, .json, .csv.'
  )
})
