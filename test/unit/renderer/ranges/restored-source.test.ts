import { expect, it } from 'vitest'
import type { KeptRecipe } from '../../../../src/contract/documents/project'
import { shownSweep } from '../../../../src/contract/documents/shown-sweep'
import { scoreOfKey } from '../../../../src/contract/documents/swept-model'
import { elementAt } from '../../../../src/contract/model/look-up'
import { sweptRangeModel, weightsKey } from '../../../../src/contract/model/model'
import { rangeKey } from '../../../../src/contract/model/strengths'
import { boardOfSweep } from '../../../../src/renderer/ranges/board/build-board'
import { scoreOf } from '../../../../src/renderer/ranges/board/score-board'
import { boardRows, failedModels, rowColumns } from '../../../../src/renderer/ranges/board/tables'
import { tableOf } from '../../../../src/renderer/ui/table'
import { scoredModel } from '../../../../src/renderer/recipes/scored-models'
import { KEPT_AT, sweepFixture } from '../../../fixtures/project-documents'
import { projectState, settled, showSweep, openSession } from '../../../fixtures/scripted-line'
import { whole } from '../../../fixtures/tiny-sweep'

const SOURCE = { name: 'sft', path: '/models/sft', fingerprint: 'f1' }
const FROM_BASE = { name: 'Layers 0–1', ranges: [[0, 1]] as [number, number][] }
const stored = sweepFixture()
/** A sweep restored to another checkpoint, which also scored a recipe that restores the same layers to base. */
const SWEEP = {
  ...stored,
  source: SOURCE,
  recipes: [{ ...stored.post, validity: 0.42, diversity: 0.24, recipe: FROM_BASE }]
}
const SHOWN = shownSweep(SWEEP)
const RANGE = elementAt(
  SWEEP.ranges.filter(({ start, end }) => start === 0 && end === 1),
  0,
  'range'
)
const BASE_KEY = '0-1'
const SOURCE_KEY = '0-1 of f1'

const kept: KeptRecipe = {
  id: 'kept-1',
  mark: 0,
  recipe: FROM_BASE,
  keptAt: KEPT_AT,
  sweepId: null,
  scoredBy: { kind: 'crc' },
  validity: 0.42,
  diversity: 0.24
}

it('a range is identified by its layers and its source', () => {
  for (const source of [null, SOURCE])
    expect(rangeKey(RANGE, { source })).toBe(weightsKey(sweptRangeModel(RANGE, { layerCount: 2, source })))
  expect(rangeKey(RANGE, SWEEP)).toBe(SOURCE_KEY)
})

it('the scores of a recipe from base are not those of the same layers restored to another checkpoint', () => {
  expect(scoredModel(SHOWN, null, BASE_KEY)).toMatchObject({ kind: 'recipe', score: { validity: 0.42 } })
  expect(scoredModel(SHOWN, null, SOURCE_KEY)).toMatchObject({
    kind: 'range',
    score: { validity: RANGE.validity }
  })
  const board = boardOfSweep(SHOWN)
  expect(scoreOf(board, BASE_KEY)?.validity).toBe(0.42)
  expect(scoreOf(board, SOURCE_KEY)?.validity).toBe(RANGE.validity)
  expect(scoreOfKey(SWEEP, BASE_KEY)?.prompts).toBe(stored.post.prompts)
  expect(scoreOfKey(SWEEP, SOURCE_KEY)?.prompts).toBe(RANGE.prompts)
})

it('the table has one row for each of the two, and marks as failed only the range that fails the check', () => {
  const board = boardOfSweep(SHOWN)
  const rows = boardRows(board).filter(({ key }) => [BASE_KEY, SOURCE_KEY].includes(key))
  expect(rows.map(({ key, kind }) => [key, kind])).toEqual([
    [SOURCE_KEY, 'range'],
    [BASE_KEY, 'recipe']
  ])
  expect(tableOf(rowColumns(board), rows).rows.map(([name]) => name)).toEqual(['0-1 from sft', 'Layers 0–1'])
  const failing = { ...whole(0.1, 0.1), recipe: sweptRangeModel(RANGE, SWEEP).recipe }
  const check = { layerCount: 2, source: SOURCE, post: whole(0.9, 0.4), models: [failing], baselines: [] }
  expect([...failedModels(board, check, 0.9)]).toEqual([SOURCE_KEY])
})

it('a kept recipe from base is inspected as itself in a sweep restored to another checkpoint', async () => {
  const document = { ...projectState().document, recipes: [kept] }
  const { line, session, ranges } = await openSession(projectState({ document }))
  await showSweep(line, { ranges }, SWEEP)
  ranges.choices.inspectRecipe(FROM_BASE)
  await settled()
  expect(ranges.choices.chosen).toBe(BASE_KEY)
  expect(ranges.chosenModel).toMatchObject({ kind: 'recipe', name: 'Layers 0–1', score: { validity: 0.42 } })
  expect(weightsKey(ranges.chosenModel?.model ?? { kind: 'post' })).toBe(BASE_KEY)
  expect(line.call('sweeps.scores', line.of('sweeps.scores').length - 1).input).toMatchObject({
    model: BASE_KEY
  })
  expect(session.lookOf('ranges').model).toBe(BASE_KEY)

  // An address of the range itself names its checkpoint.
  ranges.choices.applyPlace({ model: SOURCE_KEY, metric: null, against: null, tab: null })
  expect(ranges.chosenModel).toMatchObject({ kind: 'range', score: { validity: RANGE.validity } })
})
