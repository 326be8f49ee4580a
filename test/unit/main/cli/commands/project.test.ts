import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { openProject } from '../../../../../src/main/project/open-project'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { sweepFixture } from '../../../../fixtures/project-documents'
import { canMount, smallDisk } from '../../../../fixtures/small-disk'
import { openDemo } from '../../../../fixtures/open-demo'

async function sweptProject(): Promise<string> {
  const project = await openDemo({ name: 'P' })
  await project.firstPair.saveSweep(sweepFixture({ id: 'aaaa-1' }))
  await project.firstPair.saveSweep(sweepFixture({ id: 'aaaa-2', createdAt: '2026-02-02T03:04:05.000Z' }))
  await project.close()
  return project.path
}

describe('slr project new', () => {
  it('creates a project that opens, and names the next command', async () => {
    const path = join(await temporaryFolder(), 'mine.slr')
    const { status, stdout } = await runHere(['project', 'new', path, '--blend-demo'])
    expect([status, stdout]).toEqual([0, `Created ${path}\nNext: slr sweep --project ${path}\n`])
    const project = await openProject(path, 'view')
    expect(project.firstPair.document.location).toEqual({ kind: 'demo', pair: 'blend' })
    expect(project.firstPair.prompts).toHaveLength(40)
    await project.close()
    expect((await runHere(['project', 'new', path, '--blend-demo'])).stderr).toContain('is there already')
  })

  it('creates nothing beside a file that the command line names, or under a path that is too long', async () => {
    const folder = await temporaryFolder()
    const [file, study] = [join(folder, 'file'), join(folder, 'small.yaml')]
    await writeFile(file, '')
    await writeFile(study, 'name: small\npairs: [blend-demo]\nsweep: { task: crc }\n')
    const refused = `${file} is a file, not the folder of a project.`
    for (const command of [
      ['project', 'new', file, '--blend-demo'],
      ['study', study, '--project', file]
    ])
      expect((await runHere(command)).stderr).toContain(refused)
    const swept = await runHere(['sweep', '--blend-demo', '--project', file])
    expect([swept.stderr.includes(refused), swept.stderr.includes('project new')]).toEqual([true, false])
    const long = await runHere(['sweep', '--blend-demo', '--project', join(folder, 'x'.repeat(300))])
    expect(long.stderr).toMatch(/cannot be opened: its path is longer than the system allows\.\n$/)
    expect(await readdir(folder)).toEqual(['file', 'small.yaml'])
  })
})

it.skipIf(!canMount)('names the project where the disk is full, leaves nothing, and works with space', async () => {
  const disk = await smallDisk('200k')
  const path = join(disk, 'mine.slr')
  const filler = join(disk, 'filler')
  const fill = () => expect(writeFile(filler, Buffer.alloc(300_000))).rejects.toThrow('ENOSPC')
  const create = () => runHere(['project', 'new', path, '--blend-demo'])
  const refused = { status: 1, stdout: '', stderr: expect.stringMatching(/mine\.slr cannot be written: .*\nFree some/) }
  await fill()
  expect(await create()).toEqual(refused)
  expect(await readdir(disk)).toEqual(['filler'])
  await rm(filler)
  expect((await create()).status).toBe(0)
  await fill()
  expect(await runHere(['check', '--project', path])).toEqual(refused)
  const project = await openProject(path)
  expect(project.readOnly).toMatch(/^Its disk is full\. Free some space/)
  await project.close()
})

test.each([
  ...['sweep --no-check --project', 'check --project', 'export --out x selected --project'],
  ...['project list', 'report', 'open --serve']
])('%s of a missing project names the command that creates it', async (line) => {
  const args = line.split(' ')
  const path = join(await temporaryFolder(), 'gone.slr')
  const { status, stderr } = await runHere([...args, path])
  const next = `slr project new ${path} --base BASE --post POST`
  expect([status, stderr]).toEqual([1, expect.stringContaining(next)])
  await mkdir(path)
  expect((await runHere([...args, path])).stderr).not.toContain('slr project new')
})

it('lists, names, notes, pins, deletes and restores runs, and prints the runs afterwards', async () => {
  const path = await sweptProject()
  const run = (name: string, ...args: string[]) => runHere(['project', name, path, ...args])
  const listed = await run('list')
  expect(listed.stdout).toMatch(/^aaaa-2 +sweep +2026-02-02 03:04 UTC +Characters: layer 0, .*CPU in fp32/m)
  await run('name', 'aaaa-1', 'as published')
  await run('note', 'aaaa-1', 'of *March*')
  const pinned = await run('pin', 'aaaa-1', '--json')
  expect(JSON.parse(pinned.stdout)).toMatchObject({
    pair: 'Blend demo',
    runs: [{ id: 'aaaa-1', name: 'as published', note: 'of *March*', pinned: true }, { id: 'aaaa-2' }],
    deleted: []
  })
  const unpinned = await run('pin', 'aaaa-1', '--off', '--json')
  expect(JSON.parse(unpinned.stdout)).toMatchObject({ runs: [{ id: 'aaaa-2' }, { pinned: false }] })
  expect((await run('delete', 'aaaa-1')).stdout).toMatch(/^Deleted, .*:\naaaa-1 .* as published /m)
  const restored = await run('restore', 'aaaa-1', '--json')
  expect(JSON.parse(restored.stdout)).toMatchObject({ runs: [{}, { name: 'as published' }], deleted: [] })
})

it('names a run that is missing or not the only one', async () => {
  const path = await sweptProject()
  const refused = async (line: string, code: number, words: string) => {
    const [name = '', ...args] = line.split(' ')
    const { status, stderr } = await runHere(['project', name, path, ...args])
    expect([status, stderr]).toEqual([code, expect.stringContaining(words)])
  }
  await refused('pin', 2, "missing required argument 'run'")
  await refused('pin aaaa', 1, 'The ids of 2 runs begin with "aaaa"')
  await refused('pin b', 1, 'no run "b"')
  await refused('restore aaaa-1', 1, 'no deleted run')
})
