import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeProblem } from '../../../../../src/main/base/files/atomic-file'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'

describe('why a file could not be written', () => {
  it('is that its folder is gone only where that is so', async () => {
    const gone = Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' })
    const folder = await temporaryFolder()
    expect(writeProblem(join(folder, 'not there', 'file'), gone).problem).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/its folder is gone\.$/),
      hint: expect.stringContaining('Move it back')
    })
    // As /proc, which is there and takes no files.
    expect(writeProblem(join(folder, 'file'), gone).problem.code).toBe('read-only')
  })

  it.each([
    ['ENOSPC', 'Free some space and try again.'],
    ['ENAMETOOLONG', 'Choose a shorter name.'],
    ['EACCES', 'Choose a folder that you can write to.']
  ])('is told of %s with what was there before only where something was', async (code, advice) => {
    const file = join(await temporaryFolder(), 'file')
    const error = Object.assign(new Error(`${code}: no, open`), { code })
    expect(writeProblem(file, error).problem.hint).toBe(advice)
    await writeFile(file, 'before')
    const { hint } = writeProblem(file, error, 'More.').problem
    expect(hint).toBe(`${advice} What was there before is unchanged. More.`)
  })
})
