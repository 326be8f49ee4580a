import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'

test('what slr task filter lacks is named with the help of that command', async () => {
  expect(await runHere(['task', 'filter', '--demo'])).toEqual({
    status: 2,
    stdout: '',
    stderr: 'slr: --task is missing: give the task to choose from\nSee "slr task filter --help".\n'
  })
})

test('a task is not written to a file that --task would read as something else', async () => {
  const out = join(await temporaryFolder(), 'failed.txt')
  expect(await runHere(['task', 'filter', '--demo', '--task', 'demo-facts', '--out', out])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('failed.txt has to end in .json')
  })
})

test('a task that lists no right answer is refused before post answers it', async () => {
  const out = join(await temporaryFolder(), 'failed.json')
  const from = ['--task', 'demo-creative', '--out', out]
  expect(await runHere(['task', 'filter', '--demo', ...from])).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'slr: No prompt of "Demo: lines and very short stories" lists a right answer, so nothing says what post failed.\n' +
      'Choose a task with right answers.\n'
  })
})
