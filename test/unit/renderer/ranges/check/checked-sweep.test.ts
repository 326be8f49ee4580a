import { describe, expect, it } from 'vitest'
import { BY_CHARACTERS, briefScoring } from '../../../../../src/contract/documents/scored-by'
import { shownSweep } from '../../../../../src/contract/documents/shown-sweep'
import type { SweepSummary } from '../../../../../src/contract/documents/project'
import type { Recipe } from '../../../../../src/contract/model/recipe'
import { runToEnd } from '../../../../../src/main/base/steps'
import { recomputeSelection } from '../../../../../src/main/crc/check/checked-selection'
import { projectState, ScriptedLine, settled, showSweep, openSession } from '../../../../fixtures/scripted-line'
import { tinyCheck, tinySweep, tinyTaskSweep, whole } from '../../../../fixtures/tiny-sweep'
import { sweepSummary } from '../../../../fixtures/sweep-summary'

const selection = runToEnd(recomputeSelection(tinySweep(), null, 0.9))
const CHARACTERS = shownSweep({ ...tinySweep(), selection })
const TASK = shownSweep({ ...tinyTaskSweep(), selection: null })
const recipe = { name: 'mine', ranges: [[1, 1] satisfies [number, number]] }
const CHECK = tinyCheck([{ recipe, ...whole(0.97, 0.9) }])

const BY_TASK = briefScoring(tinyTaskSweep().scoredBy)

async function taskShown(sweeps: SweepSummary[], task = TASK) {
  const { line, ranges } = await openSession(projectState({ sweeps }))
  await showSweep(line, { ranges }, task)
  return { line, ranges }
}

describe('what recipes are marked by', () => {
  it('is the check of the shown sweep', async () => {
    const { line, ranges } = await openSession()
    await showSweep(line, { ranges }, CHARACTERS)
    expect(ranges.checked.checkOf(recipe).state).toBe('unchecked')
    ranges.check.document = CHECK
    expect(ranges.checked.checkOf(recipe)).toMatchObject({
      state: 'holds',
      words: 'passes the check, 0.970 on full answers'
    })
    expect(ranges.checked.isOther).toBe(false)
  })

  it('is that of the newest sweep of the character task while a task scored the shown one', async () => {
    const { line, ranges } = await taskShown([
      sweepSummary('tiny-task', { scoredBy: BY_TASK }),
      sweepSummary('tiny'),
      sweepSummary('older')
    ])
    expect(line.call('sweeps.get', 1).input).toMatchObject({ sweepId: 'tiny' })
    await line.answer('checks.get', 1, CHECK)
    await line.answer('sweeps.get', 1, CHARACTERS)
    await line.answer('sweeps.select', 0, selection)
    expect(ranges.checked.checkOf(recipe).state).toBe('holds')
    expect(ranges.check.document).toBeNull()
  })

  it('is what a shown sweep by a task says of the range that it selects, and of one that keeps too little', async () => {
    const { line, ranges } = await openSession()
    await showSweep(line, { ranges }, shownSweep({ ...tinyTaskSweep(), selection }))
    const all = { name: 'all', ranges: [[0, 1] satisfies [number, number]] }
    const lower = { name: 'lower', ranges: [[0, 0] satisfies [number, number]] }
    expect(ranges.checked.badgesOf(recipe)).toEqual([
      {
        state: 'not-worth-it',
        label: 'not worth it',
        words:
          'by the task “Letters”: Not worth restoring: the gain of layer 1 may be none, 3 questions are too few to tell.'
      }
    ])
    expect(ranges.checked.badgesOf(all)).toEqual([
      expect.objectContaining({
        label: 'below the limit',
        words: 'by the task “Letters” below the limit: precision 0.700, of 0.882'
      })
    ])
    expect(ranges.checked.badgesOf(lower)).toEqual([expect.objectContaining({ label: 'not checked' })])
  })

  it('is the verdict of a shown sweep of the character task on the range that it selects', async () => {
    const { line, ranges } = await openSession()
    await showSweep(line, { ranges }, CHARACTERS)
    const lower = { name: 'lower', ranges: [[0, 0] satisfies [number, number]] }
    const labels = (of: Recipe): string[] => ranges.checked.badgesOf(of).map(({ label }) => label)
    expect(ranges.checked.badgesOf(recipe)[0]?.words).toMatch(/^Not worth restoring: the gain of layer 1 may be none/)
    expect([labels(recipe), labels(lower)]).toEqual([['not worth it'], ['not checked']])
    ranges.check.document = CHECK
    expect(labels(recipe)).toEqual(['not worth it'])
  })

  it('is both where full answers to the character task were checked too', async () => {
    const { line, ranges } = await taskShown(
      [sweepSummary('tiny-task', { scoredBy: BY_TASK }), sweepSummary('tiny')],
      shownSweep({ ...tinyTaskSweep(), selection })
    )
    await line.answer('checks.get', 1, CHECK)
    await line.answer('sweeps.get', 1, CHARACTERS)
    await line.answer('sweeps.select', 0, selection)
    expect(ranges.checked.badgesOf(recipe).map(({ label, words }) => [label, words.split(':')[0]])).toEqual([
      ['task: not worth it', 'by the task “Letters”'],
      ['characters: not worth it', 'Not worth restoring']
    ])
  })

  it('is none where no sweep is of the character task', async () => {
    const { line, ranges } = await taskShown([sweepSummary('tiny-task', { scoredBy: BY_TASK })])
    await settled()
    expect(line.of('sweeps.get')).toHaveLength(1)
    expect([ranges.checked.isOther, ranges.checked.read]).toEqual([true, null])
    expect(ranges.checked.checkOf(recipe).state).toBe('unchecked')
  })

  it('marks a kept recipe below the limit, by the score of that sweep only', async () => {
    const weak = {
      name: 'weak',
      layers: [
        { attention: 1, mlp: 0 },
        { attention: 0, mlp: 0 }
      ]
    }
    const kept = (sweepId: string) => ({
      ...{ id: 'kept', mark: 0, recipe: weak, scoredBy: BY_CHARACTERS, sweepId },
      ...{ validity: 0.5, diversity: 0.9, keptAt: '2026-01-02T03:04:05.000Z' }
    })
    const stateOf = async (sweepId: string): Promise<string> => {
      const line = new ScriptedLine()
      const state = projectState()
      const { ranges } = (
        await line.openProject({ ...state, document: { ...state.document, recipes: [kept(sweepId)] } })
      ).session
      await showSweep(line, { ranges }, CHARACTERS)
      return ranges.checked.checkOf(weak).label
    }
    expect(await stateOf('tiny')).toBe('below the limit')
    expect(await stateOf('another')).toBe('not checked')
  })
})
