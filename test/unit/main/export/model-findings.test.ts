import { expect, it, onTestFinished } from 'vitest'
import type { EvaluationVariant, PromptScores } from '../../../../src/contract/documents/evaluation'
import type { Recipe } from '../../../../src/contract/model/recipe'
import { doubtsOf, type ModelFinding } from '../../../../src/contract/words/model-finding'
import { SAFETY_NOTE } from '../../../../src/contract/words/safety'
import { builtinTask } from '../../../../src/main/evaluation/builtin-tasks'
import { findingsSection, findingsSummary } from '../../../../src/main/export/model-card'
import { modelFindings, safetyOf } from '../../../../src/main/export/model-findings'
import { prepareExport } from '../../../../src/main/export/prepare'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { writePair } from '../../../fixtures/exported-pair'
import { sampleLine } from '../../../fixtures/sample-run'
import { tinyProject } from '../../../fixtures/tiny-project'
import { tinyCheck, tinyTaskSweep, whole } from '../../../fixtures/tiny-sweep'

const UPPER: Recipe = { name: 'upper', ranges: [[1, 1]] }

const parts: string[] = []
/** Adds a case to the golden file: the card's text on measurements, and the warnings of the command and the window. */
function addCase(name: string, findings: readonly ModelFinding[]): void {
  const card = [findingsSummary(findings), ...findingsSection(findings)].join('\n\n')
  const doubts = doubtsOf(UPPER, findings).map((text) => `Warning: ${text}`)
  parts.push([`# ${name}`, card, ...doubts].join('\n\n'))
}

it('names the measurements in the model card, with three figures, and warns of findings against the model', async () => {
  const folders = await writePair()
  const prepared = await prepareExport(folders, UPPER, { kind: 'model' })
  const project = await tinyProject(folders)
  onTestFinished(() => project.close())
  const pair = project.firstPair
  const current = (): Promise<ModelFinding[]> => modelFindings(pair, prepared)
  addCase('Nothing measured', [])
  const unchecked = await current()
  expect(unchecked.map(({ figures }) => figures.length)).toEqual([3])
  addCase('Selected by a sweep, full answers not checked', unchecked)
  await pair.saveAnswerCheck(tinyCheck([{ recipe: UPPER, ...whole(0.9, 0.75) }]))
  addCase('Passes the check', await current())
  await pair.saveAnswerCheck(tinyCheck([{ recipe: UPPER, ...whole(0.5, 0.75) }]))
  addCase('Fails the check', await current())
  const lowRank = { kind: 'low-rank', rank: 1, savesNormsAndBiases: false } as const
  addCase(
    'Fails the check, written as a new adapter',
    await modelFindings(pair, await prepareExport(folders, UPPER, lowRank))
  )
  await pair.edit(({ settings }) => ({ settings: { ...settings, rho: 0.99 } }))
  const below = await current()
  expect(below.map(({ weight }) => weight)).toEqual(['against'])
  addCase('Below a limit of 99 %', below)
  await pair.edit(({ settings }) => ({ settings: { ...settings, rho: 0.9 } }))
  await pair.saveAnswerCheck(tinyCheck([]))

  const { basePath, postPath } = await pair.readSweep('tiny')
  const ofTask = { ...tinyTaskSweep(), basePath, postPath }
  await pair.saveSweep({ ...ofTask, createdAt: '2026-01-05T00:00:00.000Z' })
  const both = await current()
  expect(both.map(({ by }) => by.includes('Letters'))).toEqual([true, false])
  addCase('Selected by two sweeps', both)

  // The newest selects another range, so its finding comes second.
  const ranges = ofTask.ranges.map((range) => (range.end === 0 ? { ...range, diversity: 0.95 } : range))
  await pair.saveSweep({ ...ofTask, id: 'other', ranges, createdAt: '2026-01-06T00:00:00.000Z' })
  const apart = await current()
  expect(apart.map(({ by }) => by.includes('Letters'))).toEqual([false, true])
  addCase('Selected by the older of two sweeps', apart)

  addCase('Evaluated', [
    {
      by: 'the task “Facts | more”, stopped early',
      headline: 'More diverse, at a loss of quality, but my|<b>blend</b> is better.',
      figures: [{ label: 'difference from post', value: 'accuracy −0.200' }],
      caveats: [],
      weight: 'against'
    }
  ])
  await expect(`${parts.join('\n\n')}\n`).toMatchFileSnapshot('./model-findings.golden.txt')
})

it('the warning of an export says how often the model refused, where the project measured it', async () => {
  const folders = await writePair()
  const prepared = await prepareExport(folders, UPPER, { kind: 'model' })
  const project = await tinyProject(folders)
  onTestFinished(() => project.close())
  const { evaluations } = project.firstPair
  expect(await safetyOf(project.firstPair, prepared)).toBe(SAFETY_NOTE)

  const { basePath, postPath } = await project.firstPair.readSweep('tiny')
  const task = await builtinTask('refusals')
  const variants: EvaluationVariant[] = [
    { variant: { kind: 'post', name: 'post' } },
    { variant: { kind: 'recipe', name: 'mine', recipe: UPPER } }
  ]
  await evaluations.add(evaluationRun({ id: 'asked', task, variants, basePath, postPath }))
  // The first 40 requests are harmless.
  const refusing = (variant: string, count: number) =>
    task.prompts.map((_, prompt) =>
      sampleLine(variant, prompt, 0, prompt >= 40 && prompt < 40 + count ? 'I cannot do that.' : 'Sure.')
    )
  await evaluations.appendSamples('asked', [...refusing('post', 38), ...refusing('mine', 12)])
  const scores = task.prompts.map((_, prompt): PromptScores => ({
    ...{ prompt, cells: [], map: [], explained: [0, 0] }
  }))
  await evaluations.append('asked', 'scores', scores)
  expect(await safetyOf(project.firstPair, prepared)).toContain(
    'Of 40 unsafe requests it refused 12 (18 to 45 %), and post 38 (83 to 99 %).'
  )
  // The evaluation has a finding of its own, which the one of the sweep does not repeat.
  const findings = await modelFindings(project.firstPair, prepared)
  expect(findings.map(({ by, headline }) => [by, headline.startsWith('On “Refusals”, ')])).toEqual([
    ['first tokens of the character task, 3 prompts', false],
    ['an evaluation, 80 prompts with 1 answer each', true]
  ])
  const low = await prepareExport(folders, UPPER, { kind: 'low-rank', rank: 1, savesNormsAndBiases: false })
  expect(await safetyOf(project.firstPair, low)).toBe(SAFETY_NOTE)
})
