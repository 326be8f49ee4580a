import { execFile, spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { version } from '../../../package.json'
import { BUILTIN_TASKS } from '../../../src/main/evaluation/builtin-tasks'
import { REPLACED_COMMANDS } from '../../../src/main/cli/commands'
import { versionLine } from '../../../src/main/cli/printing/program-version'
import { builtScript } from '../../../src/main/base/built'
import { runCli } from '../../fixtures/cli'
import { runHere } from '../../fixtures/command-line'
import { canMount, smallDisk } from '../../fixtures/small-disk'

describe('slr', () => {
  it('lists its commands, and explains each with all of its options', async () => {
    const { status, stdout, stderr } = await runHere(['--help'])
    expect(status).toBe(0)
    expect(stderr).toBe('')
    for (const command of ['inspect', 'sweep', 'show', 'sample', 'export', 'open', 'doctor'])
      expect(stdout).toMatch(`  ${command} `)
    const explained = await runHere(['sweep', '--help', 'all'])
    expect(explained).toMatchObject({ status: 0, stderr: '' })
    expect(explained.stdout).toMatch('Usage: slr sweep')
    for (const option of ['--json', '--quiet', '--help']) expect(explained.stdout).toMatch(`${option} `)
    const [exported = '', sampled = '', evaluated = ''] = await Promise.all(
      ['export', 'sample', 'evaluate'].map(async (command) => (await runHere([command, '--help', 'all'])).stdout)
    )
    expect(exported).toContain('  4-11, 5')
    expect(exported).not.toContain('mix:0.5')
    expect(sampled).toContain('mix:0.5')
    for (const task of BUILTIN_TASKS) expect(evaluated).toContain(task)
  })

  it.each([[['--version']], [['sweep', '--no-check', '--version']]])('says its version for %j', async (args) => {
    expect(await runHere(args)).toEqual({ status: 0, stdout: `${versionLine()}\n`, stderr: '' })
  })

  it.each([...REPLACED_COMMANDS])('names the replacement of %s', async (name, replacement) => {
    expect(await runHere([name, '--blend-demo'])).toEqual({
      status: 2,
      stdout: '',
      stderr: `slr: "slr ${name}" is now "${replacement}"\nSee "slr ${replacement.split(' ')[1]} --help".\n`
    })
  })

  it('ends its process with that status', async () => {
    expect(await runCli(['sweep', '--no-check', '--blend-demo', '--rho', '1.1'])).toEqual(
      await runHere(['sweep', '--no-check', '--blend-demo', '--rho', '1.1'])
    )
  })

  it('names the saved part when it is stopped before its work', async () => {
    const args = ['report', '/nowhere.slr']
    expect(await runHere(args, { signal: AbortSignal.abort('SIGINT') })).toMatchObject({
      status: null,
      stderr: expect.stringMatching(/^Stopped\. Earlier results are unchanged\.\n.*: slr report \/nowhere\.slr\n$/)
    })
  })

  it.skipIf(!canMount)('fails where its disk fills up while stdout is written into a file', async () => {
    // The part of a write that fits is accepted without an error.
    const file = openSync(join(await smallDisk('4k'), 'stdout.txt'), 'w')
    const { status, stderr } = spawnSync(
      process.execPath,
      [builtScript('cli.js'), 'inspect', '--distances', '--blend-demo', '--json', '--quiet'],
      {
        stdio: ['ignore', file, 'pipe'],
        encoding: 'utf8'
      }
    )
    closeSync(file)
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'slr: stdout cannot be written: the disk is full.\nFree some space, or send it elsewhere.\n'
    })
  })

  // Windows starts commands through a script that npm writes.
  it.skipIf(process.platform === 'win32')('is a program that can be started by itself', async () => {
    const { stdout } = await promisify(execFile)(builtScript('cli.js'), ['--version'])
    expect(stdout).toMatch(new RegExp(`^${version} \\(commit [0-9a-f]{9}, onnxruntime \\d+\\.\\d+\\.\\d+\\)\n$`))
  })
})
