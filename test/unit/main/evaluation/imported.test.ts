import { expect, test } from 'vitest'
import { importedPrompts, importedTask } from '../../../../src/main/evaluation/imported'
import { readTaskFile } from '../../../../src/main/evaluation/task-file'
import { readSamplePrompts } from '../../../../src/main/samples/prompts'

const CONTENT = 'text,answers\n"Name a ""colour"".",red|blue\n'

test('files of prompts and tasks are read beside main as they are in it', async () => {
  expect(await importedPrompts('p.csv', CONTENT)).toEqual(readSamplePrompts('p.csv', CONTENT))
  expect(await importedTask('t.csv', CONTENT)).toEqual(readTaskFile('t.csv', CONTENT, undefined))
  await expect(importedTask('t.exe', CONTENT)).rejects.toMatchObject({ problem: { code: 'bad-input' } })
})
