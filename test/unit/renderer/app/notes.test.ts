import { describe, expect, it } from 'vitest'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import type { ProjectState } from '../../../../src/contract/documents/project'
import type { Notes } from '../../../../src/renderer/app/notes.svelte'
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

const type = (notes: Notes, text: string): void => notes.edit(text, { what: 'write notes of the pair', merge: 'notes' })

const complaints = ({ complaints }: Workbench): string[] => complaints.map(({ message }) => message)

describe('notes in the window', () => {
  it('stay when they could not be saved, say so, and are saved with all else once that is possible', async () => {
    const { line, session, notes } = await openNotes()
    type(notes, 'what was seen')
    expect(session.isSaving).toBe(true)
    void notes.flush()
    await settled()
    expect(line.call('pairs.update', 0).input).toMatchObject({ changes: { notes: 'what was seen' } })
    await line.refuse('pairs.update', 0, new Error('No space left.'))
    expect([notes.draft, session.waits, session.history.undoable]).toEqual([
      'what was seen',
      true,
      'write notes of the pair'
    ])
    expect(session.unsaved?.why).toBe('Notes of the pair: could not be saved.')

    const flushed = session.flush()
    await line.answer('pairs.update', 1, withNotes(2, 'what was seen'))
    await flushed
    expect([notes.draft, session.waits, session.isSaving]).toEqual(['what was seen', false, false])
    expect(session.unsaved).toBeNull()
    expect(session.history.undoable).toBe('write notes of the pair')
  })

  it('are saved once when their field is left and removed at the same moment', async () => {
    const { line, session, workbench, notes } = await openNotes()
    type(notes, 'first')
    void notes.flush()
    void notes.flush()
    await settled()
    expect(line.of('pairs.update')).toHaveLength(1)
    // Text that is typed during the write is written next.
    type(notes, 'first, second')
    void session.flush()
    await line.answer('pairs.update', 0, withNotes(2, 'first'))
    expect(line.call('pairs.update', 1).input).toMatchObject({ seen: 2, changes: { notes: 'first, second' } })
    await line.answer('pairs.update', 1, withNotes(3, 'first, second'))
    expect(line.of('pairs.update')).toHaveLength(2)
    expect([complaints(workbench), session.unsaved, session.isSaving]).toEqual([[], null, false])
  })

  it('of two windows are chosen from, whichever window is left later', async () => {
    const { line, session, notes } = await openNotes()
    type(notes, 'mine')
    session.accept(withNotes(2, 'theirs'))
    void notes.flush()
    await settled()
    expect(line.of('pairs.update')).toHaveLength(0)
    expect([notes.draft, notes.conflict?.value]).toEqual(['mine', 'theirs'])
    expect(session.unsaved?.why).toBe('Notes of the pair: changed in another window.')

    void notes.keepMine()
    await settled()
    expect(line.call('pairs.update', 0).input).toMatchObject({ seen: 2, changes: { notes: 'mine' } })
    await line.answer('pairs.update', 0, withNotes(3, 'mine'))

    type(notes, 'mine again')
    session.accept(withNotes(4, 'theirs again'))
    void notes.takeTheirs()
    expect([notes.draft, session.unsaved]).toEqual(['theirs again', null])
    // Main stores both texts, so that it can undo the choice.
    await line.answer('pairs.update', 1, withNotes(5, 'mine again'))
    expect(line.call('pairs.update', 1).input).toMatchObject({ seen: 4, changes: { notes: 'mine again' } })
    await line.answer('pairs.update', 2, withNotes(6, 'theirs again'))
    expect([notes.draft, session.isSaving]).toEqual(['theirs again', false])
    void session.history.undo()
    await settled()
    await line.answer('projects.revert', 0, withNotes(7, 'mine again'))
    expect(notes.draft).toBe('mine again')
  })

  it('are no conflict when main refuses a text that it has already, and one without a complaint when not', async () => {
    const { line, session, workbench, notes } = await openNotes()
    const refuse = async (place: number, stored: ProjectState): Promise<void> => {
      void notes.flush()
      await line.refuse('pairs.update', place, new WorkbenchError('stale', 'Not saved.'))
      await line.answer('projects.open', place, stored)
    }
    type(notes, 'the same')
    await refuse(0, withNotes(2, 'the same'))
    expect([notes.dirty, session.unsaved]).toEqual([false, null])
    type(notes, 'mine')
    await refuse(1, withNotes(3, 'theirs'))
    expect(notes.conflict?.value).toBe('theirs')
    expect(complaints(workbench)).toEqual([])
  })
})
