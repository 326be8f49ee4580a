import { expect, it } from 'vitest'
import type { VariantResult } from '../../../../src/contract/documents/evaluation'
import { EvaluationFacts, type ReportedEvaluation } from '../../../../src/contract/documents/report'
import { PAPER_SAMPLING, type Variant } from '../../../../src/contract/documents/samples'
import { blendStrengths } from '../../../../src/contract/model/strengths'
import type { TableCell } from '../../../../src/main/report/blocks'
import { collectReport } from '../../../../src/main/report/collect'
import { type StudyPagePair, sideBySideSections } from '../../../../src/main/report/side-by-side'
import { readPairState } from '../../../../src/main/project/pair-state'
import { comparedSweep } from '../../../fixtures/compared-sweeps'
import { evaluationRun, taskFixture } from '../../../fixtures/evaluation-documents'
import { openDemo } from '../../../fixtures/open-demo'

const result = (variant: string, mean: number): VariantResult => ({
  variant,
  answerCount: 8,
  measures: { distinctRight: { mean, interval: null, promptCount: 2 } },
  differences: {},
  passAtK: []
})

/** An evaluation of these, which come to 1, 2, 3, … distinct right answers. */
function evaluation(variants: (Variant & { temperature?: number })[]): ReportedEvaluation {
  const { prompts, ...task } = taskFixture({ name: 'Open', kind: 'open-ended' })
  const checkpoint = { name: 'm', fingerprint: 'f' }
  return {
    ...EvaluationFacts.parse(evaluationRun()),
    judging: [],
    answered: true,
    complete: true,
    origin: { base: checkpoint, post: checkpoint, changed: [] },
    annotations: { name: '', note: '', pinned: false },
    task: { ...task, promptCount: prompts.length },
    variants: variants.map(({ temperature, ...variant }) => ({
      variant,
      ...(temperature === undefined ? {} : { sampling: { ...PAPER_SAMPLING, temperature } })
    })),
    results: {
      comparedWith: 'post',
      variants: variants.map(({ name }, place) => result(name, place + 1)),
      ...{ besideRanges: [], categories: [], proxy: [], pairs: null }
    }
  }
}

const range = (name: string, start: number, end: number): Variant => ({
  ...{ kind: 'recipe', name },
  recipe: { name, ranges: [[start, end]] }
})

async function twoPairs(): Promise<[StudyPagePair, StudyPagePair]> {
  const project = await openDemo({ name: 'Study' })
  await project.addPair({ kind: 'demo', pair: 'blend' }, 'Deeper')
  await project.addPair({ kind: 'demo', pair: 'blend' }, 'Of another study')
  await project.firstPair.saveSweep(comparedSweep({ id: 'small', layerCount: 6 }))
  await project.pair('pair-2').saveSweep(comparedSweep({ id: 'deep', layerCount: 10 }))
  const page = async (id: string, evaluations: StudyPagePair['evaluations']): Promise<StudyPagePair> => {
    const own = project.pair(id)
    const report = await collectReport(own, await readPairState(own), undefined)
    return { name: own.document.name, report, href: `s-${id}.html`, evaluations }
  }
  return [
    await page('pair-1', [
      evaluation([
        { kind: 'post', name: 'post' },
        range('Layers 3–5', 3, 5),
        range('mine', 1, 1),
        { ...range('Layers 3–5, temperature 1.5', 3, 5), temperature: 1.5 }
      ]),
      null
    ]),
    await page('pair-2', [
      evaluation([
        { kind: 'post', name: 'post' },
        { kind: 'base', name: 'base' },
        range('Layers 5–9', 5, 9),
        {
          kind: 'recipe',
          name: 'half',
          recipe: { name: 'half', layers: blendStrengths({ strength: 0.5 }, 10) }
        }
      ]),
      null
    ])
  ]
}

it('sets pairs side by side in one table a measure, what a sweep found under one name, all else under its own', async () => {
  const pairs = await twoPairs()
  const sections = sideBySideSections(pairs, ['Third is left out. There is no folder.'])
  expect(sections.map(({ id }) => id)).toEqual(['glance', 'pairs', 'evaluations', 'cost', 'reports'])
  expect(sections[0]?.blocks[0]).toEqual({ kind: 'warning', text: 'Third is left out. There is no folder.' })
  const table = sections[2]?.blocks.find((block) => block.kind === 'table')
  if (table?.kind !== 'table') throw new Error('the evaluations have no table')
  expect(table.columns.map(({ label }) => label)).toEqual([
    ...['Pair', 'post', 'selected range', 'mine', 'selected range, temperature 1.5, min-p 0.1'],
    ...['base', 'half']
  ])
  const NONE = 'no interval over 2 prompts'
  expect(table.rows[0]?.[1]).toMatchObject({ text: '1', detail: NONE })
  const shown = ({ text, detail }: TableCell): string =>
    [text, ...(detail === undefined ? [] : detail.split('\n').filter((line) => line !== NONE))].join(' ')
  expect(table.rows.map((row) => row.map(shown))).toEqual([
    ['Blend demo', '1', '2 Layers 3–5', '3', '4 Layers 3–5, temperature 1.5', '–', '–'],
    ['Deeper', '1', '3 Layers 5–9', '–', '–', '2', '4']
  ])
})

it('names only the pairs of the study, the time of each, and the page of each', async () => {
  const sections = sideBySideSections(await twoPairs(), [])
  const text = JSON.stringify(sections)
  expect(text).not.toContain('Of another study')
  expect(text).not.toContain('The other sections of this report')
  const [cost] = sections[3]?.blocks ?? []
  expect(
    cost?.kind === 'table' &&
      cost.rows.map(([name, ranges, , , , , answers]) => [name?.text, ranges?.text, answers?.text])
  ).toEqual([
    ['Blend demo', '21 ranges', '32'],
    ['Deeper', '55 ranges', '32']
  ])
  expect(sections[4]?.blocks).toEqual([
    {
      kind: 'links',
      links: [
        { text: 'Blend demo', href: 's-pair-1.html' },
        { text: 'Deeper', href: 's-pair-2.html' }
      ]
    }
  ])
})
