import { expect, it } from 'vitest'
import { projectState, ScriptedLine, settled } from '../../../fixtures/scripted-line'

it('keeps notes that could not be saved, says so, and saves them with all else once that is possible', async () => {
  const line = new ScriptedLine()
  const { session } = await line.openProject(projectState())
  const notes = session.notes.pair
  notes.typed('what was seen')
  void notes.save()
  await settled()
  expect(line.call('pairs.update', 0).input).toMatchObject({ changes: { notes: 'what was seen' } })
  line.call('pairs.update', 0).answer.reject(new Error('No space left.'))
  await settled()
  expect([notes.text, session.waits, session.history.undoable]).toEqual(['what was seen', true, null])

  const flushed = session.flush()
  await settled()
  const state = projectState({ revision: 2 })
  await line.answer('pairs.update', 1, {
    ...state,
    document: { ...state.document, notes: 'what was seen' }
  })
  await flushed
  expect([notes.text, session.waits]).toEqual(['what was seen', false])
  expect(session.history.undoable).toBe('write notes of the pair')
})
