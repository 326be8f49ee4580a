import { describe, expect, it } from 'vitest'
import type { HistoryRun } from '../../../../src/contract/documents/history'
import type { ProjectState } from '../../../../src/contract/documents/project'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import { sweepFixture } from '../../../fixtures/project-documents'
import { historyRun } from '../../../fixtures/run-computation'
import { projectState, showSweep, settled, openSession } from '../../../fixtures/scripted-line'

const SWEEPS = ['sweep-1', 'sweep-2'].map((id) => sweepFixture({ id }))
const RUNS = [historyRun(), historyRun({ id: 'sweep-2' }), historyRun({ kind: 'samples', id: 'run-1' })]
const DELETION = 'c0ffee00-0000-4000-8000-000000000000'

const stateOf = (revision: number, runs: readonly HistoryRun[], deleted: HistoryRun[] = []): ProjectState =>
  projectState({
    revision,
    sweeps: SWEEPS.filter(({ id }) => runs.some((run) => run.id === id)).map((sweep) => summarizeSweep(sweep, null)),
    history: {
      runs: [...runs],
      deleted: deleted.map((run) => ({
        ...{ deletion: DELETION, deletedAt: '2026-03-01T00:00:00.000Z', run, searches: [] }
      }))
    }
  })

async function opened(runs = RUNS) {
  return openSession(stateOf(1, runs))
}
const [first = historyRun()] = RUNS

describe('the history in the window', () => {
  it('shows the runs of a kind, and says how many there are', async () => {
    const { runs } = (await opened()).session
    runs.filter = 'samples'
    expect(runs.filtered.map(({ id }) => id)).toEqual(['run-1'])
    expect((['all', 'sweep', 'search', 'deleted'] as const).map((filter) => runs.count(filter))).toEqual([3, 2, 0, 0])
  })

  it('renames, and has main undo it', async () => {
    const { line, session } = await opened()
    const renamed = (revision: number, name: string) =>
      stateOf(
        revision,
        RUNS.map((run) => (run === first ? { ...run, name } : run))
      )
    void session.runs.rename(first, ' mine ')
    await settled()
    expect(line.call('history.annotate', 0).input).toMatchObject({
      ...{ seen: 1, run: { kind: 'sweep', id: 'sweep-1' }, changes: { name: 'mine' } }
    })
    await line.answer('history.annotate', 0, renamed(2, 'mine'))
    void session.history.undo()
    await settled()
    expect(line.call('projects.revert', 0).input).toMatchObject({ changes: [2] })
  })

  it('saves a note once that a flush and the end of its field save at the same moment', async () => {
    const { line, session, workbench } = await opened()
    void session.runs.note(first, 'seen')
    void session.runs.note(first, 'seen')
    await settled()
    const noted = RUNS.map((run) => (run === first ? { ...run, note: 'seen' } : run))
    await line.answer('history.annotate', 0, stateOf(2, noted))
    expect(line.of('history.annotate')).toHaveLength(1)
    expect(workbench.complaints).toEqual([])
    expect(session.history.undoable).toBe('note on the sweep “made up”')
  })

  it('shows the newest in place of a deleted sweep, and the sweep again after an undo', async () => {
    const { line, session, workbench } = await opened()
    const { ranges, runs } = session
    const answered = async (place: number, id: string): Promise<void> => {
      await line.answer('checks.get', place, null)
      await line.answer('sweeps.get', place, sweepFixture({ id }))
      await line.answer('searches.get', place, null)
    }
    void ranges.show('sweep-1')
    await settled()
    await answered(0, 'sweep-1')
    void runs.delete(first)
    await settled()
    const without = stateOf(2, RUNS.slice(1), [first])
    await line.answer('history.delete', 0, without)
    await answered(1, 'sweep-2')
    expect([ranges.sweep?.id, workbench.complaints]).toEqual(['sweep-2', []])
    void session.history.undo()
    await settled()
    await line.answer('projects.revert', 0, stateOf(3, RUNS))
    await answered(2, 'sweep-1')
    expect(ranges.sweep?.id).toBe('sweep-1')
    void session.history.redo()
    await settled()
    await line.answer('projects.revert', 1, { ...without, revision: 4, change: 4 })
    expect(workbench.complaints).toEqual([])
  })

  it('reports when another window deletes the shown run, and shows none where none is left', async () => {
    const { line, session, workbench } = await opened(RUNS.slice(0, 1))
    const { ranges } = session
    workbench.view = 'ranges'
    await showSweep(line, { ranges }, sweepFixture())
    session.accept(stateOf(2, [], [first]))
    expect(ranges.sweep).toBeNull()
    expect(workbench.complaints).toMatchObject([
      {
        message: 'The sweep that was shown here has been deleted.',
        hint: expect.stringContaining('no other')
      }
    ])
    // The other window restores it.
    session.accept(stateOf(3, RUNS.slice(0, 1)))
    expect(workbench.complaints).toEqual([])
  })

  it('withdraws the report of a deleted run in another view, and after the next deletion', async () => {
    for (const next of ['view', 'deletion'] as const) {
      const { line, session, workbench } = await opened()
      workbench.view = 'ranges'
      await showSweep(line, session, sweepFixture())
      session.accept(stateOf(2, RUNS.slice(1), [first]))
      expect(workbench.complaints).toHaveLength(1)
      if (next === 'view') workbench.view = 'samples'
      else {
        session.deleting.add('sweep-2')
        session.accept(stateOf(3, RUNS.slice(2), RUNS.slice(0, 2)))
      }
      expect(workbench.complaints, next).toEqual([])
    }
  })

  it('does not call a run deleted that ended without a result, and says nothing on another step', async () => {
    const { line, session, workbench } = await opened(RUNS.slice(0, 1))
    const { ranges } = session
    workbench.view = 'ranges'
    await showSweep(line, { ranges }, sweepFixture())
    session.accept(stateOf(2, []))
    expect(workbench.complaints.map(({ message }) => message)).toEqual([
      'The sweep that was shown here ended without a result, so it was not kept.'
    ])

    workbench.complaints = []
    session.accept(stateOf(3, RUNS.slice(0, 1)))
    await showSweep(line, { ranges }, sweepFixture(), 1)
    workbench.view = 'evaluate'
    session.accept(stateOf(4, [], [first]))
    expect([ranges.sweep, workbench.complaints]).toEqual([null, []])
  })
})
