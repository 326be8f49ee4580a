import { expect, test } from 'vitest'
import { importPrompts, importTask } from '../../../../src/main/evaluation/import-file'
import { readTaskFile } from '../../../../src/main/evaluation/task-file'
import { readSamplePrompts } from '../../../../src/main/samples/prompts'

const CONTENT = 'text,answers\n"Name a ""colour"".",red|blue\n'

test('files of prompts and tasks are read beside main as they are in it', async () => {
  expect(await importPrompts('p.csv', CONTENT)).toEqual(readSamplePrompts('p.csv', CONTENT))
  expect(await importTask('t.csv', CONTENT)).toEqual(readTaskFile('t.csv', CONTENT))
  await expect(importTask('t.exe', CONTENT)).rejects.toMatchObject({ problem: { code: 'bad-input' } })
})
