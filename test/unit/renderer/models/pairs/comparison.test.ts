import { describe, expect, it } from 'vitest'
import type { CheckResult } from '../../../../../src/contract/documents/answer-check'
import type { SweepDocument } from '../../../../../src/contract/documents/crc'
import type { EvaluationFinding } from '../../../../../src/contract/documents/verdict'
import type { PairsOverview, SweepOutline } from '../../../../../src/contract/documents/pairs-overview'
import type { PairBrief, ProjectState } from '../../../../../src/contract/documents/project'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { rangeModel } from '../../../../../src/contract/model/model'
import { scoreWords } from '../../../../../src/contract/words/score-words'
import { transferWords } from '../../../../../src/contract/words/transfer-words'
import { outlineSweep } from '../../../../../src/main/measures/outline-sweep'
import { transferSelections } from '../../../../../src/main/measures/transfer-selections'
import { depthPlot, depthWords, frontsPlot } from '../../../../../src/renderer/models/pairs/pair-charts'
import {
  filteredRows,
  type PairRow,
  pairRows,
  sweepingWords,
  pairColumns
} from '../../../../../src/renderer/models/pairs/pair-rows'
import { pairsTable, promptsWords, transferTable } from '../../../../../src/renderer/models/pairs/pair-tables'
import { sortRows } from '../../../../../src/renderer/ui/table'
import { tableText } from '../../../../../src/renderer/ui/table-text'
import { asPreview, comparedSweep, outlineOf } from '../../../../fixtures/compared-sweeps'
import { whole } from '../../../../fixtures/tiny-sweep'
import { pairBrief, projectState, ScriptedLine, settled, openSession } from '../../../../fixtures/scripted-line'

const WORDS = scoreWords({ kind: 'crc' })

const PAIRS: PairBrief[] = [
  pairBrief({
    id: 'pair-1',
    name: 'Qwen_2.5',
    model: { family: 'qwen2', layerCount: 12, parameterCount: 5e8 }
  }),
  pairBrief({
    id: 'pair-2',
    name: 'Llama',
    model: { family: 'llama', layerCount: 80, parameterCount: 7e10 }
  }),
  pairBrief({ id: 'pair-3', name: 'Gemma' })
]

/** Two pairs with sweeps, of 12 and of 80 layers, and one without. */
async function makeOverview(): Promise<PairsOverview> {
  const small = await outlineOf(comparedSweep({ id: 'small', layerCount: 12 }))
  const deep = await outlineOf(comparedSweep({ id: 'deep', layerCount: 80, promptCount: 2 }))
  const read = (id: string, outline: SweepOutline): PairsOverview['pairs'][number] => ({
    id,
    sweep: { state: 'read', outline },
    tasks: ['characters'],
    folders: 'same'
  })
  return {
    scorings: [{ key: 'crc', scoredBy: { kind: 'crc' }, pairCount: 2 }],
    scoring: 'crc',
    pairs: [
      read('pair-1', small.outline),
      read('pair-2', deep.outline),
      { id: 'pair-3', sweep: { state: 'none', others: [] }, tasks: [], folders: 'unseen' }
    ],
    transfers: transferSelections([
      { id: 'pair-1', state: 'read', side: small.side },
      { id: 'pair-2', state: 'read', side: deep.side },
      { id: 'pair-3', state: 'none', side: null }
    ])
  }
}

let made: Promise<PairsOverview> | null = null
/** Made once: thousands of ranges are resampled for it. */
const overviewOf = (): Promise<PairsOverview> => (made ??= makeOverview())

describe('the table of pairs', () => {
  it('reports known and unknown facts of each', async () => {
    const rows = pairRows(PAIRS, await overviewOf())
    expect(rows.map(({ status }) => status.label)).toEqual([
      expect.stringMatching(/^done: /),
      expect.stringMatching(/^done: /),
      'not swept'
    ])
    expect(rows.map(depthWords)).toEqual([
      expect.stringMatching(/^Qwen_2.5: layers \d+–11 of 12, \d+ to 100 % of the depth$/),
      expect.stringMatching(/^Llama: layers? (?:\d+–)?79 of 80, \d+ to 100 % of the depth$/),
      'Gemma: no range'
    ])
    expect(pairRows(PAIRS, null).map(({ status }) => status.label)).toEqual(['…', '…', '…'])
  })

  it('reports the running work first, then errors of the folders', async () => {
    const overview = await overviewOf()
    const running = PAIRS.map((pair) => ({ ...pair, running: ['sweep' as const] }))
    expect(elementAt(pairRows(running, overview), 0, 'row').status.label).toBe('sweeping…')
    expect([sweepingWords(0.42, false), sweepingWords(0.42, true)]).toEqual(['sweeping 42 %', 'previewing 42 %'])
    const [, ...rest] = overview.pairs
    const first = elementAt(overview.pairs, 0, 'pair')
    const changed = {
      ...overview,
      pairs: [{ ...first, folders: 'changed' as const }, ...rest]
    }
    expect(elementAt(pairRows(PAIRS, changed), 0, 'row').status).toMatchObject({
      label: 'changed on disk',
      warning: true
    })
  })

  it('shows the figures and the state that Ranges shows', async () => {
    const sweep = comparedSweep({ id: 'small', layerCount: 4 })
    const rowOf = async (
      swept: SweepDocument,
      check: CheckResult | null,
      evaluation: EvaluationFinding | null = null
    ): Promise<PairRow> => {
      const { outline } = await outlineSweep(swept, check, 0.9, () => Promise.resolve(evaluation))
      const overview = {
        ...{ scorings: [], scoring: 'crc', transfers: [] },
        pairs: [
          {
            ...{ id: 'pair-1', tasks: [], folders: 'same' as const },
            sweep: { state: 'read' as const, outline }
          }
        ]
      }
      return elementAt(pairRows(PAIRS.slice(0, 1), overview), 0, 'row')
    }
    const first = await rowOf(sweep, null)
    expect(first.headline).toMatchObject({ isChecked: false, best: { validity: 0.88 } })
    const range = first.range ?? { start: 0, end: 0 }
    const { recipe } = rangeModel(range)
    const check = {
      layerCount: 4,
      source: null,
      post: whole(0.9, 0.3),
      models: [{ ...whole(0.85, 0.5), recipe }],
      baselines: []
    }
    expect((await rowOf(sweep, check)).headline).toEqual({
      post: { validity: 0.9, diversity: 0.3 },
      best: { validity: 0.85, diversity: 0.5 },
      isChecked: true
    })
    const loss: EvaluationFinding = {
      ...{ evaluationId: 'e', task: 'Letters', diversity: 'better', better: null },
      loss: { measure: 'accuracy', mean: -0.2, postMean: 1 }
    }
    expect((await rowOf(sweep, check, loss)).status).toMatchObject({
      label: 'done: 20 % fewer right answers',
      warning: true
    })
    // Without validity of post, nothing is selected, as in Ranges.
    const unfit = { ...sweep, post: { ...sweep.post, validity: 0.01 } }
    const row = await rowOf(unfit, null)
    expect([row.range, row.headline?.best, row.status.warning]).toEqual([null, null, true])
  })

  it('is sorted with missing values last, and filtered by every word', async () => {
    const rows = pairRows(PAIRS, await overviewOf())
    const names = (descending: boolean): string[] =>
      sortRows(rows, pairColumns(WORDS), { column: 'size', descending }).map(({ name }) => name)
    expect(names(true)).toEqual(['Llama', 'Qwen_2.5', 'Gemma'])
    expect(names(false)).toEqual(['Qwen_2.5', 'Llama', 'Gemma'])
    expect(filteredRows(rows, 'done LLAMA').map(({ name }) => name)).toEqual(['Llama'])
    expect(filteredRows(rows, 'not swept').map(({ name }) => name)).toEqual(['Gemma'])
  })

  it('is copied as Markdown, LaTeX and CSV, with plain text escaped', async () => {
    const rows = pairRows(PAIRS, await overviewOf())
    const table = pairsTable(rows, WORDS)
    const markdown = tableText(table, 'Markdown').split('\n')
    expect(markdown).toHaveLength(6)
    expect(markdown[0]).toMatch(/^\| Pair \| Family \| Layers \| /)
    expect(markdown[2]).toMatch(/^\| Qwen\\_2\.5 \| qwen2 \| 12 \| 500\.0 M \| \d+–11 \| \d\.\d{3} \\\[/)
    expect(markdown[4]).toContain('| Gemma | – |')
    const latex = tableText(table, 'LaTeX')
    expect(latex).toMatch(/^\\begin\{tabular\}\{llrl/)
    expect(latex).toContain('Qwen\\_2.5 & qwen2 & 12 & 500.0 M')
    expect(latex).toMatch(/\d \\% & [^\n]* \\\\\n/)
    expect(latex).toMatch(/\\bottomrule\n\\end\{tabular\}\n$/)
    expect(tableText(table, 'CSV').split('\r\n')[1]).toMatch(/^Qwen_2\.5,qwen2,12,500\.0 M,\d+–11,"0\.\d{3} \[/)
  })

  it('says which pairs were asked something else', async () => {
    const rows = pairRows(PAIRS, await overviewOf())
    expect(promptsWords(rows, WORDS)).toBe('Different prompts than Qwen_2.5: Llama.')
    expect(promptsWords(rows.slice(0, 1), WORDS)).toBeNull()
  })
})

describe('the charts of pairs', () => {
  it('draw every front over the share of its own post, and the selected ranges over depth', async () => {
    const rows = pairRows(PAIRS, await overviewOf())
    const fronts = frontsPlot(rows, WORDS)
    expect(fronts.series.map(({ name }) => name)).toEqual([
      'Qwen_2.5',
      'Qwen_2.5',
      'Qwen_2.5',
      'Llama',
      'Llama',
      'Llama'
    ])
    const selected = elementAt(rows, 0, 'row').outline?.selected
    expect(elementAt(fronts.series, 2, 'series').points).toMatchObject([{ x: selected?.kept, y: selected?.diversity }])
    const depths = depthPlot(rows)
    expect(depths.series.map(({ points }) => points.map(({ x }) => x)[1])).toEqual([1, 1])
    expect([2, 1, 0].map((tick) => depths.y.tick?.(tick))).toEqual(['Qwen_2.5', 'Llama', ''])
  })
})

it('marks a preview as one in the table, in every copy, in the charts and in the transfer', async () => {
  const preview = asPreview(comparedSweep({ id: 'preview', layerCount: 6 }), ({ start }) => start > 2)
  const { outline, side } = await outlineOf(preview)
  const overview: PairsOverview = {
    ...(await overviewOf()),
    pairs: [
      {
        id: 'pair-1',
        sweep: { state: 'read', outline },
        tasks: ['characters'],
        folders: 'same'
      }
    ],
    transfers: transferSelections([{ id: 'pair-1', state: 'read', side }])
  }
  const rows = pairRows(PAIRS.slice(0, 1), overview)
  const { status } = elementAt(rows, 0, 'row')
  expect(status.label).toMatch(/^preview, 6 of 21 ranges exact: /)
  for (const format of ['Markdown', 'CSV', 'LaTeX'] as const) {
    expect(tableText(pairsTable(rows, WORDS), format)).toContain('preview, 6 of 21 ranges exact')
    expect(tableText(pairsTable(rows, WORDS), format)).toContain('Diversity of first tokens, selected')
    expect(tableText(transferTable(overview.transfers, rows, WORDS), format)).toMatch(
      /Gain in Qwen\\?_2\.5 \(preview\), first tokens/
    )
  }
  for (const { series } of [frontsPlot(rows, WORDS), depthPlot(rows)])
    expect(new Set(series.map(({ name }) => name))).toEqual(new Set(['Qwen_2.5 (preview)']))
})

describe('the names in charts of pairs', () => {
  it('lose their middle where they are long, but not the part that distinguishes two', async () => {
    const called = async (first: string, second: string): Promise<(string | undefined)[]> => {
      const pairs = PAIRS.map((pair, place) => ({ ...pair, name: [first, second, 'Gemma'][place] ?? '' }))
      const { y } = depthPlot(pairRows(pairs, await overviewOf()))
      return [2, 1].map((tick) => y.tick?.(tick))
    }
    expect(await called('a-family-with-a-long-name-SFT', 'a-family-with-a-long-name-DPO')).toEqual([
      'a-family-with…long-name-SFT',
      'a-family-with…long-name-DPO'
    ])
    const alike = ['a-family-with-SFT-and-a-long-name', 'a-family-with-DPO-and-a-long-name'] as const
    expect(await called(...alike)).toEqual(alike)
  })
})

describe('the transfer of pairs', () => {
  it('describes a range in another pair, or why it has no counterpart', async () => {
    const overview = await overviewOf()
    const rows = pairRows(PAIRS, overview)
    const nameOf = (id: string): string => rows.find((row) => row.id === id)?.name ?? id
    const told = overview.transfers.map((transfer) =>
      transferWords(transfer, nameOf, rows.find(({ id }) => id === transfer.to)?.outline ?? null)
    )
    expect(told[0]).toMatch(
      /^Qwen_2\.5 selects layers \d+–11: diversity of first tokens \d\.\d{3}, \+\d\.\d{3} over post; /
    )
    expect(told[1]).toMatch(
      /^The selection of Qwen_2\.5, layers \d+–11, matches layers? (?:\d+–)?79 of Llama by depth: diversity /
    )
    expect(told[2]).toBe('Gemma has no sweep that is scored by this.')
    expect(transferTable(overview.transfers, rows, WORDS).rows[2]).toEqual(['Gemma', ...Array<null>(7).fill(null)])
  })
})

describe('the comparison of pairs', () => {
  it('is followed while it is shown, and again with other settings', async () => {
    const { line, session } = await openSession(projectState({ pairs: PAIRS }))
    const { comparison } = session
    expect(line.of('pairs.overview')).toHaveLength(0)
    const hide = comparison.show()
    await settled()
    expect(line.call('pairs.overview', 0).input).toMatchObject({ scoring: null })
    comparison.compareBy('crc')
    await settled()
    expect(line.call('pairs.overview', 0).signal?.aborted).toBe(true)
    expect(line.call('pairs.overview', 1).input).toMatchObject({ scoring: 'crc' })
    hide()
    expect(line.call('pairs.overview', 1).signal?.aborted).toBe(true)
  })

  it('shows the reported states of the chosen rows, or of all', async () => {
    const { session } = await openSession(projectState({ pairs: PAIRS }))
    const { comparison } = session
    comparison.overview = await overviewOf()
    expect(comparison.compared).toHaveLength(3)
    comparison.choose('pair-2', true)
    expect(comparison.compared.map(({ name }) => name)).toEqual(['Llama'])
    comparison.filter = 'qwen'
    expect(comparison.compared.map(({ name }) => name)).toEqual(['Qwen_2.5'])
  })

  it('follows how far the sweep of any pair is', async () => {
    const line = new ScriptedLine()
    const running = (kinds: ProjectState['running']): PairBrief[] =>
      PAIRS.map((pair) => (pair.id === 'pair-2' ? { ...pair, running: kinds } : pair))
    const { session } = await line.openProject(projectState({ pairs: running([]) }))
    const hide = session.comparison.show()
    await settled()
    session.accept(projectState({ pairs: running(['sweep']) }))
    await settled()
    expect(line.call('sweeps.watch', 0).input).toMatchObject({ pair: 'pair-2' })
    session.accept(projectState({ pairs: running([]) }))
    expect(line.call('sweeps.watch', 0).signal?.aborted).toBe(true)
    hide()
  })
})
