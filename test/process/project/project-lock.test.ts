import { spawnSync } from 'node:child_process'
import { copyFile, lutimes, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createProject } from '../../../src/main/project/create-project'
import { lockProject } from '../../../src/main/base/files/lock'
import { openProject } from '../../../src/main/project/open-project'
import { bundleProgram, LineProcess } from '../../fixtures/bundled-program'
import { temporaryFolder } from '../../fixtures/checkpoint-builder'
import { COMPILE_LATER } from '../../fixtures/cli'
import { problemOf } from '../../fixtures/problems'
import { PROMPTS } from '../../fixtures/project-documents'

const LONG_AGO = new Date('2026-01-01')

let program: string
let folder: string
let lockFile: string

beforeAll(async () => {
  const bundle = await bundleProgram('project-process.ts')
  program = bundle.file
  return bundle.remove
})

beforeEach(async () => {
  folder = await temporaryFolder()
  lockFile = join(folder, '.lock')
})

function start(action: string, path: string): LineProcess {
  const child = new LineProcess(process.execPath, [...COMPILE_LATER, program, action, path])
  onTestFinished(() => child.kill())
  return child
}

/** A lock as some process of this computer may have left it. */
async function writeLock(owner: Record<string, unknown>): Promise<void> {
  const common = { host: hostname(), startedAt: new Date().toISOString(), program: 'slr-workbench' }
  await writeFile(lockFile, JSON.stringify({ ...common, processStart: null, ...owner }))
}

/** The number of a process that has just ended. */
function endedPid(): number {
  return spawnSync(process.execPath, ['--version']).pid
}

/** Locks and gives back: succeeds only when what lies there is taken over. */
async function takeOver(): Promise<void> {
  const lock = await lockProject(folder)
  expect(JSON.parse(await readFile(lockFile, 'utf8'))).toMatchObject({ pid: process.pid })
  lock.release()
  expect(await readdir(folder)).toEqual([])
}

describe('the lock of a project', () => {
  test('says who holds it', async () => {
    const lock = await lockProject(folder)
    expect(JSON.parse(await readFile(lockFile, 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
      program: 'slr-workbench',
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/)
    })
    lock.release()
    expect(await readdir(folder)).toEqual([])
  })

  test('keeps a second opening out, also in the same process, and names the owner', async () => {
    const lock = await lockProject(folder)
    const problem = await problemOf(lockProject(folder))
    expect(problem.code).toBe('locked')
    expect(problem.message).toContain(`${folder} is in use by slr-workbench, process ${process.pid} on ${hostname()}`)
    lock.release()
    await takeOver()
  })

  test('lets a copy of an open project be opened, but no link to it', async () => {
    const lock = await lockProject(folder)
    const link = join(await temporaryFolder(), 'link')
    await symlink(folder, link)
    expect((await problemOf(lockProject(link))).code).toBe('locked')
    const copy = await temporaryFolder()
    await copyFile(lockFile, join(copy, '.lock'))
    const other = await lockProject(copy)
    expect((await problemOf(lockProject(folder))).code).toBe('locked')
    other.release()
    lock.release()
    await takeOver()
  })

  test('leaves a lock alone that another program took meanwhile', async () => {
    const lock = await lockProject(folder)
    await writeFile(lockFile, 'someone else')
    lock.release()
    expect(await readFile(lockFile, 'utf8')).toBe('someone else')
  })

  test('is respected while another process runs, given back at its exit, and taken over when it was killed', async () => {
    const project = await createProject({
      folder,
      name: 'p',
      pair: { kind: 'demo', pair: 'blend' },
      prompts: PROMPTS
    })
    await project.close()

    const exits = start('hold', project.path)
    await exits.line()
    const problem = await problemOf(openProject(project.path))
    expect(problem.code).toBe('locked')
    expect(problem.message).toContain(`process ${exits.child.pid} on`)
    exits.child.stdin?.end()
    await exits.ended()
    expect(await readdir(project.path)).not.toContain('.lock')

    const killed = start('hold', project.path)
    await killed.line()
    await killed.kill()
    expect(await readdir(project.path)).toContain('.lock')
    const taken = await openProject(project.path)
    expect(taken.readOnly).toBeNull()
    await taken.close()
    expect(await readdir(project.path)).not.toContain('.lock')
  })

  test.each([
    ['whose process is gone', () => endedPid(), { token: 'gone' }],
    ['of our process number that is not ours', () => process.pid, { token: 'of an earlier run' }]
  ])('%s is taken over', async (_, pidOf, owner) => {
    await writeLock({ pid: pidOf(), ...owner })
    await takeOver()
  })

  // On other systems the start of a process is not known.
  test.each([
    ...(process.platform === 'linux' ? [['by another process', { processStart: 'another-boot 1' }] as const] : []),
    ['before the computer started', { startedAt: '2001-01-01T00:00:00.000Z' }] as const
  ])('is taken over when it was left %s of the same number', async (_, owner) => {
    const other = start('compete', folder)
    await other.line()
    await writeLock({ pid: other.child.pid, token: 'earlier', ...owner })
    await takeOver()
  })

  test('holds for a running process of which only the number is known', async () => {
    const other = start('compete', folder)
    await other.line()
    await writeLock({ pid: other.child.pid, token: 'live', processStart: null })
    expect((await problemOf(lockProject(folder))).code).toBe('locked')
  })

  test('holds for another computer, with what to do when that one is gone', async () => {
    await writeLock({ pid: endedPid(), host: 'elsewhere', token: 'far' })
    const problem = await problemOf(lockProject(folder))
    expect(problem.message).toContain('on elsewhere')
    expect(problem.hint).toContain(`delete ${lockFile}`)
  })

  test('is taken over when a crash left it empty, but not before its owner had time to write its name', async () => {
    await writeFile(lockFile, '')
    const before = Date.now()
    await takeOver()
    expect(Date.now() - before).toBeGreaterThan(900)
    await writeFile(lockFile, '')
    await utimes(lockFile, LONG_AGO, LONG_AGO)
    await takeOver()
  })

  test('is never read or written through a link', async () => {
    const target = join(await temporaryFolder(), 'target')
    await writeFile(target, 'untouched')
    await symlink(target, lockFile)
    await lutimes(lockFile, LONG_AGO, LONG_AGO)
    await takeOver()
    expect(await readFile(target, 'utf8')).toBe('untouched')
  })

  test('is taken over although an earlier take-over was cut short', async () => {
    await writeLock({ pid: endedPid(), token: 'gone' })
    await writeFile(`${lockFile}.takeover`, await readFile(lockFile))
    await takeOver()
  })

  test('cannot be replaced when a folder lies in its place, and says so', async () => {
    await mkdir(join(lockFile, 'full'), { recursive: true })
    await utimes(lockFile, LONG_AGO, LONG_AGO)
    await expect(lockProject(folder)).rejects.toThrow(/\.lock/)
    expect(await readdir(folder)).toEqual(['.lock'])
  })

  test('goes to exactly one of several processes that find it stale at once', { timeout: 60_000 }, async () => {
    const gone = endedPid()
    const competitors = Array.from({ length: 4 }, () => start('compete', folder))
    await Promise.all(competitors.map((competitor) => competitor.line()))
    for (let round = 0; round < 25; round++) {
      await writeLock({ pid: gone, token: `stale ${round}` })
      for (const competitor of competitors) competitor.say('lock')
      const got = await Promise.all(competitors.map((competitor) => competitor.line()))
      expect(got.filter((answer) => answer === 'true')).toHaveLength(1)
      for (const competitor of competitors) competitor.say('release')
      await Promise.all(competitors.map((competitor) => competitor.line()))
      expect(await readdir(folder)).toEqual([])
    }
  })
})
