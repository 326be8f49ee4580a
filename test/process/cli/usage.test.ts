import { execFile, spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { version } from '../../../package.json'
import { REPLACED_COMMANDS } from '../../../src/main/cli/commands'
import { versionLine } from '../../../src/main/cli/printing/program-version'
import { builtScript } from '../../../src/main/base/built'
import { runCli } from '../../fixtures/cli'
import { runHere } from '../../fixtures/command-line'
import { canMount, smallDisk } from '../../fixtures/small-disk'

const DEMO_TOKENS = ['--demo', '--tokens', '1,2,3']

describe('slr', () => {
  it('lists its commands', async () => {
    const { status, stdout, stderr } = await runHere(['--help'])
    expect(status).toBe(0)
    expect(stderr).toBe('')
    for (const command of ['inspect', 'sweep', 'show', 'sample', 'export', 'open', 'doctor'])
      expect(stdout).toMatch(`  ${command} `)
  })

  it.each(['inspect', 'sweep', 'show', 'sample', 'export', 'open', 'doctor'])(
    'explains %s and what it takes',
    async (command) => {
      const { status, stdout, stderr } = await runHere([command, '--help', 'all'])
      expect(status).toBe(0)
      expect(stderr).toBe('')
      expect(stdout).toMatch(`Usage: slr ${command}`)
      for (const option of ['--json', '--quiet', '--help']) expect(stdout).toMatch(`${option} `)
    }
  )

  it.each([[['--version']], [['sweep', '--no-check', '--version']]])(
    'says its version for %j',
    async (args) => {
      expect(await runHere(args)).toEqual({ status: 0, stdout: `${versionLine()}\n`, stderr: '' })
    }
  )

  it.each([
    ['an unknown command', ['swep'], /unknown command 'swep'[^]*Did you mean sweep/],
    [
      'an unknown option',
      ['sweep', '--no-check', '--demo', '--rhoo', '1'],
      /unknown option '--rhoo'[^]*Did you mean --rho/
    ],
    [
      'what is no UTF-8, which names another file',
      ['sweep', '--no-check', '--demo', '--out', 'caf\uFFFD.json'],
      /the argument 'caf.*\.json' is not UTF-8, and would be read as another/
    ],
    [
      'a user in the address of an endpoint',
      ['sample', '--demo', '--prompt', 'Hi', 'x=y@http://u:p@host'],
      /expected an endpoint such as NAME=MODEL@URL, and its baseUrl: names a user/
    ],
    ['no pair', ['sweep'], /which pair\? Give --base FOLDER and --post FOLDER, or --demo/],
    [
      'a source beside recipes',
      ['sweep', '--no-check', '--demo', '--recipes', 'r.json', '--source', 'sft'],
      /--source is of ranges, and does not go with --recipes: [^]*"source"[^]*3-7@FOLDER/
    ],
    [
      'a source beside recipes in a plan',
      ['sweep', '--dry-run', '--demo', '--recipes', 'r.json', '--source', 'sft'],
      /does not go with --recipes/
    ],
    [
      'a task for a check',
      ['check', '--demo', '--task', 'demo-open'],
      /The task is that of the sweep: make one with/
    ],
    ['half a pair', ['inspect', '--base', 'somewhere'], /--post is missing/],
    [
      'two pairs',
      ['inspect', '--demo', '--base', 'a', '--post', 'b'],
      /'--demo' cannot be used with .*'--base/
    ],
    ['an argument too many', ['inspect', '--demo', 'more'], /too many arguments/],
    [
      'an option without its value',
      ['sweep', '--no-check', '--demo', '--out'],
      /'--out <file>' argument missing/
    ],
    ['nothing to probe', ['sample', '--next', '--demo'], /Give --prompt TEXT or --tokens/],
    [
      'prompt and tokens',
      ['sample', '--next', ...DEMO_TOKENS, '--prompt', 'x'],
      /cannot be used with option '--prompt/
    ],
    [
      'a system turn for tokens',
      ['sample', '--next', ...DEMO_TOKENS, '--system', 'x'],
      /cannot be used with option '--system/
    ],
    [
      'tokens that are no numbers',
      ['sample', '--next', '--demo', '--tokens', '1,,2'],
      /'1,,2' is invalid\. Expected token ids/
    ],
    ['negative tokens', ['sample', '--next', '--demo', '--tokens', '-1'], /'-1' is invalid|argument missing/],
    [
      'a range backwards',
      ['sample', '--next', ...DEMO_TOKENS, '7-3'],
      /'7-3' names no model: expected a layer or first-last/
    ],
    [
      'a range without an end',
      ['sample', '--next', ...DEMO_TOKENS, '7-'],
      /'7-' names no model: expected a layer or first-last/
    ],
    ['a range beyond any model', ['sample', '--next', ...DEMO_TOKENS, '0-9999'], /'0-9999' names no model/],
    ['two models', ['sample', '--next', ...DEMO_TOKENS, '3-7', 'base'], /--next is of one model/],
    ['a model of neither kind', ['sample', '--next', ...DEMO_TOKENS, 'soup'], /'soup' names no model/],
    [
      'no tokens to list',
      ['sample', '--next', ...DEMO_TOKENS, '--top', '0'],
      /'0' is invalid\. Expected a whole number from 1/
    ],
    ['logits for people', ['sample', '--next', ...DEMO_TOKENS, '--logits'], /--logits needs --json/],
    [
      'a rho beyond 1',
      ['sweep', '--no-check', '--demo', '--rho', '1.1'],
      /'1\.1' is invalid\. Expected a number from 0 to 1/
    ],
    [
      'a rho that is no number',
      ['sweep', '--no-check', '--demo', '--rho', ''],
      /'' is invalid\. Expected a number from 0 to 1/
    ],
    [
      'a seed with a fraction',
      ['sweep', '--no-check', '--demo', '--seed', '0.5'],
      /'0\.5' is invalid\. Expected a whole number/
    ],
    [
      'a date that does not exist',
      ['sweep', '--no-check', '--demo', '--date', '2026-02-30'],
      /'2026-02-30' is invalid/
    ],
    [
      'a template argument without a value',
      ['sweep', '--no-check', '--demo', '--template-argument', 'x'],
      /Expected key=value/
    ],
    ['a port beyond the last', ['open', '--serve', '--port', '65536'], /'65536' is invalid/],
    [
      'fp16 on a device without it',
      ['sweep', '--no-check', '--demo', '--device', 'cpu', '--precision', 'fp16'],
      /--device cpu computes in fp32 only/
    ],
    ['a file that looks like an option', ['sweep', '--no-check', '--demo', '--out', '-1'], /write \.\/-1/],
    ['a project and the demo', ['open', '--serve', '--demo', 'x.slr'], /either a project or --demo/]
  ])('refuses %s with exit status 2, one line and where to read on', async (_, args, message) => {
    const { status, stdout, stderr } = await runHere(args)
    expect(stderr).toMatch(message)
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^slr: \S/)
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^See "slr .*--help"\.$/)
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
  })

  it.each([...REPLACED_COMMANDS])('says what replaced %s', async (name, replacement) => {
    expect(await runHere([name, '--demo'])).toEqual({
      status: 2,
      stdout: '',
      stderr: `slr: "slr ${name}" is now "${replacement}"\nSee "slr ${replacement.split(' ')[1]} --help".\n`
    })
  })

  it('ends its process with that status', async () => {
    expect(await runCli(['sweep', '--no-check', '--demo', '--rho', '1.1'])).toEqual(
      await runHere(['sweep', '--no-check', '--demo', '--rho', '1.1'])
    )
  })

  it('says what is left when it is stopped before its work', async () => {
    const args = ['report', '/nowhere.slr']
    expect(await runHere(args, { signal: AbortSignal.abort('SIGINT') })).toMatchObject({
      status: null,
      stderr: expect.stringMatching(
        /^Stopped\. What was kept before is as it was\.\n.*: slr report \/nowhere\.slr\n$/
      )
    })
  })

  it.skipIf(!canMount)('fails where its disk fills up while stdout is written into a file', async () => {
    // What fits of the one write of a result is taken without an error.
    const file = openSync(join(await smallDisk('4k'), 'stdout.txt'), 'w')
    const { status, stderr } = spawnSync(
      process.execPath,
      [builtScript('cli.js'), 'inspect', '--distances', '--demo', '--json', '--quiet'],
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
    expect(stdout).toMatch(
      new RegExp(`^${version} \\(commit [0-9a-f]{9}, onnxruntime \\d+\\.\\d+\\.\\d+\\)\n$`)
    )
  })

  it('shows the help and fails when no command is given', async () => {
    const { status, stdout, stderr } = await runHere([])
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^Usage: slr/)
  })
})
