import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'

async function scriptOf(shell: string): Promise<string> {
  const { status, stdout } = await runHere(['completion', shell])
  expect(status).toBe(0)
  const file = join(await temporaryFolder(), `slr.${shell}`)
  await writeFile(file, stdout)
  return file
}

it('bash completes commands, options, their values and files', async () => {
  const file = await scriptOf('bash')
  const completed = (...words: string[]): string[] => {
    const line = `source ${file}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slr; echo "\${COMPREPLY[@]}"`
    const text = execFileSync('bash', ['-c', line, 'bash', 'slr', ...words], { encoding: 'utf8' })
    return text.trim().split(' ')
  }
  expect(completed('s')).toEqual(['sweep', 'search', 'show', 'sample', 'serve', 'study'])
  expect(completed('sweep', '--blend-demo', '--pre')).toEqual(['--preview', '--precision'])
  expect(completed('sweep', '--precision', 'fp')).toEqual(['fp32', 'fp16'])
  expect(completed('task', 'filter', '--weights', 'int')).toEqual(['int8', 'int4'])
  expect(completed('task', 'i')).toEqual(['import'])
  expect(completed('task', 'import', '--o')).toEqual(['--out'])
  expect(completed('show', 'x')).toEqual([''])
})

it.each(['zsh', 'fish'])('%s reads its script', async (shell) => {
  const file = await scriptOf(shell)
  try {
    execFileSync(shell, ['-n', file])
  } catch (error) {
    // The shell is missing here.
    expect(error).toMatchObject({ code: 'ENOENT' })
  }
})

it('names its shells on request', async () => {
  expect(await runHere(['completion', '--help'])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('Usage: slr completion <bash|zsh|fish>')
  })
})
