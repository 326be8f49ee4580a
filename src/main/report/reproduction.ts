import type { AnswerCheck } from '../../contract/documents/answer-check'
import type { SweepDocument } from '../../contract/documents/crc'
import { formatUtc, rangeName } from '../../contract/words/format'
import { sweptRangeModel, weightsKey } from '../../contract/model/model'
import type { Recipe } from '../../contract/model/recipe'
import type { Report } from '../../contract/documents/report'
import { briefScoring } from '../../contract/documents/scored-by'
import { scoredByWords } from '../../contract/words/score-words'
import { printSample } from './samples-page/sample-command'
import type { ComputedFrom } from './option-words'
import {
  printCheck,
  printEvaluation,
  printExport,
  printInspect,
  printLineage,
  printSearch,
  printSweep
} from './commands'
import { type FileNaming, namingOfResults, type ShownCommand } from './shown-command'
import type { StoredExperiment } from './stored-experiment'

/** Lists the commands that compute all results of a report again, by part of the report. */
export async function reproduction(experiment: StoredExperiment): Promise<Report['reproduction']> {
  const { document, pair, sweep, lineage, samples, check, evaluations } = experiment
  const parts: Report['reproduction'] = []
  const add = (part: string, commands: ShownCommand[], note: string | null = null): void => {
    parts.push({ part, note, commands })
  }
  const nextNaming = namingOfResults()
  const now: ComputedFrom | null = pair === null ? null : { basePath: pair.base, postPath: pair.post }
  if (now !== null) add('The pair and its layers', printInspect(now))
  for (const { part, commands } of await sweepParts(experiment, nextNaming)) add(part, commands)
  if (lineage !== null) {
    const note = 'With the prompts, the rendering and the tasks that the project had then.'
    add('The lineage', [printLineage(lineage, nextNaming())], note)
  }
  for (const { run } of samples) add(`Samples of ${formatUtc(run.createdAt)}`, [printSample(run, nextNaming())])
  if (check !== null) {
    const note = 'In the window only: Samples, Character task, with the settings above.'
    add('The character task on sampled answers', [], note)
  }
  for (const { run } of evaluations) {
    const part = `Evaluation “${run.task.name}” of ${formatUtc(run.createdAt)}`
    const proxyNote =
      'How well the proxy predicts the task is said where a project with the sweep is named too: --project.'
    add(part, [await printEvaluation(run, nextNaming())], sweep === null ? null : proxyNote)
  }
  const restored = distinct([...selectedRecipes(experiment), ...document.recipes.map(({ recipe }) => recipe)])
  if (now !== null && restored.length > 0) {
    const named = nextNaming()
    const commands = restored.map((recipe, index) => printExport(now, recipe, index, named))
    add('The restored models themselves', commands)
  }
  return parts
}

/** Returns the commands that compute the shown sweep, its check and search, and the newest sweeps of other scorings. */
async function sweepParts(
  { document, sweep, search, answerCheck, otherSweeps }: StoredExperiment,
  nextNaming: () => FileNaming
): Promise<{ part: string; commands: ShownCommand[] }[]> {
  const { rho } = document.settings
  const parts: { part: string; commands: ShownCommand[] }[] = []
  if (sweep !== null) {
    const named = nextNaming()
    parts.push({
      part: [
        'The sweep',
        ...(answerCheck === null ? [] : ['its full-answer check']),
        ...(search === null ? [] : ['the search'])
      ].join(', '),
      commands: [
        ...(await checkedSweepCommands(sweep, answerCheck, rho, named)),
        ...(search === null ? [] : [printSearch(search, sweep, answerCheck, named)])
      ]
    })
  }
  for (const { sweep: other, check } of otherSweeps) {
    const restoredTo = other.source === null ? '' : `, restored to ${other.source.name}`
    parts.push({
      part: `The sweep scored by ${scoredByWords(briefScoring(other.scoredBy))}${restoredTo}`,
      commands: await checkedSweepCommands(other, check, rho, nextNaming())
    })
  }
  return parts
}

const checkedSweepCommands = async (
  sweep: SweepDocument,
  check: AnswerCheck | null,
  rho: number,
  named: FileNaming
): Promise<ShownCommand[]> => [
  ...(await printSweep(sweep, rho, named)),
  ...(check === null ? [] : [printCheck(sweep, check, rho, named)])
]

/** Removes recipes with equal weights, except the first: a kept range is often also the selected one. */
function distinct(recipes: readonly Recipe[]): Recipe[] {
  const byWeights = new Map<string, Recipe>()
  for (const recipe of recipes) {
    const key = weightsKey({ kind: 'recipe', recipe })
    if (!byWeights.has(key)) byWeights.set(key, recipe)
  }
  return [...byWeights.values()]
}

/** Returns the selected range as a recipe; an empty list without a selection. */
function selectedRecipes({ selection, sweep }: Pick<StoredExperiment, 'selection' | 'sweep'>): Recipe[] {
  const range = selection?.selected ?? null
  if (range === null || sweep === null) return []
  return [{ ...sweptRangeModel(range, sweep).recipe, name: rangeName(range, sweep.source) }]
}
