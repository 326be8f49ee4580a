import { appendFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BY_CHARACTERS } from '../../../../src/contract/documents/scored-by'
import { DEFAULT_RENDERING, type Score, type SweepDocument } from '../../../../src/contract/documents/crc'
import { DEFAULT_JUDGE } from '../../../../src/contract/documents/judge'
import { rubricOf } from '../../../../src/contract/model/task-kinds'
import { Report } from '../../../../src/contract/documents/report'
import { PAPER_SAMPLING } from '../../../../src/contract/documents/samples'
import { builtinPromptSet } from '../../../../src/main/crc/task/builtin-prompts'
import { selectionOf } from '../../../../src/main/crc/selection/compare-baselines'
import { computeSelection as selectionSteps } from '../../../../src/main/crc/selection/selection'
import { builtinTask } from '../../../../src/main/evaluation/builtin-tasks'
import { inlineMarkdown } from '../../../../src/main/base/markdown-text'
import { readPairState } from '../../../../src/main/project/pair-state'
import { pairPaths } from '../../../../src/main/project/demo'
import { openProject } from '../../../../src/main/project/open-project'
import type { Project } from '../../../../src/main/project/project'
import { collectReport } from '../../../../src/main/report/collect'
import { printCheck, printEvaluation, printExport, printSearch, printSweep } from '../../../../src/main/report/commands'
import { reportMarkdown } from '../../../../src/main/report/write'
import { reportPage } from '../../../../src/main/report/page'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { openDemo } from '../../../fixtures/open-demo'
import { NOT_SCORED, sweepFixture } from '../../../fixtures/project-documents'
import { tinyCheck, tinySearch, tinySweep, tinyTaskSweep, whole } from '../../../fixtures/tiny-sweep'
import { problemOf } from '../../../fixtures/problems'
import { tinyLineage } from '../../../fixtures/lineage'
import { sampleLines, sampleRunFixture } from '../../../fixtures/sample-documents'
import { runToEnd } from '../../../../src/main/base/steps'

const computeSelection = (...given: Parameters<typeof selectionSteps>) => runToEnd(selectionSteps(...given))

async function reportOf(project: Project, sweepId?: string): Promise<Report> {
  const state = await readPairState(project.firstPair)
  return collectReport(project.firstPair, state, sweepId, new Date('2026-02-03T04:05:06.000Z'))
}

/** Made-up scores, and what is selected by them. */
function selectedSweep(changes: Parameters<typeof sweepFixture>[0] = {}): SweepDocument {
  const sweep = sweepFixture(changes)
  const selected = computeSelection(sweep, 0.9)
  return { ...sweep, selected: selected.selected, selection: selected }
}

/** The same of the demo pair as it is. */
async function ownSweep(project: Project, changes: Parameters<typeof sweepFixture>[0] = {}) {
  const { pair } = await readPairState(project.firstPair)
  if (pair === null) throw new Error('the demo pair can be read')
  const sweep = selectedSweep(changes)
  return {
    ...sweep,
    basePath: { path: pair.base.path, fingerprint: pair.base.fingerprint },
    postPath: { path: pair.post.path, fingerprint: pair.post.fingerprint }
  }
}

describe('the content of a report', () => {
  it('of an empty project: its pair, and a sentence for every missing part', async () => {
    const project = await openDemo()
    const report = await reportOf(project)
    expect(Report.parse(report)).toEqual(report)
    expect(report).toMatchObject({
      createdAt: '2026-02-03T04:05:06.000Z',
      pair: { base: { name: 'blend-pair/base', layerCount: 12, sha256: null } },
      ...{ sweep: null, distances: null, samples: [], evaluations: [], warnings: [] }
    })
    expect(report.reproduction.map(({ part }) => part)).toEqual(['The pair and its layers'])
    const text = reportMarkdown(report)
    for (const missing of [
      ...['Nothing was swept yet', 'Not computed yet', 'No sweep yet', 'No recipe was kept'],
      ...['No answers were sampled yet', 'Nothing was sampled for it yet', 'No task was evaluated yet']
    ])
      expect(text).toContain(missing)
    const page = reportPage(report)
    expect(page).toContain('No sweep yet')
    expect(page).not.toMatch(/<script|<figure/)
  })

  it('of the requested sweep, selected with the current rho, without the scores of each prompt', async () => {
    const project = await openDemo()
    await project.firstPair.saveSweep(await ownSweep(project, { id: 'older', layerCount: 3 }))
    const newer = { id: 'newer', createdAt: '2026-01-03T03:04:05.000Z', layerCount: 4 }
    await project.firstPair.saveSweep(await ownSweep(project, newer))
    await project.firstPair.update({ settings: { rho: 0.2 } })
    const newest = (await reportOf(project)).sweep
    expect(newest).toMatchObject({ id: 'newer', promptCount: 2, selection: { rho: 0.2 } })
    expect(newest?.ranges).toHaveLength(10)
    const best = newest?.ranges
      .filter(({ validity }) => validity >= (newest.selection?.minimumValidity ?? 1))
      .reduce((a, b) => (b.diversity > a.diversity ? b : a))
    expect(newest?.selection?.selected).toEqual({ start: best?.start, end: best?.end })
    expect(newest?.verdict?.state).toBe('unfit-prompts')
    const older = await reportOf(project, 'older')
    expect(older.sweep).toMatchObject({ id: 'older', layerCount: 3 })
    expect(older.sweepCount).toBe(2)
    expect(JSON.stringify(older.sweep)).not.toContain('probabilities')
    expect(await problemOf(reportOf(project, 'none'))).toMatchObject({ code: 'not-found' })
  })

  it('of a task speaks of precision and coverage, also where it searched, and nowhere of the character task', async () => {
    const project = await openDemo()
    const sweep = tinyTaskSweep()
    const recipe = { name: 'upper', ranges: [[1, 1] satisfies [number, number]] }
    const selected = computeSelection(sweep, 0.9)
    await project.firstPair.saveSweep({ ...sweep, selected: selected.selected, selection: selected })
    await project.firstPair.saveSearch({ ...tinySearch(recipe), sweepId: sweep.id, scoredBy: sweep.scoredBy })
    const report = await reportOf(project)
    const text = reportMarkdown({ ...report, warnings: [], pair: null, reproduction: [], recipes: [] })
    expect(text).toContain('Scored by listed answers of the task "Letters", exact, temperature 1, min-p 0.1, 32 draws')
    expect(text).toContain('distinct right in 32')
    const ofSweep = text.slice(text.indexOf('## The sweep'), text.indexOf('## Kept recipes'))
    expect(ofSweep).toContain('Beyond one range')
    expect(ofSweep).not.toMatch(/validity|diversity|effective choices|first token/i)
    const kept = { id: 'mine', mark: 0, recipe, keptAt: '2026-01-03T00:00:00.000Z', ...NOT_SCORED }
    await project.firstPair.edit(() => ({ recipes: [kept] }))
    const withKept = reportMarkdown(await reportOf(project))
    expect(withKept.slice(withKept.indexOf('## Kept recipes'))).toContain(
      'by the task “Letters”: Not worth restoring: the gain of layer 1 may be none'
    )
    expect((await printSweep(sweep, 0.9))[0]).toMatchObject({
      command: expect.stringMatching(/ --task letters\.json --temperature 1 .*--min-p 0\.1 .*--draws 32/),
      files: [{ name: 'letters.json' }]
    })
    expect(project.firstPair.sweeps[0]?.scoredBy).toEqual({
      ...{ kind: 'task', draws: 32, sampling: PAPER_SAMPLING },
      task: { id: 'letters', name: 'Letters' }
    })
  })

  it('of full answers: the result of the check, at a glance, beside the sweep, of kept recipes and of a search', async () => {
    const project = await openDemo()
    const tiny = tinySweep()
    // Each prompt as diverse as the range is.
    const ranges = tiny.ranges.map((range) => ({
      ...range,
      prompts: range.prompts.map((prompt) => ({ ...prompt, diversity: range.diversity }))
    }))
    await project.firstPair.saveSweep({ ...tiny, ranges })
    const recipe = { name: 'upper', ranges: [[1, 1] satisfies [number, number]] }
    await project.firstPair.saveAnswerCheck(tinyCheck([{ recipe, ...whole(0.5, 0.8) }]))
    const keptAt = '2026-01-03T00:00:00.000Z'
    const source = { sweepId: 'tiny', scoredBy: BY_CHARACTERS, validity: 0.92, diversity: 0.8 }
    await project.firstPair.edit(() => ({ recipes: [{ id: 'upper', mark: 0, recipe, keptAt, ...source }] }))
    await project.firstPair.saveSearch(tinySearch(recipe))
    const report = await reportOf(project)
    expect(report.sweep).toMatchObject({
      verdict: { state: 'check-failed' },
      check: { models: { length: 1 } }
    })
    const text = reportMarkdown(report)
    const failure = /Layer 1 fails the check: 50 % of full answers are valid, 88 % is the limit/g
    expect(text.match(failure)).toHaveLength(2)
    expect(text).toMatch(/\| upper \| 0\.500 \| 0\.500.* \| 0\.800 \| fails \|/)
    expect(text).toContain('fails the check, 0.500 on full answers')
    expect(text).toMatch(/upper fails the check: .*\. It is more diverse than layer 0/)
  })

  it('of each other kind of sweep what the newest found, and how to report it in full', async () => {
    const project = await openDemo()
    const older = { id: 'older-task', createdAt: '2025-12-01T00:00:00Z' }
    await project.firstPair.saveSweep({ ...tinyTaskSweep(), ...older })
    await project.firstPair.saveSweep(tinyTaskSweep())
    await project.firstPair.saveSweep(tinySweep())
    const report = await reportOf(project, 'tiny')
    expect(report.otherSweeps.map(({ id }) => id)).toEqual(['tiny-task'])
    const text = reportMarkdown(report)
    expect(text).toContain('Another sweep, scored by listed answers of the task "Letters"')
    expect(text).toMatch(/layer 1: precision 0\.920, coverage 0\.800/)
    expect(text).toContain('slr report Demo.slr --sweep tiny-tas')
    expect((await reportOf(project, 'tiny-task')).otherSweeps.map(({ id }) => id)).toEqual(['tiny'])
  })

  it('of the best ranges which fail the check, and of halves of which range they are', async () => {
    const project = await openDemo()
    const sweep = tinySweep()
    const [first] = sweep.ranges
    if (first === undefined) throw new Error('the tiny sweep has ranges')
    const attention = { name: 'Attention 1', layers: [0, 1].map((share) => ({ attention: share, mlp: 0 })) }
    const recipes: SweepDocument['recipes'] = [{ ...first, recipe: attention, alone: 'attention' }]
    await project.firstPair.saveSweep({ ...sweep, recipes })
    const checked = (layer: number, validity: number) => ({
      recipe: { name: `Layer ${layer}`, ranges: [[layer, layer] satisfies [number, number]] },
      ...whole(validity, 0.8)
    })
    await project.firstPair.saveAnswerCheck(tinyCheck([checked(1, 0.5), checked(0, 0.95)]))
    const text = reportMarkdown(await reportOf(project))
    expect(text).toMatch(/\| 1 \| 0\.920 .*\| fails check \|/)
    expect(text).toMatch(/\| 0 \| 0\.950 .*\| passes \|/)
    expect(text).toContain('that keep the validity on first tokens')
    expect(text).toMatch(/Attention 1.*half of layer 1, which the sweep itself selected/)
  })

  it('of a split sweep which prompts selected the range, and which gave its gain', async () => {
    const project = await openDemo()
    const tiny = tinySweep()
    const fourTimes = <Of>(list: readonly Of[]): Of[] => [0, 1, 2, 3].flatMap(() => list)
    const scored = <Of extends Score>(score: Of): Of => {
      const { validity, diversity } = score
      const prompts = fourTimes(score.prompts).map((prompt) => ({ ...prompt, validity, diversity }))
      return { ...score, prompts }
    }
    const [post, ranges, prompts] = [scored(tiny.post), tiny.ranges.map(scored), fourTimes(tiny.prompts)]
    const sweep = { ...tiny, post, ranges, prompts, base: null }
    const holdOutSplit = { seed: 1, selection: [0, 1, 2, 3, 4, 5], holdOut: [6, 7, 8, 9, 10, 11] }
    const selection = runToEnd(selectionOf({ ...sweep, holdOutSplit }, sweep.ranges, 0.9))
    await project.firstPair.saveSweep({ ...sweep, holdOutSplit, selection, selected: selection.selected })
    const text = reportMarkdown(await reportOf(project))
    expect(text).toContain("(ρ = 0.9 of post's on the 6 selection prompts)")
    expect(text).toMatch(/Gain in diversity.* on the 6 hold-out prompts/)
    expect(text).toMatch(/bootstrap resamples of the 6 selection prompts by category/)
    expect(text).toContain('of the resamples of the 6 selection prompts')
    expect(text).not.toMatch(/resamples? of the prompts/)
  })

  it('of results of other checkpoints that they are, and of no folder where it lies', async () => {
    const project = await openDemo()
    await project.firstPair.saveSweep(sweepFixture())
    const run = sampleRunFixture()
    await project.firstPair.samples.addRun(run)
    await project.firstPair.samples.appendAnswers(run.id, sampleLines(run))
    await project.firstPair.evaluations.add(evaluationRun())
    await project.firstPair.saveLineage(tinyLineage())
    const report = await reportOf(project)
    expect(Report.parse(report)).toEqual(report)
    const parts = ['The sweep', 'The lineage', 'The samples of 2026-01-02 03:04 UTC', 'The evaluation “A task”']
    const cause = 'computed from another base and post checkpoint than the pair has now.'
    expect(report.warnings).toEqual(parts.map((part) => `${part}: ${cause}`))
    expect(report.samples[0]).toMatchObject({
      answerCount: 12,
      excerpts: [{ cells: [{ answerCount: 3, distinctCount: 3 }, {}] }, {}]
    })
    expect(report.evaluations[0]?.complete).toBe(false)
    const { base, post } = pairPaths({ kind: 'demo', pair: 'blend' })
    for (const folder of ['/models/', project.path, base, post]) {
      expect(JSON.stringify(report)).not.toContain(folder)
    }
    const text = reportMarkdown(report)
    expect(text).toContain('> **Warning:** This evaluation was stopped')
    const [glance] = text.split('## Pair')
    expect(glance).toContain('1 evaluation below was stopped: differences and p-values are of the answers so far.')
    expect(glance).toContain('stopped at 0 of 24 answers')
    // Measures that count answers are beside each other only with how many there were.
    expect(glance).toContain('2 prompts × 4 answers')
    expect(text).toContain('fingerprint aa (another checkpoint than now)')
  })

  it('of a lineage which stage lost diversity, its map, its best range over all stages, and its command', async () => {
    const project = await openDemo()
    await project.firstPair.saveLineage(tinyLineage())
    const report = await reportOf(project)
    const [glance = '', ...sections] = reportMarkdown(report)
      .split(/\n(?=## )/)
      .slice(1)
    const headline = 'Most diversity was lost from sft to post: 0.800 to 0.400.'
    expect(glance).toContain(headline)
    const text = sections.join('\n')
    expect(text).toMatch(/\n## Lineage\n\n\*\*Most diversity was lost from sft to post/)
    expect(text).toContain('Layer 1 from sft: diversity 0.800')
    expect(text).toContain('It was selected from 6 ranges of 2 sources on the same 10 prompts')
    expect(text).toContain('slr lineage base sft post \\\n  --rho 0.9 \\\n  --out lineage.html')
    expect(reportPage(report).match(/<figure class="lineage(-map)?">/g)).toHaveLength(3)
  })

  it('of runs, pair and project what their names and notes say', async () => {
    const project = await openDemo()
    const own = project.firstPair
    await own.saveSweep(await ownSweep(project))
    await own.evaluations.add(evaluationRun())
    const swept = { kind: 'sweep', id: own.sweeps[0]?.id ?? '' } as const
    await own.history.annotate(swept, { name: 'As published', note: 'of *March*' })
    await own.history.annotate({ kind: 'evaluation', id: 'evaluation-1' }, { note: 'of the `task`' })
    await own.update({ notes: '# Why this pair' })
    await project.update({ notes: 'What **all** ask' })
    const report = await reportOf(project)
    const page = reportPage(report)
    for (const text of [
      'Called “As published”.',
      '<p>of <em>March</em></p>',
      '<p>of the <code>task</code></p>',
      '<h4>Why this pair</h4>',
      '<p>What <strong>all</strong> ask</p>'
    ]) {
      expect(page).toContain(text)
    }
    expect(reportMarkdown(report)).toContain('\n> of *March*\n')
  })

  it('of an unreadable result says that it is left out, and has all others', async () => {
    const project = await openDemo()
    await project.firstPair.saveSweep(await ownSweep(project))
    await project.firstPair.evaluations.add(evaluationRun())
    await appendFile(join(project.path, 'pairs/pair-1', 'evaluations', 'evaluation-1.jsonl'), '{}\n')
    const search = tinySearch({ name: 'found', ranges: [[1, 1]] })
    await project.firstPair.saveSearch({ ...search, sweepId: 'sweep-1' })
    await writeFile(join(project.path, 'pairs/pair-1', 'searches', 'tiny-search.json'), 'nonsense')
    const report = await reportOf(project)
    expect(report.sweep?.search).toBeNull()
    expect(report.evaluations).toEqual([])
    expect(report.warnings).toHaveLength(2)
    expect(report.warnings[0]).toContain('tiny-search.json')
    expect(report.warnings[1]).toContain('evaluation-1.jsonl, line 1')
  })

  it('while another program has the project open, without changing a file in it', async () => {
    const project = await openDemo()
    const before = await readdir(project.path)
    const viewed = await openProject(project.path, 'view')
    expect((await reportOf(viewed)).project.name).toBe('Demo')
    await expect(viewed.update({ name: 'Other' })).rejects.toThrow('open for viewing only')
    await viewed.close()
    expect(await readdir(project.path)).toEqual(before)
    await project.update({ name: 'Still mine' })
  })
})

describe('the commands', () => {
  it('of a sweep name its prompts only where the program would take others', async () => {
    const demo = pairPaths({ kind: 'demo', pair: 'blend' })
    const rendered = { rendered: '', tokens: [1], unreachable: [], key: '' }
    const prompts = (await builtinPromptSet('demo-crc')).map((prompt) => ({ ...prompt, ...rendered }))
    const [basePath, postPath] = [
      { path: demo.base, fingerprint: 'aa' },
      { path: demo.post, fingerprint: 'bb' }
    ]
    const [own] = await printSweep({ ...selectedSweep(), prompts, basePath, postPath }, 0.8)
    expect(own?.files).toEqual([])
    expect(own?.command.split(' \\\n  ')).toEqual([
      'slr sweep --blend-demo',
      '--no-check',
      '--rho 0.8 --seed 1',
      '--date 2026-01-01',
      '--device cpu --precision fp32',
      '--out sweep.json'
    ])
    const rendering = { ...DEFAULT_RENDERING, systemPrompt: "It's", countLeadingSpace: true }
    const [other] = await printSweep({ ...sweepFixture(), rendering }, 0.9)
    expect(other?.command).toContain(
      'slr sweep --base base --post post \\\n  --no-check \\\n  --prompts crc-prompts.json'
    )
    expect(other?.command).toContain(`--system 'It'\\''s' --date 2026-01-01 --count-leading-space`)
    const [file] = other?.files ?? []
    const valid = ['A', 'B', 'C']
    expect(JSON.parse(file?.content ?? '')).toEqual([
      { text: 'Prompt 0', category: 'letter', valid },
      { text: 'Prompt 1', category: 'letter', valid }
    ])
  })

  it('of a sweep name its source only for the ranges: recipes name their own', async () => {
    const source = { name: 'sft', path: '/models/sft', fingerprint: 'cc' }
    const sweep = selectedSweep()
    const lowest: [number, number] = [0, 0]
    const scored = { ...sweep.post, recipe: { name: 'b', ranges: [lowest] } }
    const commands = await printSweep({ ...sweep, source, recipes: [scored] }, 0.8)
    expect(commands.map(({ command }) => command.includes('--source'))).toEqual([true, false])
    expect(commands[1]?.command).toContain('--recipes recipes.json')
  })

  it('of a check name how many of the best ranges, or the very recipes where others were checked too', () => {
    const sweep = tinySweep()
    const upper = { name: 'upper', ranges: [[1, 1] satisfies [number, number]] }
    const lower = { name: 'lower', ranges: [[0, 0] satisfies [number, number]] }
    const best = printCheck(sweep, tinyCheck([{ recipe: upper, ...whole(0.5, 0.8) }]), 0.9)
    expect(best.command.split(' \\\n  ')).toEqual([
      'slr check --base base --post post',
      '--from sweep.json',
      '--best 1 --rho 0.9',
      '--out check.json'
    ])
    const other = printCheck(sweep, tinyCheck([{ recipe: lower, ...whole(0.9, 0.5) }]), 0.9)
    expect(other.command).toContain('\\\n  checked.json \\\n  --from sweep.json')
    expect(JSON.parse(other.files[0]?.content ?? '')).toEqual([lower])
  })

  it('of a search name the check that left its start out, and none that came later', () => {
    const sweep = tinySweep()
    const checked = (start: number, end: number, validity: number) => ({
      recipe: { name: `${start}-${end}`, ranges: [[start, end] satisfies [number, number]] },
      ...whole(validity, 0.8)
    })
    const check = tinyCheck([checked(1, 1, 0.5), checked(0, 0, 0.95)])
    const search = tinySearch({ name: 'x', ranges: [[0, 1]] })
    expect(printSearch(search, sweep, check).command).toContain('--check check.json')
    expect(printSearch(search, sweep, null).command).not.toContain('--check')
    const before = { ...search, range: { ...search.range, range: { start: 1, end: 1 } } }
    expect(printSearch(before, sweep, check).command).not.toContain('--check')
  })

  it('name each restored model once, also where it was kept under two names', async () => {
    const project = await openDemo()
    const kept = (id: string, mark: number) => ({
      ...{ id, mark, recipe: { name: id, ranges: [[5, 11] satisfies [number, number]] } },
      ...{ keptAt: '2026-01-03T00:00:00.000Z', sweepId: null, scoredBy: BY_CHARACTERS },
      ...{ validity: null, diversity: null }
    })
    await project.firstPair.edit(() => ({ recipes: [kept('mine', 0), kept('again', 1)] }))
    const { reproduction } = await reportOf(project)
    const models = reproduction.find(({ part }) => part === 'The restored models themselves')
    expect(models?.commands.map(({ command }) => command)).toEqual(['slr export --blend-demo 5-11 --out restored-1'])
  })

  it('of an evaluation name a built-in task, or write the task down; and the judge', async () => {
    const task = await builtinTask('demo-facts')
    const asShipped = await printEvaluation(
      evaluationRun({ task: { ...task, settings: { ...task.settings, sampleCount: 3, seed: 9 } } })
    )
    expect(asShipped.command).toContain('--task demo-facts --variants variants.json \\\n  --n 3 --seed 9')
    expect(asShipped.files.map(({ name }) => name)).toEqual(['variants.json'])
    const address = { baseUrl: 'http://localhost:8080/v1', model: 'a judge', keyVariable: 'LOCAL_API_KEY' }
    const judge = { ...DEFAULT_JUDGE, ...address, rubric: 'Mark the rhymes.' }
    const edited = await printEvaluation(evaluationRun({ task: { ...task, name: 'Mine' }, judge }))
    expect(edited.command).toContain('--task demo-facts.json')
    expect(edited.command).toContain('--judge judge.yaml --allow-address LOCAL_API_KEY@http://localhost:8080')
    expect(edited.files.map(({ name }) => name)).toEqual(['demo-facts.json', 'variants.json', 'judge.yaml'])
    expect(edited.files[2]?.content).toBe(
      'url: "http://localhost:8080/v1"\nmodel: "a judge"\nway: "marks"\nkey: "LOCAL_API_KEY"\n' +
        'rubric: "Mark the rhymes."\nanswers: 10\nrate: 60\n'
    )
    const usualJudge = { ...judge, rubric: rubricOf('reasoning', 'marks') }
    const usual = await printEvaluation(evaluationRun({ task, judge: usualJudge }))
    expect(usual.files.at(-1)?.content).not.toContain('rubric')
    const any = await printEvaluation(evaluationRun({ task, judge: { ...judge, anyModel: true } }))
    expect(any.files.at(-1)?.content).toContain('any-model: true')
  })

  it('of an evaluation name only the names of the folders of models that read answers', async () => {
    const at = (path: string) => ({ path, fingerprint: 'cc' })
    const run = evaluationRun({ embeddingModel: at('/home/me/minilm'), classifier: at('/home/me/deberta') })
    expect((await printEvaluation(run)).command).toMatch(/--embedding-model minilm [^]*--classifier deberta /)
  })

  it('of parts in one folder neither write nor read files of another part', async () => {
    const project = await openDemo()
    const task = await builtinTask('demo-facts')
    const [newer, older] = [
      evaluationRun({ id: 'newer', createdAt: '2026-01-03T00:00:00.000Z', task: { ...task, name: 'Mine' } }),
      evaluationRun({ id: 'older', task })
    ]
    for (const run of [older, newer]) await project.firstPair.evaluations.add(run)
    for (const run of [sampleRunFixture({ id: 'one' }), sampleRunFixture({ id: 'two' })])
      await project.firstPair.samples.addRun(run)
    await project.firstPair.saveSweep(tinyTaskSweep())
    await project.firstPair.saveSweep(tinySweep())
    const { reproduction } = await reportOf(project)
    const parts = reproduction.map(({ commands }) => ({
      text: commands.map(({ command }) => command).join('\n'),
      files: new Set(commands.flatMap(({ files }) => files.map(({ name }) => name)))
    }))
    const written = parts.flatMap(({ text, files }) => [
      ...files,
      ...[...text.matchAll(/--out (\S+)/g)].map(([, name]) => name)
    ])
    expect(written.filter((name, index) => written.indexOf(name) !== index)).toEqual([])
    const evaluations = parts.filter(({ text }) => text.startsWith('slr evaluate'))
    expect(evaluations.map(({ text }) => text)).toEqual([
      expect.stringMatching(/--task demo-facts.json --variants variants.json [^]* demo-facts-results.json$/),
      expect.stringMatching(/--task demo-facts --variants variants-2.json [^]* demo-facts-results-2.json$/)
    ])
    expect(evaluations.map(({ files }) => [...files])).toEqual([
      ['demo-facts.json', 'variants.json'],
      ['variants-2.json']
    ])
  })

  it('of several restored models write each into a separate folder', () => {
    const from = sweepFixture()
    const layers = [{ attention: 0.5, mlp: 0 }]
    expect(printExport(from, { name: 'a', ranges: [[0, 1]] }, 0).command).toBe(
      'slr export --base base --post post 0-1 --out restored-1'
    )
    const { command, files } = printExport(from, { name: 'b', layers }, 1)
    expect(command).toBe('slr export --base base --post post recipe-2.json --out restored-2')
    expect(JSON.parse(files[0]?.content ?? '')).toEqual({ name: 'b', layers })
  })
})

const hostile = fc.string({
  unit: fc.constantFrom(...'|<>`*_[]\\\n\ra~$#', '</script', '<!--', '- ', '1. ', '&lt;'),
  maxLength: 8
})

describe('text that others wrote', () => {
  it('is text in Markdown: one line, every mark escaped', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const inline = inlineMarkdown(text)
        expect(inline).not.toMatch(/[\r\n]/)
        // Whatever is left without a backslash before it means nothing to Markdown.
        expect(inline.replace(/\\[!-/:-@[-`{-~]/g, 'x')).not.toMatch(/[\\`*_{}[\]<>#|!~$&]|^[-+] |^\d+[.)] /)
        // And nothing is lost but white space.
        const kept = (value: string): string => value.replace(/\s/g, '')
        expect(kept(inline.replace(/\\([!-/:-@[-`{-~])/g, '$1'))).toBe(kept(text))
      })
    )
  })

  it('leaves every row of a table as many cells as its heading has', async () => {
    const project = await openDemo()
    const name = 'a|b\\|`c`\n| d'
    const run = sampleRunFixture({
      variants: [
        { kind: 'post', name: 'post' },
        { kind: 'recipe', name, recipe: { name, ranges: [[1, 1]] } }
      ]
    })
    await project.firstPair.samples.addRun(run)
    const barred = sampleLines(run).map((line) => ({ ...line, text: `| ${line.text} \\|\n` }))
    await project.firstPair.samples.appendAnswers(run.id, barred)
    const text = reportMarkdown(await reportOf(project))
    let width = 0
    let tables = 0
    for (const line of text.split('\n')) {
      if (!line.startsWith('|')) {
        width = 0
        continue
      }
      const cells = line.replace(/\\\\/g, '').split(/(?<!\\)\|/).length
      if (width === 0) tables++
      else expect(cells).toBe(width)
      width = cells
    }
    expect(tables).toBeGreaterThan(2)
  })
})
