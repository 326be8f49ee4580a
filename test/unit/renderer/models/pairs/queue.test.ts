import { expect, it } from 'vitest'
import type { QueueState } from '../../../../../src/contract/documents/queue'
import { pairBrief, projectState, ScriptedLine, settled } from '../../../../fixtures/scripted-line'

const id = (digit: number): string => `${digit}b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b`

const LINE: QueueState = {
  paused: false,
  waits: false,
  waitsFor: null,
  done: [],
  jobs: [1, 2, 3].map((digit) => ({
    id: id(digit),
    pair: 'pair-1',
    work: { kind: 'sweep', preview: false },
    problem: null,
    state: digit === 1 ? 'running' : 'waiting',
    sends: [],
    progress: { share: null, secondsLeft: null }
  }))
}

async function opened() {
  const line = new ScriptedLine()
  const pairs = [pairBrief({ id: 'pair-1', name: 'a' }), pairBrief({ id: 'pair-2', name: 'b' })]
  const { session } = await line.openProject(projectState({ pairs }))
  return { line, session, path: session.path }
}

it('asks for work of all pairs of the project, in their order', async () => {
  const { line, session, path } = await opened()
  void session.queue.sweepAll({ preview: false })
  void session.queue.sweepAll({ preview: true })
  void session.queue.evaluateAll({ id: 'open', name: 'Open questions' })
  session.queue.compute({ device: 'webgpu' })
  session.queue.compute({ weights: 'int8' })
  void session.queue.evaluateAll({ id: 'open', name: 'Open questions' })
  await settled()
  const pairs = ['pair-1', 'pair-2']
  const task = { id: 'open', name: 'Open questions' }
  expect(line.of('queue.add').map(({ input }) => input)).toEqual([
    { path, pairs, work: { kind: 'sweep', preview: false } },
    { path, pairs, work: { kind: 'sweep', preview: true } },
    { path, pairs, work: { kind: 'evaluation', task, computing: { device: 'cpu' } } },
    { path, pairs, work: { kind: 'evaluation', task, computing: { device: 'webgpu', weights: 'int8' } } }
  ])
})

it('says which pairs are left out, for they are swept whole, and sweeps them all the same when asked', async () => {
  const { line, session, path } = await opened()
  void session.queue.sweepAll({ preview: true })
  await line.answer('queue.add', 0, { leftOut: ['pair-2'] })
  expect(session.queue.leftOut?.names).toEqual(['b'])
  void session.queue.sweepLeftOut()
  await settled()
  const work = { kind: 'sweep', preview: true }
  expect(line.call('queue.add', 1).input).toEqual({ path, pairs: ['pair-2'], work, again: true })
  await line.answer('queue.add', 1, { leftOut: [] })
  expect(session.queue.leftOut).toBeNull()
})

it('leaves out pairs of which nothing can be computed, and says why', async () => {
  const line = new ScriptedLine()
  const unusable = 'Post has no tokenizer.json, and prompts need one.'
  const pairs = [pairBrief({ id: 'pair-1', name: 'a', unusable }), pairBrief({ id: 'pair-2', name: 'b' })]
  const { session } = await line.openProject(projectState({ pairs }))
  expect(session.queue.unusable).toEqual([{ name: 'a', why: unusable }])
  expect(session.queue.blocked).toBeNull()
  void session.queue.sweepAll({ preview: false })
  await settled()
  expect(line.call('queue.add', 0).input).toMatchObject({ pairs: ['pair-2'] })
  session.accept(projectState({ pairs: pairs.map((pair) => ({ ...pair, unusable })) }))
  expect(session.queue.blocked).toBe('No pair can be computed.')
})

it('moves jobs by what main has told of the line, and never before its head', async () => {
  const { line, session, path } = await opened()
  session.queue.state = LINE
  void session.queue.move(id(3), -1)
  void session.queue.move(id(1), -1)
  await settled()
  expect(line.of('queue.move').map(({ input }) => input)).toEqual([
    { path, id: id(3), place: 1 },
    { path, id: id(1), place: 0 }
  ])
})

it('follows the line, anew when it is asked to, until the project is left', async () => {
  const { line, session, path } = await opened()
  void session.queue.attach()
  void session.queue.attach()
  expect(line.of('queue.watch').map(({ input }) => input)).toEqual([{ path }, { path }])
  const signals = line.of('queue.watch').map(({ signal }) => signal?.aborted)
  expect(signals).toEqual([true, false])
  await line.answer('queue.watch', 1, [LINE])
  expect(session.queue.state).toBe(LINE)
  session.leave()
  expect(line.call('queue.watch', 1).signal?.aborted).toBe(true)
})
