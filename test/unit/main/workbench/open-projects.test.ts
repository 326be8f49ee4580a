import { expect, it, onTestFinished, vi } from 'vitest'
import { OpenProjects } from '../../../../src/main/workbench/open-projects'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'

it('lists recent projects with the running work of their pairs, also in one that no window shows', async () => {
  vi.stubEnv('SLR_CONFIG_DIR', await temporaryFolder())
  vi.stubEnv('SLR_PROJECTS_DIR', await temporaryFolder())
  const projects = new OpenProjects()
  onTestFinished(async () => {
    await projects.closeAll()
    vi.unstubAllEnvs()
  })
  const demo = await projects.openDemo('blend')
  const listed = await projects.recent((own) => (own === demo ? ['samples'] : []))
  expect(listed).toMatchObject([{ path: demo.project.path, running: ['samples'] }])
  await projects.closeAll()
  expect(await projects.recent(() => ['samples'])).toMatchObject([{ running: [] }])
})
