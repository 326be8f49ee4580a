import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSweepFiles } from '../../../../../src/main/project/documents/sweep-files'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../../fixtures/problems'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

test.each([
  { kind: 'sweep-part', is: 'a part of a sweep', hint: 'slr sweep --merge' },
  { kind: 'check', is: 'a full-answer check', hint: 'Name the sweep that it started from' },
  { kind: 'search', is: 'a search', hint: 'started from' },
  { kind: 'evaluation', is: 'an evaluation', hint: 'slr sweep --out' }
])('in place of a sweep $is is named, with what is wanted', async ({ kind, is, hint }) => {
  const file = join(await temporaryFolder(), 'given.json')
  await writeFile(file, JSON.stringify({ kind, schemaVersion: 1 }))
  const problem = await problemOf(readSweepFiles(file))
  expect(problem).toMatchObject({ code: 'bad-file', message: `${file} is ${is}, not a sweep.` })
  expect(problem.hint).toContain(hint)
})

test('a damaged sweep is distinguished from other files by its wrong field', async () => {
  const file = join(await temporaryFolder(), 'sweep.json')
  await writeFile(file, JSON.stringify({ ...tinySweep(), layerCount: 'many' }))
  expect((await problemOf(readSweepFiles(file))).message).toContain('is not a sweep: layerCount')
})
