import { expect, it } from 'vitest'
import { LINEAGE_COLUMNS, LineageDocument, lineageRows } from '../../../../src/contract/documents/lineage'
import { elementAt } from '../../../../src/contract/model/look-up'
import { OPEN_SAMPLING } from '../../../../src/contract/model/sampling'
import { estimateText, infiniteDivergenceWords, lineageFindings } from '../../../../src/contract/words/lineage-words'
import { tinyLineage } from '../../../fixtures/lineage'

it('an estimate that rounds to zero keeps its first digit, and lies within its interval', () => {
  expect(estimateText({ difference: -0.0003, interval: [-0.0004, -0.0001] })).toBe('−0.0003 (−0.0004 to −0.0001)')
  expect(estimateText({ difference: 0, interval: [-0.2, 0.1] })).toBe('0.000 (−0.200 to +0.100)')
})

it('a lineage names the stage that lost diversity, and layers that stages changed', () => {
  expect(lineageFindings(LineageDocument.parse(tinyLineage()))).toEqual([
    'Most diversity was lost from sft to post: 0.800 to 0.400.',
    'No range of post gives diversity back at enough validity.',
    'Of single layers, layer 1 gives back most: +0.400 (+0.300 to +0.500).',
    'sft changed no layer.',
    'post changed only layer 1.'
  ])
})

it('an infinite divergence is explained by the sampler, and a finite one is not mentioned', () => {
  const lineage = tinyLineage()
  expect(infiniteDivergenceWords(lineage)).toEqual([])
  const [base, sft, post] = [0, 1, 2].map((index) => elementAt(lineage.stages, index, 'stage'))
  if (base === undefined || sft === undefined || post === undefined) throw new Error('too few stages')
  const stages = [base, sft, { ...post, klToBase: null }]
  expect(infiniteDivergenceWords({ ...lineage, stages })).toEqual([
    'KL to base is infinite for post: they give answers that base never gives.'
  ])
  const sampling = { ...OPEN_SAMPLING, minP: 0.05 }
  const scoredBy = { kind: 'task' as const, task: { id: 'a', name: 'A' }, sampling, draws: 4 }
  expect(infiniteDivergenceWords({ ...lineage, stages, scoredBy })).toEqual([
    'KL to base is infinite for post: they give answers that base never gives at temperature 1, min-p 0.05.'
  ])
})

it('the table of a lineage has a row for each layer and each share, all of one length', () => {
  const rows = lineageRows(tinyLineage())
  expect(rows).toHaveLength(6 + 1)
  const columns = LINEAGE_COLUMNS.split(' ')
  expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([columns.length]))
  const share = Object.fromEntries(columns.map((name, index) => [name, rows[6]?.[index]]))
  expect(share).toMatchObject({
    ...{ stage: 'post', against: null, layer: null, start: 0, end: 1 },
    ...{ diversity_share: -0.4, diversity_share_low: -0.5, validity_share: 0 }
  })
})
