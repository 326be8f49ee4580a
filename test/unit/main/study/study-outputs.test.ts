import { mkdir, readdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { readStudy } from '../../../../src/main/study/study-file'
import { requireOutputs, requireProjectPath } from '../../../../src/main/study/study-outputs'
import { type NamedPaths, type ResolvedStudy, resolveStudy } from '../../../../src/main/study/study-project'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'

async function placed(folder: string, fields: string, named: NamedPaths = {}): Promise<ResolvedStudy> {
  const file = join(folder, 's.yaml')
  return resolveStudy(await readStudy(`name: s\npairs: [demo]\n${fields}`, file), file, named)
}

it('names a report that could not be written, unless no report is wanted', async () => {
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
  expect(await problemOf(requireProjectPath(study))).toMatchObject({
    message: expect.stringContaining(`${join('gone', 'y.slr')} cannot be written`)
  })
})

it.runIf(process.platform === 'linux')('names what a folder that takes no files is to take', async () => {
  const folder = await temporaryFolder()
  const report = await placed(folder, '', { report: '/proc/y.html' })
  expect(await problemOf(requireOutputs(report, report.steps))).toMatchObject({
    code: 'read-only',
    message: expect.stringContaining('/proc/y.html cannot be written')
  })
  const project = await placed(folder, '', { project: '/proc/y.slr' })
  expect(await problemOf(requireProjectPath(project))).toMatchObject({ code: 'read-only' })
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

it('writes outside the folder of the study only where the command line says so', async () => {
  const folder = await temporaryFolder()
  const outside = await temporaryFolder()
  await symlink(outside, join(folder, 'link'))
  for (const path of [
    join(outside, 'y.html'),
    `../${outside.slice(dirname(folder).length + 1)}/y.html`,
    'link/y.html'
  ]) {
    const study = await placed(folder, `report: ${path}\n`)
    expect(await problemOf(requireOutputs(study, study.steps))).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('y.html, lies outside its folder'),
      hint: expect.stringContaining('--out FILE')
    })
  }
  const project = await placed(folder, 'project: link/y.slr\n')
  expect(await problemOf(requireProjectPath(project))).toMatchObject({
    hint: expect.stringContaining('--project FOLDER')
  })
  const named = { report: join(outside, 'y.html'), project: join(outside, 'y.slr') }
  const agreed = await placed(folder, 'report: r.html\n', named)
  await requireOutputs(agreed, agreed.steps)
  expect(await readdir(outside)).toEqual([])
})
