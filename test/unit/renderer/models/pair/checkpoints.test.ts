import { describe, expect, it } from 'vitest'
import type { BytesProgress, DistancesEvent } from '../../../../../src/contract/documents/distances'
import type { KeptCheckpoint, ProjectState } from '../../../../../src/contract/documents/project'
import type { PairValues, ValuesEvent } from '../../../../../src/contract/documents/non-finite'
import { PAIR_REPORT, projectState, settled, openSession } from '../../../../fixtures/scripted-line'
import { tinyLineage } from '../../../../fixtures/lineage'
import { waitFor } from '../../../../fixtures/wait-for'

const kept = (id: string, name = id): KeptCheckpoint => ({
  id,
  name,
  path: `/models/${id}`,
  fingerprint: id,
  mark: 0
})

function stateOf(revision: number, others: readonly KeptCheckpoint[]): ProjectState {
  const state = projectState({ revision, pair: PAIR_REPORT })
  return { ...state, document: { ...state.document, otherCheckpoints: [...others] } }
}

async function opened(...others: KeptCheckpoint[]) {
  return openSession(stateOf(1, others))
}

describe('other checkpoints', () => {
  it('are looked at, added, renamed and removed, each a step that can be undone', async () => {
    const { line, session } = await opened(kept('first'))
    const { others, history } = session
    void others.inspect('/models/second')
    await settled()
    expect(line.call('pair.inspectOther', 0).input).toMatchObject({ folder: '/models/second' })
    const added = others.add('/models/second')
    await line.answer('checkpoints.add', 0, stateOf(2, [kept('first'), kept('second')]))
    expect([await added, history.undoable]).toEqual([true, 'add “second”'])
    void others.rename('first', 'mine')
    await line.answer('checkpoints.rename', 0, stateOf(3, [kept('first', 'mine'), kept('second')]))
    expect(history.undoable).toBe('rename “first” to “mine”')
    void others.remove('second')
    await line.answer('checkpoints.remove', 0, stateOf(4, [kept('first', 'mine')]))
    expect([history.undoable, history.notice?.text]).toEqual(['remove “second”', 'Removed “second”'])
    void history.undo()
    await settled()
    expect(line.call('projects.revert', 0).input).toMatchObject({ changes: [4] })
  })

  it('that are there already, or cannot be changed, are nothing to undo', async () => {
    const { line, session } = await opened(kept('first'))
    const again = session.others.add('/models/first')
    await line.answer('checkpoints.add', 0, { ...stateOf(2, [kept('first')]), change: null })
    expect([await again, session.history.undoable]).toEqual([true, null])
    const refused = session.others.add('/models/none')
    await settled()
    line.call('checkpoints.add', 1).answer.reject(new Error('There is no such folder.'))
    expect([await refused, session.history.undoable]).toEqual([false, null])
  })

  it('are found again where they lie now', async () => {
    const { line, session } = await opened(kept('first'))
    void session.others.relocate('first', '/elsewhere')
    await settled()
    expect(line.call('checkpoints.relocate', 0).input).toMatchObject({ id: 'first', folder: '/elsewhere' })
  })
})

describe('the stages of a lineage', () => {
  it('are queued in the order that the user chose, and shown as computed after a reload', async () => {
    const state = stateOf(1, [kept('sft'), kept('dpo'), kept('rl')])
    const compatible = ({ id }: KeptCheckpoint) => ({
      report: { checkpoint: { ...PAIR_REPORT.post, fingerprint: id }, compatible: true, findings: [] },
      problem: null
    })
    const otherCheckpoints = state.document.otherCheckpoints.map(compatible)
    const { line, session } = await openSession({ ...state, otherCheckpoints })
    const { lineage } = session
    lineage.moveUp('dpo')
    lineage.toggle('rl')
    expect(lineage.stages.map(({ id }) => id)).toEqual(['dpo', 'sft'])
    lineage.scoreBy('names', 'names')
    expect(lineage.scoring).toEqual({ task: 'names', keep: null })
    lineage.scoreBy('facts', 'names')
    void lineage.start()
    await settled()
    expect(line.call('work.add', 0).input).toMatchObject({
      again: true,
      work: { kind: 'lineage', settings: { stages: ['dpo', 'sft'], regain: 'facts', keep: 'names' } }
    })
    const reopened = await openSession({ ...state, otherCheckpoints })
    const { stages, ...document } = tinyLineage()
    const computed = stages.map((stage) => (stage.name === 'sft' ? { ...stage, fingerprint: 'rl' } : stage))
    void reopened.session.lineage.load()
    await reopened.line.answer('lineages.get', 0, { ...document, stages: computed })
    expect(reopened.session.lineage.stages.map(({ id }) => id)).toEqual(['rl'])
  })
})

describe('the reading of whole checkpoints', () => {
  const progress: BytesProgress = { bytesDone: 1, bytesTotal: 4, bytesPerSecond: null, secondsLeft: 3 }

  it('compares layers, reports its progress, and shows the result with the current pair', async () => {
    const { line, session } = await opened()
    const { distances } = session
    void distances.job.start()
    await line.answer('distances.start', 0, undefined)
    const events = await line.stream<DistancesEvent>('distances.watch', 0)
    await events.tell({ type: 'progress', progress })
    await waitFor(() => expect(session.jobs.current?.progress?.share).toBe(0.25))
    await distances.job.start()
    expect(line.of('distances.start')).toHaveLength(1)
    await events.tell({ type: 'finished', bytesRead: 4 })
    await line.answer('projects.open', 0, stateOf(2, []))
    await line.answer('distances.get', 0, { distances: null, changed: ['post'] })
    await events.over()
    expect([distances.changed, distances.job.busy]).toEqual([['post'], false])
  })

  it('hashes the files once at a time, and keeps earlier hashes when a request fails', async () => {
    const { line, session, workbench } = await opened()
    const { checksums } = session
    void checksums.job.start()
    void checksums.job.start()
    await settled()
    expect(line.of('checksums.start')).toHaveLength(1)
    void checksums.load()
    await line.answer('checksums.get', 0, { base: null, post: null })
    void checksums.load()
    await settled()
    line.call('checksums.get', 1).answer.reject(new Error('not now'))
    await waitFor(() => expect(workbench.complaints).toHaveLength(1))
    expect(checksums.stored).toEqual({ base: null, post: null })
  })

  it('shows the values that it found until another check begins or the pair is another', async () => {
    const { line, session } = await opened()
    const { values } = session
    const found: PairValues = { base: [], post: [], bytesRead: 4 }
    const check = async (place: number, ...told: ValuesEvent[]): Promise<void> => {
      void values.start()
      await line.answer('values.start', place, undefined)
      const events = await line.stream<ValuesEvent>('values.watch', place)
      await events.tell(...told)
      await line.answer('projects.open', place, stateOf(place + 2, []))
      await events.over()
    }
    await check(0, { type: 'finished', values: found })
    expect(values.result).toEqual(found)
    void values.start()
    await settled()
    expect(values.result).toBeNull()
    await line.refuse('values.start', 1, new Error('not now'))
    expect(values.job.failure?.message).toBe('not now')
    values.result = found
    session.readPair()
    expect(values.result).toBeNull()
  })

  it('that is stopped has found nothing', async () => {
    const { line, session } = await opened()
    const { values } = session
    void values.start()
    await line.answer('values.start', 0, undefined)
    const events = await line.stream<ValuesEvent>('values.watch', 0)
    await events.tell({ type: 'progress', progress })
    await waitFor(() => expect(values.job.live).not.toBeNull())
    void values.job.cancel()
    await settled()
    expect([line.of('values.cancel').length, values.job.cancelling]).toEqual([1, true])
    await events.tell({ type: 'cancelled' })
    await events.over()
    expect([values.result, values.job.busy, line.of('projects.open')]).toEqual([null, false, []])
  })
})
