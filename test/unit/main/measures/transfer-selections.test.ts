import { beforeAll, describe, expect, it } from 'vitest'
import type { CheckedModel, FullAnswerScores } from '../../../../src/contract/documents/answer-check'
import { SweepOutline, type Transfer } from '../../../../src/contract/documents/pairs-overview'
import type { Selection, SweepDocument } from '../../../../src/contract/documents/crc'
import { elementAt } from '../../../../src/contract/model/look-up'
import type { Recipe, RestorationRange } from '../../../../src/contract/model/recipe'
import { atRelativeDepth } from '../../../../src/contract/model/relative-depth'
import { fallsShort, transferWords, uncheckedBadge } from '../../../../src/contract/words/transfer-words'
import { verdictOf } from '../../../../src/contract/words/verdict'
import { strongestBaseline } from '../../../../src/contract/words/baseline-words'
import { runToEnd } from '../../../../src/main/base/steps'
import { checkedSelection } from '../../../../src/main/crc/check/checked-selection'
import { compareSweeps } from '../../../../src/main/measures/compare-sweeps'
import { promptsKey } from '../../../../src/main/measures/matched-prompts'
import { transferSelections, type TransferPair } from '../../../../src/main/measures/transfer-selections'
import { comparedSweep, outlineOf } from '../../../fixtures/compared-sweeps'

const RHO = 0.9

async function pairOf(id: string, sweep: SweepDocument): Promise<TransferPair> {
  return { id, state: 'read', side: (await outlineOf(sweep)).side }
}

function selectionOf(sweep: SweepDocument): Selection & { selected: RestorationRange } {
  const selection = runToEnd(checkedSelection(sweep, null, RHO))
  const selected = selection?.selected ?? null
  if (selection === null || selected === null) throw new Error(`the sweep ${sweep.id} selects nothing`)
  return { ...selection, selected }
}

const sameRange =
  (range: RestorationRange) =>
  ({ start, end }: RestorationRange): boolean =>
    start === range.start && end === range.end

function cellOf(transfers: readonly Transfer[], from: string, to: string): Transfer['result'] {
  const place = transfers.findIndex((one) => one.from === from && one.to === to)
  return elementAt(transfers, place, 'transfer').result
}

/** A sweep of four layers, and one of ten in which short ranges at the end are best. */
const small = comparedSweep({ id: 'small' })
const deep = comparedSweep({ id: 'deep', layerCount: 10, diversity: (start) => 0.01 * start })

describe('a selected range in the sweep of another pair', () => {
  let transfers: Transfer[]
  beforeAll(async () => {
    transfers = transferSelections([
      await pairOf('pair-1', small),
      await pairOf('pair-2', deep),
      { id: 'pair-3', state: 'none', side: null },
      { id: 'pair-4', state: 'reading', side: null }
    ])
  })

  it('has exactly the score of the range at the same depth', async () => {
    const { selected } = selectionOf(small)
    const other = atRelativeDepth(selected, 4, 10)
    const there = elementAt(deep.ranges, deep.ranges.findIndex(sameRange(other)), 'range')
    const { validity, diversity } = there
    expect(cellOf(transfers, 'pair-1', 'pair-2')).toMatchObject({
      kind: 'carried',
      range: selected,
      other,
      score: { validity, diversity },
      gain: diversity - deep.post.diversity,
      validityKept: validity / deep.post.validity,
      keepsEnough: validity >= RHO * deep.post.validity
    })
  })

  it('is its own selection in its own sweep', async () => {
    const { selected } = selectionOf(deep)
    const itself = { range: selected, other: selected, behind: 0 }
    expect(cellOf(transfers, 'pair-2', 'pair-2')).toMatchObject(itself)
  })

  it('agrees with the comparison of the two sweeps', async () => {
    const { selection } = await compareSweeps({ sweep: small, check: null }, { sweep: deep, check: null }, { rho: RHO })
    expect(cellOf(transfers, 'pair-1', 'pair-2')).toEqual({ kind: 'carried', ...selection.a })
    expect(cellOf(transfers, 'pair-2', 'pair-1')).toEqual({ kind: 'carried', ...selection.b })
  })

  it('reports a failed full-answer check', async () => {
    const { selected } = selectionOf(small)
    const answers = { validity: 0.9, diversity: 0.3 }
    const whole = { firstToken: answers, answers, undecided: 0 }
    const recipe: Recipe = { name: 'best', ranges: [[selected.start, selected.end]] }
    const models = [{ ...whole, recipe, answers: { validity: 0.1, diversity: 0.6 } }]
    const check = { layerCount: 4, source: null, post: whole, models, baselines: [] }
    const { side } = await outlineOf(small, check)
    const checked = transferSelections([
      await pairOf('pair-1', { ...small, id: 'other' }),
      { id: 'pair-2', state: 'read', side }
    ])
    const [there, back] = [cellOf(checked, 'pair-1', 'pair-2'), cellOf(checked, 'pair-2', 'pair-1')]
    expect(there).toMatchObject({ keepsEnough: true, passesCheck: false })
    expect(back).toMatchObject({ passesCheck: null })
    if (there.kind !== 'carried') throw new Error('not carried')
    expect(fallsShort(there)).toBe('fails check')
    if (back.kind !== 'carried') throw new Error('not carried')
    expect([there, back].map((cell) => uncheckedBadge(cell, checked))).toEqual([null, 'not checked'])
    expect(uncheckedBadge(back, [])).toBeNull()
    const words = transferWords({ from: 'pair-1', to: 'pair-2', result: there }, (id) => id, null)
    expect(words).toMatch(/; it fails the full-answer check there\.$/)
  })

  it('gives the reason if there is none', async () => {
    expect(transfers).toHaveLength(16)
    expect(cellOf(transfers, 'pair-1', 'pair-3')).toEqual({ kind: 'none', why: 'target not swept' })
    expect(cellOf(transfers, 'pair-3', 'pair-1')).toEqual({ kind: 'none', why: 'source not swept' })
    expect(cellOf(transfers, 'pair-1', 'pair-4')).toEqual({ kind: 'none', why: 'reading' })
    const flat = comparedSweep({ diversity: () => -1 })
    const some = { ...small, ranges: small.ranges.slice(0, 1) }
    const sweeps = [flat, deep, some].map((sweep, place) => pairOf(`pair-${place + 1}`, sweep))
    const few = transferSelections(await Promise.all(sweeps))
    expect(cellOf(few, 'pair-1', 'pair-2')).toEqual({ kind: 'none', why: 'nothing selected' })
    expect(cellOf(few, 'pair-2', 'pair-3')).toEqual({ kind: 'none', why: 'not scored' })
  })
})

describe('the part of a sweep that is shown beside other pairs', () => {
  it('is the verdict of the sweep', async () => {
    const selection = selectionOf(deep)
    const outline = SweepOutline.parse((await outlineOf(deep)).outline)
    expect(outline.verdict).toEqual(verdictOf({ ...deep, selection, check: null }))
    expect(outline.selected).toMatchObject({
      range: selection.selected,
      gainInterval: selection.bootstrap.selected?.diversityGain,
      intervals: { diversity: selection.bootstrap.selected?.diversity }
    })
    expect(outline.post.intervals).toEqual(selection.bootstrap.post)
    expect(outline.crossFit?.diversity).toBe(selection.crossFit?.diversity)
    expect(outline.baseline).toEqual(strongestBaseline(selection))
  })

  it('has a front that no range beats, and little of the document', async () => {
    const { outline } = await outlineOf(deep)
    for (const { validity, diversity } of outline.front)
      expect(deep.ranges.some((one) => one.validity > validity && one.diversity > diversity)).toBe(false)
    expect(JSON.stringify(outline).length * 10).toBeLessThan(JSON.stringify(deep).length)
  })

  it('has no rejected range on its front', async () => {
    const whole = (validity: number): FullAnswerScores => {
      const answers = { validity, diversity: 0.5 }
      return { firstToken: answers, answers, undecided: 0 }
    }
    const post = { ...whole(0.9), answers: { validity: 0.9, diversity: 0.3 } }
    const [best, next] = (await outlineOf(deep)).outline.front
    if (best === undefined || next === undefined) throw new Error('a front of fewer than two')
    const checkedAs = ({ range: { start, end } }: typeof best, validity: number): CheckedModel => ({
      ...whole(validity),
      recipe: { name: `${start}-${end}`, ranges: [[start, end]] }
    })
    const frontOf = async (models: CheckedModel[]): Promise<RestorationRange[]> => {
      const check = { layerCount: 10, source: null, post, models, baselines: [] }
      return (await outlineOf(deep, check)).outline.front.map(({ range }) => range)
    }
    expect(await frontOf([checkedAs(best, 0.1), checkedAs(next, 0.9)])).not.toContainEqual(best.range)
    // As the selection, it keeps them where none passes.
    expect(await frontOf([checkedAs(best, 0.1), checkedAs(next, 0.1)])).toContainEqual(best.range)
  })

  it('reports a sweep without ranges', async () => {
    const { outline } = await outlineOf({ ...small, ranges: [], selection: null })
    expect(outline).toMatchObject({ verdict: null, selected: null, front: [], rangeCount: 0 })
  })

  it('recognises the same prompts in another order', () => {
    const key = promptsKey(small.prompts)
    expect(promptsKey(small.prompts.toReversed())).toBe(key)
    expect(promptsKey(comparedSweep({ promptCount: 8 }).prompts)).not.toBe(key)
  })
})
