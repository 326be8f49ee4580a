import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Problem } from '../../../../src/contract/model/problem'
import { MAX_SAMPLE_PROMPTS, SamplePrompts } from '../../../../src/contract/documents/task'
import { formatCsv, parseCsv } from '../../../../src/main/base/csv'
import { builtinSamplePrompts, builtinSamplePromptSet, readSamplePrompts } from '../../../../src/main/samples/prompts'
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

  test('may hold only so many', async () => {
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
})

test('a JSON file is a list of the same', () => {
  expect(readSamplePrompts('p.json', '["A", {"prompt": "B"}]')).toEqual([prompt('A'), prompt('B')])
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

  test('gives every record back that was written', () => {
    const field = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom('"', ',', '\r', '\n', '\r\n', 'a', ' '), { maxLength: 8 }).map((parts) => parts.join(''))
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
  const piece = fc.constantFrom(...'",\n\r{}[]:1 ', 'text', 'prompt', 'null')
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

const Refused = z.strictObject({ file: z.string(), content: z.string(), message: z.string() })
test.each(malformedCases('sample-prompts', Refused))(
  'what cannot be read as prompts is refused with file, line and field: $message',
  async ({ file, content, message }) => {
    const problem = await problemWith(file, content)
    // The parser's words about a character depend on its version.
    expect(`${problem.code}: ${problem.message.replace(/Unexpected.*/, '')}`).toBe(message)
  }
)
