import { cp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { projectSearchProgress } from '../../../../src/main/project/documents/search-files'
import { projectSweepProgress } from '../../../../src/main/project/documents/sweep-files'
import { openProject } from '../../../../src/main/project/open-project'
import { OpenProjects } from '../../../../src/main/workbench/open-projects'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'

async function openProjects(): Promise<OpenProjects> {
  vi.stubEnv('SLR_CONFIG_DIR', await temporaryFolder())
  vi.stubEnv('SLR_PROJECTS_DIR', await temporaryFolder())
  const projects = new OpenProjects()
  onTestFinished(async () => {
    await projects.closeAll()
    vi.unstubAllEnvs()
  })
  return projects
}

it('says that the folder of an open project is gone, and shows a folder that takes its place', async () => {
  const projects = await openProjects()
  const opened = await projects.openDemo('blend')
  const { project } = opened
  const { path } = project
  const moved = `${path}.moved`
  const copy = `${path}.copy`
  await cp(path, copy, { recursive: true, filter: (file) => !file.endsWith('.lock') })
  await rename(path, moved)
  expect(await problemOf(projects.use(path))).toMatchObject({
    code: 'not-found',
    message: `There is no folder ${path}.`
  })
  await rename(moved, path)
  expect(await projects.use(path)).toBe(project)

  await rename(path, moved)
  await rename(copy, path)
  const [first, second] = await Promise.all([projects.use(path), projects.use(path)])
  expect(first).not.toBe(project)
  expect(second).toBe(first)
  await first.update({ name: 'Another' })
  expect((await openProject(moved, 'view')).name).not.toBe('Another')
  // A job that goes on for the opened project stores nothing in the other.
  expect(await problemOf(project.change(() => Promise.resolve()))).toMatchObject({
    code: 'not-found',
    message: `${path} no longer has the lock of this program, so nothing is saved in it.`
  })
  const { folder } = opened
  for (const progressOf of [projectSweepProgress, projectSearchProgress])
    expect(await problemOf(progressOf(folder, project.change).fileFor('x'))).toMatchObject({ code: 'not-found' })
  expect(await readdir(folder)).toEqual([])

  await rm(path, { recursive: true })
  expect((await projects.openDemo('blend')).project.name).not.toBe('Another')
})

it('goes on in a project whose lock was removed, once it is opened again', async () => {
  const projects = await openProjects()
  const project = await projects.use((await projects.openDemo('blend')).project.path)
  await rm(join(project.path, '.lock'))
  expect(await problemOf(project.update({ name: 'Lost' }))).toMatchObject({
    hint: expect.stringMatching(/\.lock was removed\. Open the project again/)
  })
  const again = await projects.use(project.path)
  await again.update({ name: 'Kept' })
  expect((await openProject(project.path, 'view')).name).toBe('Kept')
})

it('lists recent projects with the running work of their pairs, also in one that no window shows', async () => {
  const projects = await openProjects()
  const demo = await projects.openDemo('blend')
  const listed = await projects.recent((own) => (own === demo ? ['samples'] : []))
  expect(listed).toMatchObject([{ path: demo.project.path, running: ['samples'] }])
  await projects.closeAll()
  expect(await projects.recent(() => ['samples'])).toMatchObject([{ running: [] }])
})
