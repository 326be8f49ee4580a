import { describe, expect, it } from 'vitest'
import { defaultSearchSettings } from '../../../../src/contract/documents/search'
import { projectState, ScriptedLine } from '../../../fixtures/scripted-line'

describe('a search further', () => {
  it('keeps the method and the budget of each that were set for the next one', async () => {
    const { search } = (await new ScriptedLine().openProject(projectState())).session.ranges
    expect(search.settingsFor(12)).toEqual(defaultSearchSettings('greedy', 12))
    search.change({ ...search.settingsFor(12), blockEvaluations: 77 })
    search.method = 'beam'
    expect(search.settingsFor(12)).toEqual(defaultSearchSettings('beam', 12))
    search.change(defaultSearchSettings('beam', 12, 5))
    search.method = 'greedy'
    expect(search.settingsFor(12).blockEvaluations).toBe(77)
    search.method = 'beam'
    expect(search.settingsFor(12)).toMatchObject({ method: 'beam', beam: 5 })
  })

  it('names the button that continues a run whose engine died, and none where nothing is kept', async () => {
    const { search } = (await new ScriptedLine().openProject(projectState())).session.ranges
    const hint = 'Run again: finished work is kept.'
    search.job.failure = { code: 'engine-lost', message: 'The engine process ran out of memory.', hint }
    expect(search.failure?.hint).toBe(hint)
    search.unfinished = { sweepId: 's', rho: 0.9, settings: search.settingsFor(12) }
    expect(search.failure?.hint).toMatch(/^Resume goes on with it: /)
  })
})
