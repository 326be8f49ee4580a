import { expect, it } from 'vitest'
import type { StudyState } from '../../../../../src/contract/documents/study'
import { openSession } from '../../../../fixtures/scripted-line'

const STATE: StudyState = {
  ...{ name: 'Night', file: '/night.yaml', startedAt: '2026-01-01T00:00:00.000Z' },
  ...{ running: true, ended: null, steps: [] }
}

it('is followed until the project is left, anew when it is asked to', async () => {
  const { line, session } = await openSession()
  void session.study.attach()
  void session.study.attach()
  expect(line.of('studies.watch').map(({ signal }) => signal?.aborted)).toEqual([true, false])
  await line.answer('studies.watch', 1, [STATE])
  expect(session.study.state).toEqual(STATE)
  session.leave()
  expect(line.call('studies.watch', 1).signal?.aborted).toBe(true)
})
