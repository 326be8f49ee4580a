import { DEFAULT_LOOK } from '../../../../../src/renderer/app/place'
import { describe, expect, it, vi } from 'vitest'
import type { SweepDocument } from '../../../../../src/contract/documents/crc'
import type { SweepComparison } from '../../../../../src/contract/documents/sweep-comparison'
import { compareSweeps } from '../../../../../src/main/measures/compare-sweeps'
import { summarizeSweep } from '../../../../../src/main/project/documents/sweep-files'
import { comparedSweep } from '../../../../fixtures/compared-sweeps'
import { projectState, showSweep, settled, openSession } from '../../../../fixtures/scripted-line'

const [FIRST, SECOND, THIRD] = [
  comparedSweep({ id: 'first' }),
  comparedSweep({ id: 'second', diversity: (start) => 0.1 * start }),
  comparedSweep({ id: 'third' })
]
const STATE = projectState({ sweeps: [FIRST, SECOND, THIRD].map((sweep) => summarizeSweep(sweep, null)) })

const compared = (a: SweepDocument, b: SweepDocument): Promise<SweepComparison> =>
  compareSweeps({ sweep: a, check: null }, { sweep: b, check: null })

/** A project that shows the first sweep; what becomes of its address. */
async function shown() {
  const { line, session, workbench } = await openSession(STATE)
  const location = { hash: '' }
  const pushed: string[] = []
  const pushState = (_data: null, _unused: string, hash: string): void => {
    location.hash = hash
    pushed.push(new URLSearchParams(hash.slice(1)).get('against') ?? 'none')
  }
  vi.stubGlobal('window', { location, history: { pushState } })
  workbench.go('ranges')
  await showSweep(line, session, FIRST)
  return { line, session, pushed }
}

describe('comparing the shown sweep', () => {
  it('sends the limit of the window, has its own address, and can be left', async () => {
    const { line, session, pushed } = await shown()
    const { comparing } = session.ranges
    comparing.open('pair-1/second')
    await settled()
    expect(line.call('sweeps.compare', 0).input).toEqual({
      path: STATE.path,
      pair: 'pair-1',
      sweepId: 'first',
      other: { pair: 'pair-1', sweepId: 'second' },
      rho: 0.9
    })
    expect([comparing.against, comparing.comparison, comparing.pending]).toEqual(['pair-1/second', null, true])
    await line.answer('sweeps.compare', 0, await compared(FIRST, SECOND))
    expect([comparing.comparison?.b.id, comparing.pending]).toEqual(['second', false])
    // The range that the shown sweep selects.
    expect(comparing.chosen).toBe('2-3')
    expect(session.lookOf('ranges').against).toBe('pair-1/second')
    comparing.leave()
    expect([comparing.against, comparing.comparison]).toEqual([null, null])
    expect(pushed).toEqual(['none', 'pair-1/second', 'none'])
  })

  it('follows an address, and shows only the last request', async () => {
    const { line, session } = await shown()
    const { ranges } = session
    ranges.choices.applyPlace({ model: null, metric: null, against: 'pair-1/second', tab: null })
    await settled()
    ranges.comparing.open('pair-1/third')
    await settled()
    expect(line.call('sweeps.compare', 0).signal?.aborted).toBe(true)
    await line.answer('sweeps.compare', 1, await compared(FIRST, THIRD))
    await line.answer('sweeps.compare', 0, await compared(FIRST, SECOND))
    expect(ranges.comparing.comparison?.b.id).toBe('third')
    ranges.choices.applyPlace({ model: null, metric: null, against: 'pair-1/third', tab: null })
    expect(line.of('sweeps.compare')).toHaveLength(2)
    // A key without a sweep gives no sweep.
    ranges.choices.applyPlace({ model: null, metric: null, against: 'third', tab: null })
    expect(ranges.comparing.against).toBeNull()
  })

  it('offers all of the pair, and of each other pair its newest, by the names of the pairs', async () => {
    const { session } = await shown()
    const { comparing } = session.ranges
    const named = () => comparing.others.map(({ key, pairName }) => [key, pairName])
    expect(named()).toEqual([
      ['pair-1/first', null],
      ['pair-1/second', null],
      ['pair-1/third', null]
    ])
    const [own] = STATE.pairs
    if (own === undefined) throw new Error('no pair')
    const defaultSweep = summarizeSweep(comparedSweep({ id: 'theirs', layerCount: 6 }), null)
    session.accept({
      ...STATE,
      revision: STATE.revision + 1,
      pairs: [
        own,
        { ...own, id: 'pair-2', name: 'Qwen', defaultSweep },
        { ...own, id: 'pair-3', name: 'Unswept', defaultSweep: null }
      ]
    })
    expect(named().slice(2)).toEqual([
      ['pair-1/third', own.name],
      ['pair-2/theirs', 'Qwen']
    ])
    comparing.open('pair-2/theirs')
  })

  it('stays when it is begun before all of a newly opened project was read', async () => {
    const { line, session, ranges } = await openSession(STATE)
    session.attach({ ...DEFAULT_LOOK, view: 'ranges', shown: null })
    await line.answer('checks.get', 0, null)
    await line.answer('sweeps.get', 0, FIRST)
    ranges.comparing.open('pair-1/second')
    await line.answer('searches.get', 0, null)
    await line.answer('searches.unfinished', 0, null)
    expect(ranges.comparing.against).toBe('pair-1/second')
  })

  it('compares again once another sweep is shown', async () => {
    const { line, session } = await shown()
    const { ranges } = session
    ranges.comparing.open('pair-1/second')
    await line.answer('sweeps.compare', 0, await compared(FIRST, SECOND))
    void ranges.show('third')
    await line.answer('checks.get', 1, null)
    await line.answer('sweeps.get', 1, THIRD)
    expect(line.call('sweeps.compare', 1).input).toMatchObject({
      sweepId: 'third',
      other: { pair: 'pair-1', sweepId: 'second' }
    })
  })

  it('says why two cannot be compared, and is still left', async () => {
    const { line, session } = await shown()
    const { comparing } = session.ranges
    comparing.open('pair-1/second')
    await line.refuse('sweeps.compare', 0, new Error('other measures'))
    expect(comparing.failure).not.toBeNull()
    expect([comparing.comparison, comparing.pending]).toEqual([null, false])
    comparing.leave()
    expect([comparing.failure, comparing.against]).toEqual([null, null])
  })
})
