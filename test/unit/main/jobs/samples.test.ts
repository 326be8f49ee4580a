import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { SampleEvent } from '../../../../src/contract/documents/samples'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { Job } from '../../../../src/main/jobs/job'
import { SampleJobs } from '../../../../src/main/jobs/samples'
import { collect } from '../../../fixtures/collect'
import { jobContext } from '../../../fixtures/job-context'
import { openDemo } from '../../../fixtures/open-demo'
import { sampleRunFixture } from '../../../fixtures/sample-documents'

const PROGRESS = {
  phase: 'preparing' as const,
  ...{ samplesDone: 0, samplesTotal: 0, tokensPerSecond: null, secondsLeft: null }
}

it('reports the reason of a failure also to watchers of a run that is being removed', async () => {
  const project = await openDemo()
  const own = project.firstPair
  const run = sampleRunFixture()
  await own.samples.addRun(run)
  const samples = new SampleJobs(jobContext())
  // The list still has it, as between the removal of its file and that from the list.
  await rm(join(own.folder, 'samples', `${run.id}.json`))
  expect(own.samples.runs.map(({ id }) => id)).toContain(run.id)
  samples.table.add(
    own,
    new Job<SampleEvent, SampleEvent>(
      {
        name: 'the sample run',
        async run(_id, facts) {
          facts.set('progress', { type: 'progress', progress: PROGRESS, weights: null, precision: null })
          return Promise.reject(new WorkbenchError('bad-input', 'more than the 1.1 MiB allowed'))
        },
        snapshot: () => ({ type: 'snapshot', run, samples: [], progress: PROGRESS }),
        events: (facts) => [...facts]
      },
      run.id
    )
  )
  const told = await collect(samples.watch(own))
  expect(told[0]).toMatchObject({ type: 'snapshot', run: { id: run.id } })
  expect(told.at(-1)).toEqual({
    type: 'failed',
    problem: { code: 'bad-input', message: 'more than the 1.1 MiB allowed' }
  })
})
