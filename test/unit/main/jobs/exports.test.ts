import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ExportJobs } from '../../../../src/main/jobs/exports'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { jobContext } from '../../../fixtures/job-context'
import { openDemo } from '../../../fixtures/open-demo'

it('has the result of an export also after a window has seen its end', async () => {
  const project = await openDemo()
  onTestFinished(() => project.close())
  const pair = project.firstPair
  const jobs = new ExportJobs(jobContext())
  const recipe = { name: 'mine', ranges: [[3, 4] as [number, number]] }
  const target = join(await temporaryFolder(), 'mine')
  expect(jobs.resultOf(pair)).toBeNull()
  await jobs.start(pair, { recipe, adapterRank: null, target, overwrite: false })
  for await (const event of jobs.table.watch(pair)) expect(event.type).not.toBe('failed')
  expect(jobs.resultOf(pair)).toMatchObject({ path: target })
})
