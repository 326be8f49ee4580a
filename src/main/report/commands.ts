import type { EndpointContact } from '../../contract/model/endpoint'
import { isDeepStrictEqual } from 'node:util'
import { type AnswerCheck, rejectedRanges } from '../../contract/documents/answer-check'
import type { SweepDocument } from '../../contract/documents/crc'
import type { EvaluationRun } from '../../contract/documents/evaluation'
import type { Task } from '../../contract/documents/task'
import type { JudgeSettings } from '../../contract/documents/judge'
import { rubricOf } from '../../contract/model/task-kinds'
import type { LineageDocument } from '../../contract/documents/lineage'
import { type Recipe, isUniform } from '../../contract/model/recipe'
import type { SearchDocument, SearchSettings } from '../../contract/documents/search'
import type { ScoredByBrief } from '../../contract/documents/scored-by'
import { isSame } from '../../contract/words/range-facts'
import { weightsKey } from '../../contract/model/model'
import { rangesToCheck } from '../crc/check/check-sweep'
import { builtinSetOf } from '../crc/task/builtin-prompts'
import { builtinTasks } from '../evaluation/builtin-tasks'
import { formatTaskFile } from '../evaluation/task-file'
import type { SweepSettings } from '../../contract/work/settings'
import { pairWords, settingLines, type Work, workCommand } from '../../contract/work/work'
import {
  type ComputedFrom,
  demoPairOf,
  workPairOf,
  recipeWord,
  renderingSettings,
  samplerSettings
} from './option-words'
import type { CommandFile, FileNaming, ShownCommand } from './shown-command'
import { asNamed, listFile, shownModelName, serverFields, shellCommand } from './shown-command'

/*
 * Writes commands that compute the results of a report again without the project. In each function, `named` gives a
 * file name that no other result of the report uses.
 */

const SWEEP_FILE = 'sweep.json'
const CHECK_FILE = 'check.json'

/** Prints the command that describes a pair, with checksums and layer distances. */
export function printInspect(from: ComputedFrom): ShownCommand[] {
  return [
    {
      command: shellCommand([['slr', 'inspect', ...pairWords(workPairOf(from)), '--sha256', '--distances']]),
      files: []
    }
  ]
}

/** Prints the command that sweeps the ranges without a check, and the command that scores the other recipes. */
export async function printSweep(sweep: SweepDocument, rho: number, named = asNamed): Promise<ShownCommand[]> {
  const { rendering, recipes, ranges, uniformBlends, source, checkpoints, selection } = sweep
  const { settings: scored, files } = await scoredSettings(sweep, named)
  const command = (scope: SweepSettings, out: string): string =>
    workCommand(
      {
        kind: 'sweep',
        pair: workPairOf(sweep),
        models: [],
        settings: {
          ...scored,
          ...scope,
          split: sweep.holdOutSplit !== null,
          whatIf: sweep.whatIf.length > 0,
          ...(checkpoints.length === 0 ? {} : { checkpoint: checkpoints.map(({ path }) => shownModelName(path)) }),
          rho,
          seed: selection?.bootstrap.seed,
          budget: selection?.budget ?? undefined,
          ...renderingSettings(rendering),
          countLeadingSpace: rendering.countLeadingSpace,
          device: sweep.device,
          precision: sweep.precision
        }
      },
      out
    )
  const blendCount = uniformBlends.filter(isUniform).length
  const blends = blendCount < 2 ? {} : { uniformBlends: blendCount }
  const restored = source === null ? {} : { source: shownModelName(source.path) }
  // Recipes with `alone` restore only attention or only MLP of the selected range. The sweep scores them by itself.
  const requested = recipes.filter(({ alone }) => alone === undefined)
  const recipeFile = listFile(
    named('recipes.json'),
    requested.map(({ recipe }) => recipe)
  )
  const commands: ShownCommand[] = []
  if (ranges.length > 0) {
    commands.push({ command: command({ ...blends, ...restored, check: false }, named(SWEEP_FILE)), files })
  }
  if (requested.length > 0) {
    const out = named('recipes-scored.json')
    commands.push({ command: command({ recipes: recipeFile.name }, out), files: [...files, recipeFile] })
  }
  return commands
}

/** Prints the command of a full-answer check. Recipes are named in a file, unless they are the sweep's best ranges. */
export function printCheck(sweep: SweepDocument, check: AnswerCheck, rho: number, named = asNamed): ShownCommand {
  const recipes = check.models.map(({ recipe }) => recipe)
  const keys = (list: readonly Recipe[]): string[] =>
    list.map((recipe) => weightsKey({ kind: 'recipe', recipe })).sort()
  const bestRanges = rangesToCheck(sweep, null, rho, recipes.length)
  const file = listFile(named('checked.json'), recipes)
  const isBest = isDeepStrictEqual(keys(bestRanges), keys(recipes))
  const command = workCommand(
    {
      kind: 'check',
      pair: workPairOf(check),
      models: isBest ? [] : [file.name],
      settings: {
        from: named(SWEEP_FILE),
        ...(isBest && recipes.length > 0 && { best: recipes.length }),
        rho
      }
    },
    named(CHECK_FILE)
  )
  return { command, files: isBest ? [] : [file] }
}

/** Prints the command of a search, which reads its sweep's file. A check excludes rejected ranges as its start. */
export function printSearch(
  search: SearchDocument,
  sweep: Pick<SweepDocument, 'ranges'>,
  check: AnswerCheck | null,
  named = asNamed
): ShownCommand {
  const { settings, rho } = search
  const rejected = rejectedRanges(sweep.ranges, check, rho)
  // A search that started from a failing range was run before the check.
  const isChecked = rejected.length > 0 && !rejected.some((range) => isSame(range, search.range.range))
  const command = workCommand(
    {
      kind: 'search',
      pair: workPairOf(search),
      models: [],
      settings: {
        from: named(SWEEP_FILE),
        ...(isChecked && { check: named(CHECK_FILE) }),
        ...methodSettings(settings),
        budget: settings.blockEvaluations,
        rho,
        seed: settings.seed
      }
    },
    named('search.json')
  )
  return { command, files: [] }
}

function methodSettings(settings: SearchSettings): Extract<Work, { kind: 'search' }>['settings'] {
  const { method } = settings
  switch (method) {
    case 'greedy':
    case 'beam': {
      const { generations, strengths } = settings
      return { method, generations, strengths, ...(settings.method === 'beam' && { beam: settings.beam }) }
    }
    case 'subsets':
      // A pair of orders is a random order of the layers and its reverse.
      return { method, ...(settings.orderPairs > 0 && { orders: 2 * settings.orderPairs }) }
    case 'strengths': {
      const { halves, starts, least, most } = settings
      return { method, halves, starts, ...((least !== 0 || most !== 1) && { bounds: [least, most] }) }
    }
  }
}

/** Prints the command of a lineage. A lineage does not store its prompts, so the command may use others. */
export function printLineage({ stages, scoredBy, rho }: LineageDocument, named = asNamed): ShownCommand {
  const names = stages.map(({ path }) => shownModelName(path))
  const lines = settingLines({ ...(scoredBy.kind === 'task' && namedTasks(scoredBy)), rho })
  return {
    command: shellCommand([['slr', 'lineage', ...names], ...lines, ['--out', named('lineage.html')]]),
    files: []
  }
}

/** Returns the settings that name the tasks of a scoring by their ids. */
const namedTasks = ({ task, keep, sampling, draws }: Extract<ScoredByBrief, { kind: 'task' }>): SweepSettings => ({
  ...(keep === undefined ? { task: task.id } : { regain: task.id, keep: keep.id }),
  ...samplerSettings(sampling),
  draws
})

/** Prints the command of an evaluation, with files for its variants, task and judge. */
export async function printEvaluation(run: EvaluationRun, named = asNamed): Promise<ShownCommand> {
  const { task, variants, rendering, embeddingModel, classifier, computing } = run
  // The command asks one judge at a time.
  const judge = run.judge ?? run.pairJudge ?? run.formJudge
  const variantsFile = listFile(named('variants.json'), variants)
  const taskFile = await namedTaskFile(task, named)
  const judging = judge === null ? null : namedJudge(judge, task, named)
  const { sampleCount, seed } = task.settings
  const { device, ...computed } = computing
  const command = workCommand(
    {
      kind: 'evaluate',
      pair: workPairOf(run),
      models: [],
      settings: {
        task: taskFile.name,
        variants: variantsFile.name,
        n: sampleCount,
        seed,
        ...renderingSettings(rendering),
        ...(device === 'cpu' ? {} : { device }),
        ...computed,
        ...(embeddingModel !== null && { embeddingModel: shownModelName(embeddingModel.path) }),
        ...(classifier !== null && { classifier: shownModelName(classifier.path) }),
        ...(judge !== null && judging !== null && { judge: judging.name, allowAddress: [contactOf(judge)] })
      }
    },
    named(`${task.id}-results.json`)
  )
  return { command, files: [...taskFile.files, variantsFile, ...(judging === null ? [] : [judging])] }
}

const contactOf = ({ baseUrl, keyVariable }: JudgeSettings): EndpointContact => ({ baseUrl, keyVariable })

/** Prints the command that writes a restored model. @param index position of the recipe, for the names of files */
export function printExport(from: ComputedFrom, recipe: Recipe, index: number, named = asNamed): ShownCommand {
  const { word, files } = recipeWord(recipe, named(`recipe-${index + 1}.json`))
  const work: Work = { kind: 'export', pair: workPairOf(from), models: [word], settings: {} }
  return { command: workCommand(work, `restored-${index + 1}`), files }
}

interface NamedSettings {
  settings: SweepSettings
  files: CommandFile[]
}

/** Returns the settings that choose a sweep's prompts or tasks. */
async function scoredSettings(sweep: SweepDocument, named: FileNaming): Promise<NamedSettings> {
  if (sweep.scoredBy.kind === 'crc') return promptSettings(sweep, named)
  const { task, keep, sampling, draws } = sweep.scoredBy
  const { name, files } = await namedTaskFile(task, named)
  const sampler = { ...samplerSettings(sampling), draws }
  if (keep === undefined) return { settings: { task: name, ...sampler }, files }
  const keepFile = await namedTaskFile(keep, named)
  return { settings: { regain: name, keep: keepFile.name, ...sampler }, files: [...files, ...keepFile.files] }
}

/** Names a built-in task by its id, and any other by a file. */
async function namedTaskFile(task: Task, named: FileNaming): Promise<{ name: string; files: CommandFile[] }> {
  if ((await builtinTasks()).some((other) => isSameTask(other, task))) return { name: task.id, files: [] }
  const file = { name: named(`${task.id}.json`), content: formatTaskFile(task) }
  return { name: file.name, files: [file] }
}

async function promptSettings(sweep: SweepDocument, named: FileNaming): Promise<NamedSettings> {
  const prompts = sweep.prompts.map(({ text, category, valid }) => ({ text, category, valid }))
  const defaultSet = demoPairOf(sweep) === undefined ? 'crc' : 'demo-crc'
  const builtin = await builtinSetOf(prompts)
  if (builtin === defaultSet) return { settings: {}, files: [] }
  if (builtin !== null) return { settings: { prompts: builtin }, files: [] }
  const file = listFile(named('crc-prompts.json'), prompts)
  return { settings: { prompts: file.name }, files: [file] }
}

/** Reports whether a task equals a built-in one, except for the settings `n` and `seed`, which the command has. */
function isSameTask(builtin: Task, task: Task): boolean {
  const { sampleCount, seed } = task.settings
  return isDeepStrictEqual({ ...builtin, settings: { ...builtin.settings, sampleCount, seed } }, task)
}

function namedJudge(judge: JudgeSettings, task: Task, named: FileNaming): CommandFile {
  const { baseUrl, model, keyVariable, way, anyModel, rubric, answersPerPrompt, requestsPerMinute } = judge
  const fields = {
    url: baseUrl,
    model,
    way,
    ...(keyVariable === undefined ? {} : { key: keyVariable }),
    ...(anyModel ? { 'any-model': true } : {}),
    ...(rubric === rubricOf(task.kind, way) ? {} : { rubric }),
    ...(way === 'forms' ? {} : { answers: answersPerPrompt }),
    rate: requestsPerMinute
  }
  return serverFields(named('judge.yaml'), fields)
}
