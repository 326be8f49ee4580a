import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { streamProblem } from '../../../../../src/main/cli/printing/output'
import { checkWritable, writeOutputText } from '../../../../../src/main/cli/results/output-file'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { HeldEngine } from '../../../../fixtures/held-engine'
import { problemOf } from '../../../../fixtures/problems'
import { sharedEngine } from '../../../../fixtures/shared-engine'
import { demoPrompts, shortPair } from '../../../../fixtures/swept-project'

it('names partial results beside a file that cannot be written', async () => {
  // A folder that is not empty is never replaced by a file.
  const path = join(await temporaryFolder(), 'sweep.json')
  await mkdir(join(path, 'inner'), { recursive: true })
  const output = { path, exists: false, state: null }
  expect((await problemOf(writeOutputText(output, '{}'))).hint).not.toContain('.partial')
  await writeFile(`${path}.partial`, 'x'.repeat(1200))
  expect((await problemOf(writeOutputText(output, '{}'))).hint).toContain(
    `${path}.partial has partial results (1.2 kB)`
  )
})

it('names the folder with partial results of a stopped search', async () => {
  const path = join(await temporaryFolder(), 'search.json')
  await mkdir(join(path, 'inner'), { recursive: true })
  await mkdir(`${path}.partial`)
  expect((await problemOf(writeOutputText({ path, exists: false, state: null }, '{}'))).hint).toContain(
    `${path}.partial has partial results. The same command resumes.`
  )
})

it('reports a full disk for an output that cannot be written', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  expect(streamProblem('stdout', full).message).toBe('stdout cannot be written: the disk is full.')
})

it('keeps a file that another command wrote meanwhile, writes beside it, and reports the path', async () => {
  const path = join(await temporaryFolder(), 'sweep.json')
  const [first, second] = [await checkWritable(path), await checkWritable(path)]
  await writeOutputText(first, 'one')
  const problem = await problemOf(writeOutputText(second, 'two'))
  const beside = path.replace('sweep.json', 'sweep (2).json')
  expect(problem.code).toBe('stale')
  expect(problem.message).toContain(`This result is in ${beside}`)
  expect([await readFile(path, 'utf8'), await readFile(beside, 'utf8')]).toEqual(['one', 'two'])
  await writeOutputText(await checkWritable(path), 'three')
  expect(await readFile(path, 'utf8')).toBe('three')
})

it.each(['real.json', 'nowhere.json'])('refuses a link to %s before any work, and changes neither', async (name) => {
  const folder = await temporaryFolder()
  const [target, link] = [join(folder, name), join(folder, 'link.json')]
  await writeFile(join(folder, 'real.json'), '')
  await symlink(target, link)
  const { status, stdout, stderr } = await runHere(['sweep', '--no-check', '--blend-demo', '--out', link])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toBe(
    `slr: --out: ${link} is not an ordinary file but a link to ${target}; links are refused.\n` +
      'Name a file to write, or use --json to have the result on stdout.\n'
  )
  expect(await readdir(folder)).toEqual(['link.json', 'real.json'])
  expect(await readFile(join(folder, 'real.json'), 'utf8')).toBe('')
})

it.each([
  ['sweep', ['sweep', '--no-check', '--recipes']],
  ['part of a sweep', ['sweep', '--no-check', '--shard', '1/2', '--recipes']],
  ['search', ['search', '--generations', '1', '--strengths', 'none', '--prompts']]
])('keeps no partial results of a %s whose result was written beside its file', async (_, args) => {
  const folder = await temporaryFolder()
  const [out, given] = [join(folder, 'same.json'), join(folder, 'given.json')]
  const recipes = [{ name: 'range', ranges: [[3, 5]] }]
  await writeFile(given, JSON.stringify(args.includes('--recipes') ? recipes : await demoPrompts(10)))
  const engine = new HeldEngine(sharedEngine)
  const reached = engine.holdAt(({ type }) => type === 'group')
  const { base, post } = await shortPair()
  const pair = ['--base', base, '--post', post]
  const run = runHere([...args, given, ...pair, '--device', 'cpu', '--out', out], { engine })
  await Promise.race([reached(), run])
  await writeFile(out, 'of another')
  engine.letGo()
  const { status, stdout, stderr } = await run
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('same (2).json') })
  // The result is also printed.
  expect(stdout).not.toBe('')
  expect(await readdir(folder)).toEqual(['given.json', 'same (2).json', 'same.json'])
})
