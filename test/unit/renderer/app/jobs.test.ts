import { expect, it } from 'vitest'
import type { JobKind } from '../../../../src/contract/model/job-kinds'
import { WindowJobs } from '../../../../src/renderer/app/jobs.svelte'
import type { WindowJob } from '../../../../src/renderer/app/window-job'

const jobOf = (kind: JobKind | null): WindowJob => ({
  ...{ kind, holdsEngine: null, otherWindowNotice: null, busy: true, cancelling: false, pauseNotice: null },
  progress: { name: kind ?? 'Chat', share: 0.5, secondsLeft: null },
  cancel: () => undefined
})

it('shows in the bar a running job that the view does not show, and else the first one', () => {
  const jobs = new WindowJobs()
  expect(jobs.inBar('ranges')).toBeNull()
  const [sweep, written] = [jobOf('sweep'), jobOf('export')]
  jobs.add(sweep)
  expect(jobs.inBar('ranges')).toBe(sweep)
  jobs.add(written)
  expect([jobs.inBar('ranges'), jobs.inBar('export'), jobs.inBar('chat'), jobs.current]).toEqual([
    ...[written, sweep, sweep, sweep]
  ])
})
