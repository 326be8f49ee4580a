import { expect, it } from 'vitest'
import type { KeptRecipe, ProjectState } from '../../../../src/contract/documents/project'
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

const windowHistory = (): History =>
  new History(
    () => undefined,
    () => Promise.resolve(null),
    { what: () => null, flush: () => Promise.resolve(), discardLast: () => false }
  )

it('takes many steps back and does them again, in order', async () => {
  const history = windowHistory()
  let at = 3
  for (const step of [1, 2, 3])
    history.record({ what: `go to ${step}`, undo: () => (at = step - 1), redo: () => (at = step) })
  await history.undo()
  await history.undo()
  expect([at, history.undoable, history.redoable]).toEqual([1, 'go to 1', 'go to 2'])
  await history.redo()
  expect([at, history.undoable, history.redoable]).toEqual([2, 'go to 2', 'go to 3'])
  // A new change replaces the changes that were undone.
  history.record({ what: 'go elsewhere', undo: () => (at = 2), redo: () => (at = 9) })
  expect(history.redoable).toBeNull()
  while (history.undoable !== null) await history.undo()
  expect([at, history.undoable]).toEqual([0, null])
})

it('undoes changes of one action together', async () => {
  const history = windowHistory()
  let text = ''
  for (const [before, after] of [
    ['', 'a'],
    ['a', 'ab']
  ] as const) {
    text = after
    history.record({ what: 'type', merge: 'text', undo: () => (text = before), redo: () => (text = after) })
  }
  await history.undo()
  expect([text, history.undoable]).toEqual(['', null])
  await history.redo()
  expect(text).toBe('ab')
})

it('puts changes during an undo after it, and redoes nothing over them', async () => {
  const history = windowHistory()
  const undoing = new Later<void>()
  history.record({ what: 'go to 1', undo: () => undoing.promise, redo: () => undefined })
  const undone = history.undo()
  await settled()
  history.record({ what: 'go to 2', undo: () => undefined, redo: () => undefined })
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
