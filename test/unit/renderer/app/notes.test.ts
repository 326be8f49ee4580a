import { describe, expect, it } from 'vitest'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import type { ProjectState } from '../../../../src/contract/documents/project'
import type { Workbench } from '../../../../src/renderer/app/workbench.svelte'
import { projectState, settled, openSession } from '../../../fixtures/scripted-line'

const withNotes = (revision: number, notes: string): ProjectState => {
  const state = projectState({ revision })
  return { ...state, document: { ...state.document, notes } }
}

async function openNotes() {
  const { line, session, workbench } = await openSession(withNotes(1, ''))
  return { line, session, workbench, notes: session.notes.pair }
}

const complaints = ({ complaints }: Workbench): string[] => complaints.map(({ message }) => message)

describe('notes in the window', () => {
  it('stay when they could not be saved, say so, and are saved with all else once that is possible', async () => {
    const { line, session, notes } = await openNotes()
    notes.typed('what was seen')
    expect(session.isSaving).toBe(true)
    void notes.save()
    await settled()
    expect(line.call('pairs.update', 0).input).toMatchObject({ changes: { notes: 'what was seen' } })
    await line.refuse('pairs.update', 0, new Error('No space left.'))
    expect([notes.text, session.waits, session.history.undoable]).toEqual(['what was seen', true, null])
    expect(session.unsaved?.why).toBe('Notes of the pair: they could not be saved.')

    const flushed = session.flush()
    await line.answer('pairs.update', 1, withNotes(2, 'what was seen'))
    await flushed
    expect([notes.text, session.waits, session.isSaving]).toEqual(['what was seen', false, false])
    expect(session.unsaved).toBeNull()
    expect(session.history.undoable).toBe('write notes of the pair')
  })

  it('are saved once when their field is left and removed at the same moment', async () => {
    const { line, session, workbench, notes } = await openNotes()
    notes.typed('first')
    void notes.save()
    void notes.save()
    await settled()
    expect(line.of('pairs.update')).toHaveLength(1)
    // What is typed while they are on their way follows them.
    notes.typed('first, second')
    void session.flush()
    await line.answer('pairs.update', 0, withNotes(2, 'first'))
    expect(line.call('pairs.update', 1).input).toMatchObject({ seen: 2, changes: { notes: 'first, second' } })
    await line.answer('pairs.update', 1, withNotes(3, 'first, second'))
    expect(line.of('pairs.update')).toHaveLength(2)
    expect([complaints(workbench), session.unsaved, session.isSaving]).toEqual([[], null, false])
  })

  it('of two windows are chosen from, whichever window is left later', async () => {
    const { line, session, notes } = await openNotes()
    notes.typed('mine')
    session.accept(withNotes(2, 'theirs'))
    void notes.save()
    await settled()
    expect(line.of('pairs.update')).toHaveLength(0)
    expect([notes.text, notes.base.elsewhere]).toEqual(['mine', 'theirs'])
    expect(session.unsaved?.why).toBe('Notes of the pair: changed in another window.')

    void notes.keepMine()
    await settled()
    expect(line.call('pairs.update', 0).input).toMatchObject({ seen: 2, changes: { notes: 'mine' } })
    await line.answer('pairs.update', 0, withNotes(3, 'mine'))

    notes.typed('mine again')
    session.accept(withNotes(4, 'theirs again'))
    notes.takeTheirs()
    expect([notes.text, session.unsaved, session.isSaving]).toEqual(['theirs again', null, false])
    void session.history.undo()
    await settled()
    expect(line.call('pairs.update', 1).input).toMatchObject({ seen: 4, changes: { notes: 'mine again' } })
  })

  it('are no conflict when main refuses a text that it has already, and one without a complaint when not', async () => {
    const { line, session, workbench, notes } = await openNotes()
    const refuse = async (place: number, stored: ProjectState): Promise<void> => {
      void notes.save()
      await line.refuse('pairs.update', place, new WorkbenchError('stale', 'Not saved.'))
      await line.answer('projects.open', place, stored)
    }
    notes.typed('the same')
    await refuse(0, withNotes(2, 'the same'))
    expect([notes.dirty, session.unsaved]).toEqual([false, null])
    notes.typed('mine')
    await refuse(1, withNotes(3, 'theirs'))
    expect(notes.base.elsewhere).toBe('theirs')
    expect(complaints(workbench)).toEqual([])
  })
})
