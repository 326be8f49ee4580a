import { afterEach, expect, it, vi } from 'vitest'
import { NOTHING_DONE } from '../../../../../src/main/crc/sweep/compute-sweep'
import { SweepPriority } from '../../../../../src/renderer/ranges/inspector/sweep-priority'
import { boardOfSweep } from '../../../../../src/renderer/ranges/board/build-board'
import { shownSweep } from '../../../../../src/contract/documents/shown-sweep'
import { openSession } from '../../../../fixtures/scripted-line'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

afterEach(() => {
  vi.useRealTimers()
})

it('sends a running sweep the range under a resting pointer, and none that the pointer passes over', async () => {
  const { line, session } = await openSession()
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const priority = new SweepPriority(session)
  const run = {
    sweepId: 'tiny',
    progress: NOTHING_DONE,
    board: boardOfSweep(shownSweep(tinySweep())),
    notices: [],
    isPreview: true
  }
  void priority.ask(run, '0-0')
  void priority.ask(run, '1-1')
  void priority.ask(run, 'post')
  void priority.ask(null, '0-1')
  await vi.runAllTimersAsync()
  expect(line.of('sweeps.prioritize').map(({ input }) => input)).toEqual([
    expect.objectContaining({ range: { start: 1, end: 1 } })
  ])
})
