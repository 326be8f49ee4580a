import { expect, it } from 'vitest'
import { jobNews } from '../../../../src/renderer/app/job-news'
import type { WindowJob } from '../../../../src/renderer/app/window-job'

it('reports a running job, each quarter of it once, and its end', () => {
  let job: Pick<WindowJob, 'kind' | 'progress'> | null = null
  const news = jobNews(() => job)
  expect(news()).toBe('')
  const said = new Set<string>()
  for (let share = 0; share <= 1; share += 0.01) {
    job = { kind: 'sweep', progress: { name: 'Sweep', share, secondsLeft: null } }
    said.add(news())
  }
  job = null
  expect([...said, news()]).toEqual(['Sweep: running', 'Sweep: 25 %', 'Sweep: 50 %', 'Sweep: 75 %', 'Sweep: ended'])
})

it('leaves out jobs that main does not report, which are shown where they were started', () => {
  const progress = { name: 'Chat', share: 0.5, secondsLeft: null }
  expect(jobNews(() => ({ kind: null, progress }))()).toBe('')
})
