import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it, test } from 'vitest'
import { z } from 'zod'
import { withHint, readJsonFile } from '../../../../../src/main/base/files/bounded-file'
import { readDocument } from '../../../../../src/main/base/files/migrate'
import { problemOf } from '../../../../fixtures/problems'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slr-bounded-'))
})

const FORMAT = {
  kind: 'sweep' as const,
  name: 'sweep',
  schema: z.unknown(),
  version: 1,
  migrations: {},
  maxBytes: 1000
}

async function written(content: string): Promise<string> {
  const file = join(folder, 'file.json')
  await writeFile(file, content)
  return file
}

it.each([
  ['', 'is not JSON: it is empty'],
  ['{"a": [1, 2', 'is not JSON: it ends too early, as if it had been cut off'],
  ['{', 'is not JSON: it ends too early, as if it had been cut off'],
  ['{"a": "te', 'is not JSON: it ends too early, as if it had been cut off'],
  ['{"a": 1} x', 'is not JSON: Unexpected non-whitespace character after JSON at position 9'],
  ['words', 'is not JSON: Unexpected token'],
  ['{"a": NaN}', 'is not JSON: JSON has no NaN. Replace it by null or a number'],
  ['{"a": "b: NaN",}', 'is not JSON: Expected double-quoted property name'],
  ['[-Infinity]', 'is not JSON: JSON has no -Infinity. Replace it by null or a number']
])('says of %j what is wrong with it as JSON', async (content, message) => {
  expect((await problemOf(readJsonFile(await written(content), 1000))).message).toContain(message)
})

it.each([
  ['{}', 'is not a sweep: it is an empty JSON object'],
  ['{"a": 1, "b": 2}', 'is not a sweep: it is another JSON object, with "a", "b" and no "schemaVersion"'],
  ['[1]', 'is not a sweep: expected an object, found a list'],
  ['{"schemaVersion": "x"}', 'is not a sweep: schemaVersion: expected a number, found "x"']
])('says of %j what was found in place of a document', async (content, message) => {
  expect((await problemOf(readDocument(await written(content), FORMAT))).message).toContain(message)
})

test('adds the expected content to an error without advice, and only there', async () => {
  const place = join(folder, 'folder.json')
  await mkdir(place)
  const read = withHint('Write a list.', () => readJsonFile(place, 10))
  expect(await problemOf(read)).toMatchObject({
    message: `${place} is a folder, not a file.`,
    hint: 'Write a list.'
  })
  const again = withHint('Write another.', () => withHint('Write a list.', () => readJsonFile(place, 10)))
  expect((await problemOf(again)).hint).toBe('Write a list.')
})
