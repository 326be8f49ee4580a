import { expect, it } from 'vitest'
import { ORPCError } from '@orpc/client'
import type { PairBrief, ProjectState } from '../../../../../src/contract/documents/project'
import { WorkbenchError } from '../../../../../src/contract/model/problem'
import { readPlace } from '../../../../../src/renderer/app/place'
import { pairBrief, projectState, settled, openSession } from '../../../../fixtures/scripted-line'

const briefs = (...names: string[]): PairBrief[] =>
  names.map((name, place) => pairBrief({ id: `pair-${place + 1}`, name }))

/** A project of these pairs, of which one is shown. */
function showing(id: string, pairs: PairBrief[], revision = 1): ProjectState {
  const state = projectState({ pairs, revision })
  const name = pairs.find((pair) => pair.id === id)?.name ?? ''
  return { ...state, document: { ...state.document, id, name } }
}

async function opened(id: string, pairs: PairBrief[]) {
  return openSession(showing(id, pairs))
}

it('shows another pair in place of this one, whose project stays open, and names it in the address', async () => {
  const pairs = briefs('a', 'b')
  const { line, session, workbench } = await opened('pair-1', pairs)
  void session.pairs.show('pair-2')
  await settled()
  expect(line.call('projects.open', 0).input).toEqual({ path: session.path, pair: 'pair-2' })
  expect(workbench.session).toBe(session)
  await line.answer('projects.open', 0, showing('pair-2', pairs))
  expect(workbench.session?.here).toEqual({ path: session.path, pair: 'pair-2' })
  expect(session.left.aborted).toBe(true)
  expect(line.of('projects.close')).toHaveLength(0)
  expect(readPlace(workbench.address ?? '').pair).toBe('pair-2')
  expect(line.call('projects.watch', 0).input).toEqual({ path: session.path, pair: 'pair-2' })
})

it('names no pair in the address of a project that has one', async () => {
  const { workbench } = await opened('pair-1', briefs('a'))
  expect(workbench.address).not.toContain('pair')
})

it('shows the neighbour of the pair that it removes, which can undo that', async () => {
  const pairs = briefs('a', 'b', 'c')
  const { line, session, workbench } = await opened('pair-2', pairs)
  void session.pairs.remove('pair-2')
  await settled()
  expect(line.of('pairs.remove')).toHaveLength(0)
  await line.answer('projects.open', 0, showing('pair-3', pairs))
  await line.answer('pairs.remove', 0, { change: 5 })
  expect(line.call('pairs.remove', 0).input).toEqual({ path: session.path, pair: 'pair-2' })
  const now = workbench.session
  expect(now?.here.pair).toBe('pair-3')
  expect(now?.history.notice?.text).toBe('Removed the pair “b”')
  void now?.history.undo()
  await settled()
  expect(line.call('projects.revert', 0).input).toEqual({ ...now?.here, changes: [5] })
})

it('says that jobs in the queue go with a pair', async () => {
  const pairs = briefs('a', 'b')
  const { line, session } = await opened('pair-1', pairs)
  const job = {
    origin: 'window',
    id: '1b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b',
    work: { kind: 'sweep', settings: {} },
    taskName: null,
    seconds: null,
    problem: null,
    state: 'waiting',
    progress: { share: null, secondsLeft: null }
  } as const
  session.work.state = {
    ...{ paused: false, waits: false, waitsFor: null, done: [], study: null },
    jobs: [
      { ...job, endpointWarnings: [], pair: 'pair-2' },
      { ...job, endpointWarnings: [], pair: 'pair-1' },
      { ...job, endpointWarnings: [], pair: 'pair-2' }
    ]
  }
  void session.pairs.remove('pair-2')
  await line.answer('pairs.remove', 0, { change: 5 })
  expect(session.history.notice?.text).toBe('Removed the pair “b” and its 2 jobs in the queue')
})

it('has main undo the addition of a pair, and shows the pair before it, which can undo that in turn', async () => {
  const { line, session, workbench } = await opened('pair-1', briefs('a'))
  const added = session.pairs.add('/base', '/post', 'b')
  await settled()
  const pairs = briefs('a', 'b')
  await line.answer('pairs.add', 0, { added: 'pair-2', change: 5 })
  await line.answer('projects.open', 0, showing('pair-2', pairs))
  expect(await added).toBe(true)
  expect(workbench.session?.history.notice?.text).toBe('Added the pair “b”')
  void workbench.session?.watch()
  void workbench.session?.history.undo()
  await settled()
  expect(line.call('projects.revert', 0).input).toMatchObject({ pair: 'pair-2', changes: [5] })
  const problem = { code: 'not-found', message: 'The project has no pair pair-2: it was removed.' }
  await line.refuse('projects.watch', 1, new ORPCError('WORKBENCH', { data: problem, defined: true }))
  await line.answer('projects.revert', 0, { ...showing('pair-2', briefs('a'), 6), change: 6 })
  await line.answer('projects.open', 1, showing('pair-1', briefs('a'), 6))
  expect(workbench.complaints).toEqual([])
  const now = workbench.session
  expect([now?.here.pair, now?.history.undoable]).toEqual(['pair-1', 'remove the pair “b”'])
  void now?.history.undo()
  await settled()
  expect(line.call('projects.revert', 1).input).toMatchObject({ pair: 'pair-1', changes: [6] })
})

it('keeps a pair whose addition cannot be undone now, and says why', async () => {
  const { line, session, workbench } = await opened('pair-1', briefs('a'))
  void session.pairs.duplicate('pair-1')
  await settled()
  await line.answer('pairs.duplicate', 0, { added: 'pair-2', change: 5 })
  await line.answer('projects.open', 0, showing('pair-2', briefs('a', 'b')))
  const { history } = workbench.session ?? session
  void history.undo()
  await line.refuse('projects.revert', 0, new WorkbenchError('busy', 'A sweep of b is running.'))
  expect(workbench.complaints.map(({ message }) => message)).toEqual(['A sweep of b is running.'])
  expect([workbench.session?.here.pair, history.undoable]).toEqual(['pair-2', 'duplicate the pair “b”'])
})

it('says that another window removed the shown pair, also while a change is undone', async () => {
  const { line, session, workbench } = await opened('pair-2', briefs('a', 'b'))
  void session.watch()
  session.history.record({ what: 'change a note', changes: [4] })
  void session.history.undo()
  await settled()
  const problem = { code: 'not-found', message: 'The project has no pair pair-2: it was removed.' }
  await line.refuse('projects.watch', 0, new ORPCError('WORKBENCH', { data: problem, defined: true }))
  expect(workbench.complaints).toEqual([])
  await line.answer('projects.revert', 0, { ...showing('pair-2', briefs('a', 'b'), 6), change: 6 })
  expect(workbench.complaints.map(({ message }) => message)).toEqual([problem.message])
  await line.answer('projects.open', 0, showing('pair-1', briefs('a')))
  expect(workbench.session?.here.pair).toBe('pair-1')
})

it('renames and moves by steps that can be undone', async () => {
  const { line, session } = await opened('pair-1', briefs('a', 'b'))
  void session.pairs.rename('pair-2', ' c ')
  await line.answer('pairs.rename', 0, { change: 5 })
  void session.pairs.move('pair-1', 1)
  await line.answer('pairs.move', 0, { change: 6 })
  expect(session.history.undoable).toBe('move the pair “a”')
  void session.history.undo()
  await settled()
  expect(line.call('projects.revert', 0).input).toMatchObject({ changes: [6] })
  await line.answer('projects.revert', 0, { ...session.state, change: 7 })
  void session.history.undo()
  await settled()
  expect(line.call('pairs.rename', 0).input).toMatchObject({ name: 'c' })
  expect(line.call('projects.revert', 1).input).toMatchObject({ changes: [5] })
  // A pair that keeps its name or its place is not written.
  for (const name of ['b', ' ']) await session.pairs.rename('pair-2', name)
  for (const place of [0, -1, 2]) await session.pairs.move('pair-1', place)
  expect([line.of('pairs.rename').length, line.of('pairs.move').length]).toEqual([1, 1])
})

it('begins nothing that needs the engine while it works for another pair', async () => {
  const [a, b] = briefs('a', 'b')
  const { session } = await opened(
    'pair-1',
    [a, b].flatMap((pair) => pair ?? [])
  )
  const whyNot = (running: PairBrief['running']): string | null => {
    session.accept({ ...session.state, pairs: session.state.pairs.with(1, { ...pairBrief(b), running }) })
    return session.busyWithOtherPair
  }
  expect(whyNot(['sweep'])).toBe('The engine works for the pair “b”.')
  expect(whyNot(['distances'])).toBeNull()
})

it('shows the first pair when another window has removed this one', async () => {
  const { line, session, workbench } = await opened('pair-2', briefs('a', 'b'))
  void session.watch()
  await settled()
  const problem = { code: 'not-found', message: 'The project has no pair pair-2: it was removed.' }
  await line.refuse('projects.watch', 0, new ORPCError('WORKBENCH', { data: problem, defined: true }))
  expect(workbench.complaints.map(({ message }) => message)).toEqual([problem.message])
  await line.answer('projects.open', 0, showing('pair-1', briefs('a')))
  expect(workbench.session?.here.pair).toBe('pair-1')
})

it('uses separate prompts and those of the project again, by steps that can be undone', async () => {
  const { line, session } = await opened('pair-1', briefs('a', 'b'))
  const shared = session.state.prompts
  void session.prompts.useSeparate(true)
  await settled()
  expect(line.call('prompts.separate', 0).input).toEqual({ ...session.here, prompts: shared })
  const mine = shared.slice(0, 1)
  await line.answer('prompts.separate', 0, {
    ...session.state,
    revision: 2,
    separatePrompts: true,
    prompts: mine
  })
  expect(session.prompts.current()).toEqual(mine)
  void session.prompts.useSeparate(false)
  await settled()
  expect(line.call('prompts.separate', 1).input).toMatchObject({ prompts: null })
  await line.answer('prompts.separate', 1, {
    ...{ ...session.state, revision: 3, change: 3, separatePrompts: false, prompts: shared }
  })
  void session.history.undo()
  await settled()
  expect(line.call('projects.revert', 0).input).toMatchObject({ changes: [3] })
})

it('offers to undo the rename of a pair only while the pair exists', async () => {
  const { line, session } = await opened('pair-1', briefs('a', 'b'))
  const { history } = session
  void session.pairs.rename('pair-2', 'c')
  await line.answer('pairs.rename', 0, { change: 2 })
  session.accept(showing('pair-1', briefs('a', 'c'), 2))
  expect(history.undoable).toBe('rename the pair “b”')
  session.accept(showing('pair-1', briefs('a'), 3))
  expect(history.undoable).toBeNull()
  await history.undo()
  expect(line.of('projects.revert')).toHaveLength(0)
  session.accept(showing('pair-1', briefs('a', 'c'), 4))
  expect(history.undoable).toBe('rename the pair “b”')
})
