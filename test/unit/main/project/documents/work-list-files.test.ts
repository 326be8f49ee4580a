import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { migrateWorkList, readWorkList } from '../../../../../src/main/project/documents/work-list-files'
import { openProject } from '../../../../../src/main/project/open-project'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { openDemo } from '../../../../fixtures/open-demo'

const STORED = join(import.meta.dirname, '../../../../fixtures/stored-projects')
const OLD_FILES = ['queue.json', 'study.json']

const copyOldFiles = async (folder: string): Promise<void> => {
  for (const name of OLD_FILES) await copyFile(join(STORED, name), join(folder, name))
}

/** The documents that a folder has of a project's work. */
const documentsOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.json')).toSorted()

describe('work that earlier programs stored in two files', () => {
  let folder: string
  beforeEach(async () => {
    folder = await temporaryFolder()
    await copyOldFiles(folder)
  })

  it('becomes one list, and the old files are kept in the backup', async () => {
    const { list, warnings } = await migrateWorkList(folder)
    expect(warnings).toEqual([])
    expect(list.study).toMatchObject({ name: 'old', file: '/studies/old.yaml', ended: 'done' })
    expect(list.entries.map(({ origin, work, taskName, state }) => [origin, work.kind, taskName, state])).toEqual([
      ['window', 'sweep', null, 'stopped'],
      ['window', 'evaluate', 'Open questions', 'waiting'],
      ['window', 'sweep', null, 'failed'],
      ['study', 'sweep', null, 'failed'],
      ['study', 'check', null, 'left out'],
      ['study', 'evaluate', 'demo-open', 'left out'],
      ['study', 'report', null, 'written']
    ])
    expect(list.entries.slice(0, 2)).toMatchObject([
      { work: { settings: { preview: true } }, problem: { code: 'cancelled' } },
      {
        work: { settings: { task: 'demo-open', device: 'webgpu', weights: 'int8' } },
        evaluationId: 'evaluation-1'
      }
    ])
    expect(await documentsOf(folder)).toEqual(['backup/queue.json', 'backup/study.json', 'work.json'])
    for (const name of OLD_FILES)
      expect(await readFile(join(folder, 'backup', name))).toEqual(await readFile(join(STORED, name)))
    expect(await readWorkList(folder)).toEqual({ list, oldFiles: [], warnings: [] })
  })

  it.each([1, 2, 3])('is the same list after the program was killed before step %i', async (killedBefore) => {
    const { list } = await readWorkList(folder)
    let step = 0
    const killed = migrateWorkList(folder, () => {
      if (++step === killedBefore) throw new Error('killed')
    })
    await expect(killed).rejects.toThrow()
    expect((await readWorkList(folder)).list).toEqual(list)
    expect((await migrateWorkList(folder)).list).toEqual(list)
    expect(await documentsOf(folder)).toEqual(['backup/queue.json', 'backup/study.json', 'work.json'])
  })

  it('is left out with a warning if a file cannot be read, and the other file is taken', async () => {
    await writeFile(join(folder, 'queue.json'), '{"schemaVersion": 1, "jobs": 3}')
    const { list, warnings } = await migrateWorkList(folder)
    expect(warnings).toEqual([expect.stringMatching(/The list of work was left out\. .*queue\.json .*jobs/)])
    expect(new Set(list.entries.map(({ origin }) => origin))).toEqual(new Set(['study']))
  })
})

it('a project that is viewed shows old work without changing a file', async () => {
  const project = await openDemo()
  const { path } = project
  await copyOldFiles(path)
  const viewed = await openProject(path, 'view')
  expect([viewed.work.jobs.length, viewed.work.study?.steps.length]).toEqual([3, 4])
  expect(await documentsOf(path)).not.toContain('work.json')
  await viewed.close()
  await project.close()
  const changed = await openProject(path)
  expect([changed.work.jobs.length, changed.work.study?.running]).toEqual([3, false])
  expect(await documentsOf(path)).toContain('work.json')
  await changed.close()
  await rm(path, { recursive: true })
})
