import { expect, it } from 'vitest'
import type { WorkListState } from '../../../../../src/contract/work/work-list'
import { pairBrief, projectState, ScriptedLine, settled } from '../../../../fixtures/scripted-line'

const id = (digit: number): string => `${digit}b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b`

const LINE: WorkListState = {
  paused: false,
  waits: false,
  waitsFor: null,
  done: [],
  study: {
    ...{ name: 'Night', file: '/night.yaml', startedAt: '2026-01-01T00:00:00.000Z' },
    ...{ running: true, ended: null, steps: [] }
  },
  jobs: [1, 2, 3].map((digit) => ({
    origin: 'window',
    id: id(digit),
    pair: 'pair-1',
    work: { kind: 'sweep', settings: { preview: false } },
    taskName: null,
    seconds: null,
    problem: null,
    state: digit === 1 ? 'running' : 'waiting',
    endpointWarnings: [],
    progress: { share: null, secondsLeft: null }
  }))
}

async function opened() {
  const line = new ScriptedLine()
  const pairs = [pairBrief({ id: 'pair-1', name: 'a' }), pairBrief({ id: 'pair-2', name: 'b' })]
  const { session } = await line.openProject(projectState({ pairs }))
  return { line, session, path: session.path }
}

it('requests work of all pairs of the project, in their order', async () => {
  const { line, session, path } = await opened()
  void session.work.sweepAll({ preview: false })
  void session.work.sweepAll({ preview: true })
  void session.work.evaluateAll({ id: 'open', name: 'Open questions' })
  session.work.compute({ device: 'webgpu' })
  session.work.compute({ weights: 'int8' })
  void session.work.evaluateAll({ id: 'open', name: 'Open questions' })
  await settled()
  const pairs = ['pair-1', 'pair-2']
  const sweep = { path, pairs, taskName: null }
  const evaluation = { path, pairs, taskName: 'Open questions' }
  const settings = { task: 'open', device: 'cpu' }
  expect(line.of('work.add').map(({ input }) => input)).toEqual([
    { ...sweep, work: { kind: 'sweep', settings: { preview: false } } },
    { ...sweep, work: { kind: 'sweep', settings: { preview: true } } },
    { ...evaluation, work: { kind: 'evaluate', settings } },
    {
      ...evaluation,
      work: { kind: 'evaluate', settings: { ...settings, device: 'webgpu', weights: 'int8' } }
    }
  ])
})

it('says which pairs are left out, for they are swept whole, and sweeps them all the same when asked', async () => {
  const { line, session, path } = await opened()
  void session.work.sweepAll({ preview: true })
  await settled()
  await line.answer('work.add', 0, { leftOut: ['pair-2'] })
  expect(session.work.alreadySwept?.names).toEqual(['b'])
  void session.work.sweepAgain()
  await settled()
  const work = { kind: 'sweep', settings: { preview: true } }
  const input = { path, pairs: ['pair-2'], work, taskName: null, again: true }
  expect(line.call('work.add', 1).input).toEqual(input)
  await line.answer('work.add', 1, { leftOut: [] })
  expect(session.work.alreadySwept).toBeNull()
})

it('leaves out pairs of which nothing can be computed, and says why', async () => {
  const line = new ScriptedLine()
  const unusable = 'Post has no tokenizer.json, and prompts need one.'
  const pairs = [pairBrief({ id: 'pair-1', name: 'a', unusable }), pairBrief({ id: 'pair-2', name: 'b' })]
  const { session } = await line.openProject(projectState({ pairs }))
  expect(session.work.unusablePairs).toEqual([{ name: 'a', why: unusable }])
  expect(session.work.blocked).toBeNull()
  void session.work.sweepAll({ preview: false })
  await settled()
  expect(line.call('work.add', 0).input).toMatchObject({ pairs: ['pair-2'] })
  session.accept(projectState({ pairs: pairs.map((pair) => ({ ...pair, unusable })) }))
  expect(session.work.blocked).toBe('No pair can be computed.')
})

it('moves jobs by the last reported queue, and never before its head', async () => {
  const { line, session, path } = await opened()
  session.work.state = LINE
  void session.work.move(id(3), -1)
  void session.work.move(id(1), -1)
  await settled()
  expect(line.of('work.move').map(({ input }) => input)).toEqual([
    { path, id: id(3), position: 1 },
    { path, id: id(1), position: 0 }
  ])
})

it('follows the queue, again on request, until the project is left', async () => {
  const { line, session, path } = await opened()
  void session.work.attach()
  void session.work.attach()
  expect(line.of('work.watch').map(({ input }) => input)).toEqual([{ path }, { path }])
  const signals = line.of('work.watch').map(({ signal }) => signal?.aborted)
  expect(signals).toEqual([true, false])
  await line.answer('work.watch', 1, [LINE])
  expect(session.work.state).toBe(LINE)
  session.leave()
  expect(line.call('work.watch', 1).signal?.aborted).toBe(true)
})
