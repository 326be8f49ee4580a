import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSweepFiles } from '../../../../../src/main/project/documents/sweep-files'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../../fixtures/problems'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

test.each([
  {
    content: { kind: 'sweep-part', schemaVersion: 1, shard: { index: 2, count: 8 } },
    is: 'part 2 of 8 of a sweep (--shard)',
    hint: 'slr sweep --merge'
  },
  {
    content: { schemaVersion: 1, sweepId: 's', endTokens: [], models: [] },
    is: 'a check of whole answers',
    hint: 'Name the sweep that it started from'
  },
  { content: { schemaVersion: 3, sweepId: 's', generations: [] }, is: 'a search', hint: 'started from' },
  { content: { run: {}, results: {} }, is: 'an evaluation', hint: 'slr sweep --out' },
  {
    content: [{ text: 'Pick.', category: 'x', valid: ['a'] }],
    is: 'a list of prompts',
    hint: 'slr sweep --out'
  },
  { content: [{ name: 'upper', ranges: [[1, 2]] }], is: 'a list of recipes', hint: 'slr sweep --out' }
])('in place of a sweep $is is named, with what is wanted', async ({ content, is, hint }) => {
  const file = join(await temporaryFolder(), 'given.json')
  await writeFile(file, JSON.stringify(content))
  const problem = await problemOf(readSweepFiles(file))
  expect(problem).toMatchObject({ code: 'bad-file', message: `${file} is ${is}, not a sweep.` })
  expect(problem.hint).toContain(hint)
})

test('a damaged sweep is told from other files by its field that is wrong', async () => {
  const file = join(await temporaryFolder(), 'sweep.json')
  await writeFile(file, JSON.stringify({ ...tinySweep(), layerCount: 'many' }))
  expect((await problemOf(readSweepFiles(file))).message).toContain('is not a sweep: layerCount')
})
