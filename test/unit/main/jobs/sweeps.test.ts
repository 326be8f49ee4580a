import { expect, it, onTestFinished } from 'vitest'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { Job } from '../../../../src/main/jobs/job'
import { Sweeps } from '../../../../src/main/jobs/sweeps'
import { jobContext } from '../../../fixtures/job-context'
import { Later } from '../../../fixtures/later'
import { openDemo } from '../../../fixtures/open-demo'
import { scriptedEngine } from '../../../fixtures/scripted-engine'

it('reports the number of layers while a sweep waits for another project', async () => {
  const context = jobContext(scriptedEngine({}, new WorkbenchError('cancelled', 'The engine was stopped.')))
  const [other, project] = [await openDemo(), await openDemo()]
  const end = new Later<{ type: 'finished' }>()
  onTestFinished(async () => {
    end.resolve({ type: 'finished' })
    await Promise.all([context.turns.done(other), context.turns.done(project)])
  })
  const table = context.turns.jobs<{ type: 'finished' }>('samples')
  const running = { name: 'a job', snapshot: () => ({ type: 'finished' as const }), events: () => [] }
  await context.turns.start(other.firstPair, table, 'A sample run', async () =>
    Promise.resolve(new Job({ ...running, run: () => end.promise }))
  )
  const sweep = await new Sweeps(context).start(project.firstPair, { fresh: false, preview: false })
  const { value } = await sweep.watch().next()
  expect(value).toMatchObject({ type: 'snapshot', layerCount: 12, progress: { phase: 'preparing' } })
})
