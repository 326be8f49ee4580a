import { describe, expect, it } from 'vitest'
import { shownSweep } from '../../../../../src/contract/documents/shown-sweep'
import type { WhatIfSweep } from '../../../../../src/contract/documents/what-if'
import { noSamplersWords, whatIfSentence } from '../../../../../src/contract/words/what-if-words'
import { runToEnd } from '../../../../../src/main/base/steps'
import { askWhatIf } from '../../../../../src/main/crc/check/ask-what-if'
import { recomputeSelection } from '../../../../../src/main/crc/check/checked-selection'
import { samplerOfSweep } from '../../../../../src/contract/documents/scored-by'
import { keptValues, nearest } from '../../../../../src/renderer/ranges/what-if/what-if.svelte'
import { showSweep, settled, openSession } from '../../../../fixtures/scripted-line'
import { tinySweep, tinyTaskSweep } from '../../../../fixtures/tiny-sweep'
import { BARE_PREVIEW } from '../../../../fixtures/bare-sweep'

const SWEEP = { ...tinySweep(), selection: runToEnd(recomputeSelection(tinySweep(), null, 0.9)) }

const PREVIEW = {
  prompts: [0],
  ranges: SWEEP.ranges.slice(0, 1).map((range) => ({ ...range, margins: { validity: 0.1, diversity: 0.1 } })),
  ...BARE_PREVIEW
}

/** Answer of main, with other scores than the sweep's. */
function answer(rho: number, diversity: number): WhatIfSweep {
  const changed = { ...SWEEP, ranges: SWEEP.ranges.map((range) => ({ ...range, diversity })) }
  const { sweep, selection } = runToEnd(askWhatIf(SWEEP, null, { rho, sampler: null, draws: null, mix: null }))
  return { sweep: shownSweep({ ...sweep, ranges: changed.ranges }), selection }
}

async function opened() {
  const { line, ranges } = await openSession()
  await showSweep(line, { ranges }, SWEEP)
  return { line, ranges }
}

describe('the panel of what if', () => {
  it('has chart, inspector and selection follow the answer, and return when it is closed', async () => {
    const { line, ranges } = await opened()
    const stored = ranges.selection
    expect([ranges.choices.chosen, ranges.chosenModel?.score.diversity]).toEqual(['1-1', 0.8])
    void ranges.whatIf.change({ rho: 0.6 })
    await settled()
    ranges.limit(0.5)
    await settled()
    // The newest question alone counts.
    expect(line.call('sweeps.whatIf', 0).signal?.aborted).toBe(true)
    expect(line.call('sweeps.whatIf', 1).input).toMatchObject({
      sweepId: 'tiny',
      asked: { rho: 0.5, sampler: null, draws: null, mix: null }
    })
    await line.answer('sweeps.whatIf', 1, answer(0.5, 0.123))
    expect(ranges.whatIf.words).toBe("50 % of post's validity kept")
    expect(ranges.numbers.rho).toBe(0.5)
    expect([ranges.numbers.selection?.rho, stored?.rho]).toEqual([0.5, 0.9])
    expect(ranges.board?.ranges.every(({ diversity }) => diversity === 0.123)).toBe(true)
    expect(ranges.chosenModel?.score.diversity).toBe(0.123)
    expect(ranges.selection).toBe(stored)

    ranges.whatIf.close()
    expect([ranges.rho, ranges.numbers.rho, ranges.numbers.selection]).toEqual([0.9, 0.9, stored])
    expect(line.of('sweeps.select')).toEqual([])
    expect(ranges.chosenModel?.score.diversity).toBe(0.8)
  })

  it('names the settings of the shown numbers until the requested ones have arrived', async () => {
    const { line, ranges } = await opened()
    const sampler = { temperature: 1.75, minP: 0.1 }
    const next = 'temperature 1.75, min-p 0.1'
    void ranges.whatIf.change({ sampler })
    await settled()
    expect([ranges.whatIf.words, ranges.whatIf.computing]).toEqual([null, next])
    expect(whatIfSentence(ranges.whatIf.words, ranges.whatIf.computing)).toBe(`computing ${next}…`)
    await line.answer('sweeps.whatIf', 0, answer(0.9, 0.5))
    expect([ranges.whatIf.words, ranges.whatIf.computing]).toEqual([next, null])

    void ranges.whatIf.change({ rho: 0.5, sampler: null })
    await settled()
    expect([ranges.wantedRho, ranges.numbers.rho]).toEqual([0.5, 0.9])
    const sentence = whatIfSentence(ranges.whatIf.words, ranges.whatIf.computing)
    expect(sentence).toBe(`${next}; computing 50 % of post's validity kept…`)
    await line.refuse('sweeps.whatIf', 1, new Error('no sweep'))
    expect([ranges.wantedRho, ranges.whatIf.words, ranges.whatIf.computing]).toEqual([0.9, next, null])
    // A shown answer is no longer awaited.
    void ranges.whatIf.change({ rho: 0.9, sampler })
    await settled()
    expect([ranges.whatIf.words, ranges.whatIf.computing]).toEqual([next, null])
  })

  it('has the inspector stay with the answer, unless the user looks at another range', async () => {
    const { line, ranges } = await opened()
    const other = answer(0.5, 0.5)
    const moved = { ...other, selection: { ...other.selection, selected: { start: 0, end: 0 } } }
    void ranges.whatIf.change({ rho: 0.5 })
    await settled()
    expect(ranges.choices.chosen).toBe('1-1')
    await line.answer('sweeps.whatIf', 0, moved)
    expect([ranges.choices.chosen, ranges.choices.rangesPlace.model]).toEqual(['0-0', null])
    ranges.whatIf.close()
    expect([ranges.choices.chosen, ranges.choices.rangesPlace.model]).toEqual(['1-1', null])

    ranges.choices.applyPlace({ model: '0-1', metric: null, against: null, tab: null })
    void ranges.whatIf.change({ rho: 0.5 })
    await line.answer('sweeps.whatIf', 1, moved)
    expect([ranges.choices.chosen, ranges.choices.rangesPlace.model]).toEqual(['0-1', '0-1'])
  })

  it('is closed by another sweep, and shows no model that was scored without it', async () => {
    const { line, ranges } = await opened()
    void ranges.whatIf.change({ sampler: { temperature: 2, minP: 0 } })
    await settled()
    const { sweep, selection } = answer(0.9, 0.5)
    const less = sweep.ranges.filter(({ start }) => start === 0)
    await line.answer('sweeps.whatIf', 0, { sweep: { ...sweep, ranges: less }, selection })
    expect([ranges.choices.chosen, ranges.chosenModel]).toEqual(['1-1', null])
    void ranges.show('other')
    await line.answer('checks.get', 1, null)
    await line.answer('sweeps.get', 1, { ...SWEEP, id: 'other' })
    expect([ranges.whatIf.asked, ranges.chosenModel?.score.diversity]).toEqual([null, 0.8])
  })

  it('counts ranges without a score in the answer, because a preview has only estimated them as swept', async () => {
    const { line, ranges } = await opened()
    const previewed = { ...shownSweep(SWEEP), preview: PREVIEW }
    void ranges.show('preview')
    await line.answer('checks.get', 1, null)
    await line.answer('sweeps.get', 1, { ...previewed, id: 'preview' })
    expect(ranges.whatIf.unknownCount).toBe(0)
    void ranges.whatIf.change({ rho: 0.6 })
    await line.answer('sweeps.whatIf', 0, { ...answer(0.9, 0.5), sweep: previewed })
    expect(ranges.whatIf.unknownCount).toBe(0)
    void ranges.whatIf.change({ sampler: { temperature: 2, minP: 0 } })
    await settled()
    const without = { ...previewed, preview: { ...PREVIEW, ranges: [] } }
    await line.answer('sweeps.whatIf', 1, { ...answer(0.9, 0.5), sweep: without })
    expect(ranges.whatIf.unknownCount).toBe(1)
  })

  it('says whether another sweep would know of samplers, and moves between those that are kept', () => {
    const task = tinyTaskSweep()
    if (task.scoredBy.kind !== 'task') throw new Error('not scored by a task')
    const { sampling } = task.scoredBy
    expect(noSamplersWords(task)).toMatch(/Sweep again with --what-if/)
    const cut = { ...task, scoredBy: { ...task.scoredBy, sampling: { ...sampling, topP: 0.9 } } }
    expect(noSamplersWords(cut)).toMatch(/cannot be computed for this sampler\. .* top-p/)
    const kept = {
      whatIf: [
        { temperature: 2, minP: 0 },
        { temperature: 1, minP: 0.1 }
      ]
    }
    expect(noSamplersWords({ ...cut, ...kept })).toBeNull()
    expect(keptValues(kept, ({ temperature }) => temperature)).toEqual([1, 2])
    expect(nearest([1, 2, 4], 2.9)).toBe(1)
    expect(samplerOfSweep(task)).toEqual({ temperature: sampling.temperature, minP: sampling.minP })
    expect(samplerOfSweep(tinySweep())).toEqual({ temperature: 1, minP: 0 })
  })
})
