import { expect, it } from 'vitest'
import type { KeptRecipe, ProjectState } from '../../../../src/contract/documents/project'
import { elementAt } from '../../../../src/contract/model/look-up'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import type { Session } from '../../../../src/renderer/app/session.svelte'
import { History } from '../../../../src/renderer/app/history.svelte'
import { KEPT_AT, NOT_SCORED } from '../../../fixtures/project-documents'
import { Later } from '../../../fixtures/later'
import { projectState, settled, openSession } from '../../../fixtures/scripted-line'

const recipe = (name: string): KeptRecipe['recipe'] => ({ name, ranges: [[0, 1]] })
const kept = (name: string, id = 'one', mark = 0): KeptRecipe => ({
  id,
  mark,
  recipe: recipe(name),
  keptAt: KEPT_AT,
  ...NOT_SCORED
})

/** The project with other content of its document. */
const changed = (
  revision: number,
  { settings = {}, ...document }: Partial<ProjectState['document']> | { settings?: object }
): ProjectState => {
  const state = projectState()
  return {
    ...state,
    revision,
    change: revision,
    document: {
      ...state.document,
      ...document,
      settings: { ...state.document.settings, ...settings }
    }
  }
}

const complaints = (session: Session): string[] => {
  const { host } = session
  return 'complaints' in host && Array.isArray(host.complaints)
    ? host.complaints.map(({ message }: { message: string }) => message)
    : []
}

/** A history whose changes are numbers, which main reverts by their negatives. */
const numberedHistory = (revert: (changes: readonly number[]) => unknown = () => undefined): History =>
  new History(
    () => undefined,
    async ({ changes }) => {
      await revert(changes)
      return -elementAt(changes, 0, 'change')
    },
    { what: () => null, flush: () => Promise.resolve(), discardLast: () => false },
    () => true
  )

it('takes many steps back and does them again, in order', async () => {
  const reverted: number[] = []
  const history = numberedHistory((changes) => reverted.push(...changes))
  for (const step of [1, 2, 3]) history.record({ what: `go to ${step}`, changes: [step] })
  await history.undo()
  await history.undo()
  expect([history.undoable, history.redoable]).toEqual(['go to 1', 'go to 2'])
  await history.redo()
  expect([history.undoable, history.redoable]).toEqual(['go to 2', 'go to 3'])
  // A new change replaces the changes that were undone.
  history.record({ what: 'go elsewhere', changes: [4] })
  expect(history.redoable).toBeNull()
  while (history.undoable !== null) await history.undo()
  expect(reverted).toEqual([3, 2, -2, 4, 2, 1])
})

it('undoes changes of one action together', async () => {
  const reverted: (readonly number[])[] = []
  const history = numberedHistory((changes) => reverted.push(changes))
  for (const change of [1, 2]) history.record({ what: 'type', merge: 'text', changes: [change] })
  await history.undo()
  expect([reverted, history.undoable]).toEqual([[[1, 2]], null])
  await history.redo()
  expect([reverted.at(-1), history.undoable]).toEqual([[-1], 'type'])
})

it('puts changes during an undo after it, and redoes nothing over them', async () => {
  const undoing = new Later<void>()
  const history = numberedHistory(() => undoing.promise)
  history.record({ what: 'go to 1', changes: [1] })
  const undone = history.undo()
  await settled()
  history.record({ what: 'go to 2', changes: [2] })
  undoing.resolve()
  await undone
  expect([history.undoable, history.redoable]).toEqual(['go to 2', null])
})

it('undoes notes that are still in their field, not earlier changes', async () => {
  const { line, session } = await openSession(changed(1, {}))
  session.notes.pair.edit('seen', { what: 'write notes of the pair', merge: 'notes' })
  void session.history.undo()
  await line.answer('pairs.update', 0, changed(2, { notes: 'seen' }))
  expect(line.call('projects.revert', 0).input).toMatchObject({ changes: [2] })
  await line.answer('projects.revert', 0, changed(3, { notes: '' }))
  expect([session.history.undoable, session.history.redoable]).toEqual([null, 'write notes of the pair'])
})

it('has main undo what main has written, and redo it by undoing that', async () => {
  const { line, session } = await openSession(changed(1, { recipes: [kept('mine')], nextMark: 1 }))
  const { history } = session
  void session.recipes.rename('one', 'ours')
  await line.answer('recipes.rename', 0, changed(2, { recipes: [kept('ours')] }))
  void session.recipes.remove('one')
  await line.answer('recipes.remove', 0, changed(3, { recipes: [] }))
  expect(history.notice).toEqual({ text: 'Removed “ours”', offer: 'undo' })
  void history.undo()
  await settled()
  expect(line.call('projects.revert', 0).input).toMatchObject({ changes: [3] })
  await line.answer('projects.revert', 0, changed(4, { recipes: [kept('ours')] }))
  expect([history.undoable, history.redoable]).toEqual(['rename “mine” to “ours”', 'remove “ours”'])
  void history.redo()
  await settled()
  expect(line.call('projects.revert', 1).input).toMatchObject({ changes: [4] })
  await line.answer('projects.revert', 1, changed(5, { recipes: [] }))
  // A refused step can never be undone any more, and does not stand in the way of what was done before it.
  void history.undo()
  await settled()
  const refused = new WorkbenchError('stale', 'Not undone: the recipe changed elsewhere since.')
  await line.refuse('projects.revert', 2, refused)
  expect([history.undoable, history.redoable]).toEqual(['rename “mine” to “ours”', null])
  expect(complaints(session)).toEqual([refused.message])
})

it('undoes values that were set in one go together, and a call that changed nothing not at all', async () => {
  const { line, session } = await openSession(changed(1, {}))
  for (const [place, device] of (['webgpu', 'auto'] as const).entries()) {
    void session.set('choose the device', { settings: { device } }, 'device')
    await line.answer('pairs.update', place, changed(place + 2, { settings: { device } }))
  }
  void session.set('choose it again', { settings: { device: 'auto' } })
  await line.answer('pairs.update', 2, { ...changed(4, {}), change: null })
  void session.history.undo()
  await settled()
  expect(line.call('projects.revert', 0).input).toMatchObject({ changes: [2, 3] })
})

it('keeps a step that failed for now, to be tried again', async () => {
  const { line, session } = await openSession(changed(1, {}))
  void session.set('compute on the GPU', { settings: { device: 'webgpu' } })
  await line.answer('pairs.update', 0, changed(2, { settings: { device: 'webgpu' } }))
  void session.history.undo()
  await line.refuse('projects.revert', 0, new Error('The disk is full.'))
  expect(session.history.undoable).toBe('compute on the GPU')
  void session.history.undo()
  await line.answer('projects.revert', 1, changed(3, {}))
  expect([session.history.undoable, session.history.redoable]).toEqual([null, 'compute on the GPU'])
})
