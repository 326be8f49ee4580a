import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { bundleProgram } from '../../fixtures/bundled-program'

it('keeps a program that waits for its end running until then, also one that it did not keep before', async () => {
  const { file, remove } = await bundleProgram('helper-program.ts')
  onTestFinished(remove)
  expect((await promisify(execFile)(process.execPath, [file])).stdout).toBe('it has ended\n')
})
