import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readStudy } from '../../../../src/main/study/study-file'
import { requireOutputs, requireProjectPlace } from '../../../../src/main/study/study-outputs'
import { type PlacedStudy, placedStudy } from '../../../../src/main/study/study-project'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'

async function placed(folder: string, fields: string): Promise<PlacedStudy> {
  const file = join(folder, 's.yaml')
  return placedStudy(await readStudy(`name: s\npairs: [demo]\n${fields}`, file), file)
}

it('names a report that could not be written, unless no report is asked for', async () => {
  const study = await placed(await temporaryFolder(), 'report: gone/y.html\n')
  expect(await problemOf(requireOutputs(study, study.steps))).toMatchObject({
    message: expect.stringContaining(join('gone', 'y.html'))
  })
  await requireOutputs(
    study,
    study.steps.filter(({ kind }) => kind !== 'report')
  )
})

it('names a project that could not be made', async () => {
  const study = await placed(await temporaryFolder(), 'project: gone/y.slr\n')
  expect(await problemOf(requireProjectPlace(study))).toMatchObject({
    message: expect.stringContaining(`${join('gone', 'y.slr')} cannot be written`)
  })
})

it.runIf(process.platform === 'linux')('names what a folder that takes no files is to take', async () => {
  const folder = await temporaryFolder()
  const report = await placed(folder, 'report: /proc/y.html\n')
  expect(await problemOf(requireOutputs(report, report.steps))).toMatchObject({
    code: 'read-only',
    message: expect.stringContaining('/proc/y.html cannot be written')
  })
  const project = await placed(folder, 'project: /proc/y.slr\n')
  expect(await problemOf(requireProjectPlace(project))).toMatchObject({ code: 'read-only' })
})

it('leaves nothing behind, and takes a report inside a project that is still to be made', async () => {
  const folder = await temporaryFolder()
  const study = await placed(folder, 'report: s.slr/y.html\n')
  await requireOutputs(study, study.steps)
  await mkdir(study.projectPath)
  await requireOutputs(study, study.steps)
  expect(await readdir(folder)).toEqual(['s.slr'])
  expect(await readdir(study.projectPath)).toEqual([])
})
