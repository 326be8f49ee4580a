import { contactText } from '../../contract/model/endpoint'
import { isDeepStrictEqual } from 'node:util'
import { type AnswerCheck, rejectedRanges } from '../../contract/documents/answer-check'
import type { SweepDocument } from '../../contract/documents/crc'
import type { EvaluationRun } from '../../contract/documents/evaluation'
import type { Task } from '../../contract/documents/task'
import type { JudgeSettings } from '../../contract/documents/judge'
import { rubricOf } from '../../contract/model/task-kinds'
import type { Computing } from '../../contract/documents/samples'
import type { Recipe } from '../../contract/model/recipe'
import type { SearchDocument, SearchSettings } from '../../contract/documents/search'
import { isSame } from '../../contract/words/range-facts'
import { weightsKey } from '../../contract/model/model'
import { rangesToCheck } from '../crc/check/check-sweep'
import { builtinSetOf } from '../crc/task/builtin-prompts'
import { builtinTasks } from '../evaluation/builtin-tasks'
import { formatTaskFile } from '../evaluation/task-file'
import {
  type ComputedFrom,
  isDemoPair,
  pairWords,
  recipeWords,
  renderingWords,
  samplingWords
} from './option-words'
import type { CommandFile, FileNaming, ShownCommand } from './shown-command'
import {
  asNamed,
  listFile,
  modelName,
  serverFile,
  shellCommand,
  withoutFolder,
  withoutFolders
} from './shown-command'

/*
 * Commands that compute a project's results again without the project: its prompts and settings may have changed since.
 */

/* Files stand under the names that the part of the page gives them. */

const SWEEP_FILE = 'sweep.json'
const CHECK_FILE = 'check.json'

/** What the pair is, and how far post-training moved it. */
export function pairCommands(from: ComputedFrom): ShownCommand[] {
  return [
    { command: shellCommand([['slr', 'inspect', ...pairWords(from), '--sha256', '--distances']]), files: [] }
  ]
}

/**
 * The sweep; where it scored recipes beside its ranges, a second command scores these.
 *
 * @param rho that the shown selection keeps
 */
export async function sweepCommands(
  sweep: SweepDocument,
  rho: number,
  named = asNamed
): Promise<ShownCommand[]> {
  const { rendering, recipes, ranges, uniformBlends, source, checkpoints, selection } = sweep
  const scored = await scoredWords(sweep, named)
  const groups = (models: string[], restored: string[], out: string): string[][] => [
    ['slr', 'sweep', ...pairWords(sweep)],
    [
      ...scored.words,
      ...(sweep.holdOutSplit === null ? [] : ['--split']),
      ...models,
      ...(sweep.whatIf.length === 0 ? [] : ['--what-if'])
    ],
    [...restored, ...checkpoints.flatMap(({ path }) => ['--checkpoint', modelName(path)])],
    ['--rho', String(rho), ...(selection === null ? [] : ['--seed', String(selection.bootstrap.seed)])],
    [...renderingWords(rendering), ...(rendering.countLeadingSpace ? ['--count-leading-space'] : [])],
    deviceWords(sweep),
    ['--out', out]
  ]
  const { files } = scored
  const uniformBlendWords = uniformBlends.length < 2 ? [] : ['--uniform-blends', String(uniformBlends.length)]
  const sourceWords = source === null ? [] : ['--source', modelName(source.path)]
  // What the sweep itself scores once a range is selected, it scores again.
  const asked = recipes.filter(({ alone }) => alone === undefined)
  const recipeFile = listFile(
    named('recipes.json'),
    asked.map(({ recipe }) => withoutFolders(recipe))
  )
  return [
    ...(ranges.length === 0
      ? []
      : [{ command: shellCommand(groups(uniformBlendWords, sourceWords, named(SWEEP_FILE))), files }]),
    ...(asked.length === 0
      ? []
      : [
          {
            command: shellCommand(groups(['--recipes', recipeFile.name], [], named('recipes-scored.json'))),
            files: [...files, recipeFile]
          }
        ])
  ]
}

/**
 * The check of whole answers, from what the command of its sweep wrote: of the best ranges, or where others were checked too of
 * the very recipes.
 *
 * @param rho that the shown selection keeps
 */
export function checkCommand(
  sweep: SweepDocument,
  check: AnswerCheck,
  rho: number,
  named = asNamed
): ShownCommand {
  const recipes = check.models.map(({ recipe }) => recipe)
  const keys = (list: readonly Recipe[]): string[] =>
    list.map((recipe) => weightsKey({ kind: 'recipe', recipe })).sort()
  const best = rangesToCheck(sweep, null, rho, recipes.length)
  const file = listFile(named('checked.json'), recipes.map(withoutFolders))
  const isBest = isDeepStrictEqual(keys(best), keys(recipes))
  return {
    command: shellCommand([
      ['slr', 'check', ...pairWords(check), '--from', named(SWEEP_FILE)],
      [...(isBest ? ['--best', String(recipes.length)] : [file.name]), '--rho', String(rho)],
      ['--out', named(CHECK_FILE)]
    ]),
    files: isBest ? [] : [file]
  }
}

/**
 * The search, from what the command of its sweep wrote.
 *
 * @param check of the sweep; ranges that fail it were no candidates of a search that came after it
 */
export function searchCommand(
  search: SearchDocument,
  sweep: Pick<SweepDocument, 'ranges'>,
  check: AnswerCheck | null,
  named = asNamed
): ShownCommand {
  const { settings, rho } = search
  const rejected = rejectedRanges(sweep.ranges, check, rho)
  // One that started from a range that fails came before the check.
  const isChecked = rejected.length > 0 && !rejected.some((range) => isSame(range, search.range.range))
  return {
    command: shellCommand([
      ['slr', 'search', ...pairWords(search), '--from', named(SWEEP_FILE)],
      isChecked ? ['--check', named(CHECK_FILE)] : [],
      [
        ...['--method', settings.method, ...methodWords(settings)],
        ...['--budget', String(settings.blockEvaluations)]
      ],
      ['--rho', String(rho), '--seed', String(settings.seed)],
      ['--out', named('search.json')]
    ]),
    files: []
  }
}

function methodWords(settings: SearchSettings): string[] {
  switch (settings.method) {
    case 'greedy':
    case 'beam':
      return [
        ...(settings.method === 'beam' ? ['--beam', String(settings.beam)] : []),
        ...['--generations', String(settings.generations)],
        ...['--strengths', settings.strengths.join(',') || 'none']
      ]
    case 'subsets':
      return settings.orderPairs === 0 ? [] : ['--orders', String(2 * settings.orderPairs)]
    case 'strengths':
      return [
        ...(settings.halves ? ['--halves'] : []),
        ...['--starts', settings.starts.join(',')],
        // One word: a bound may begin with a minus, which would read as another option.
        ...(settings.least === 0 && settings.most === 1
          ? []
          : [`--bounds=${settings.least},${settings.most}`])
      ]
  }
}

/** The evaluation, with its task. */
export async function evaluationCommand(run: EvaluationRun, named = asNamed): Promise<ShownCommand> {
  const { task, variants, rendering, embeddingModel, classifier, computing } = run
  // The command asks one judge at a time.
  const judge = run.judge ?? run.pairJudge ?? run.formJudge
  const variantsFile = listFile(
    named('variants.json'),
    variants.map((entry) => ({ ...entry, variant: withoutFolder(entry.variant) }))
  )
  const given = await taskWords(task, named)
  const judging = judge === null ? null : judgeWords(judge, task, named)
  return {
    command: shellCommand([
      ['slr', 'evaluate', ...pairWords(run)],
      ['--task', given.name, '--variants', variantsFile.name],
      ['--n', String(task.settings.sampleCount), '--seed', String(task.settings.seed)],
      renderingWords(rendering),
      computingWords(computing),
      embeddingModel === null ? [] : ['--embedding-model', modelName(embeddingModel.path)],
      classifier === null ? [] : ['--classifier', modelName(classifier.path)],
      judging?.words ?? [],
      ['--out', named(`${task.id}-results.json`)]
    ]),
    files: [...given.files, variantsFile, ...(judging?.files ?? [])]
  }
}

/** Writing a restored model, the `index`-th of several. */
export function exportCommand(
  from: ComputedFrom,
  recipe: Recipe,
  index: number,
  named = asNamed
): ShownCommand {
  const { words, file } = recipeWords(recipe, named(`recipe-${index + 1}.json`))
  return {
    command: shellCommand([
      ['slr', 'export', ...pairWords(from), ...words, '--out', `restored-${index + 1}`]
    ]),
    files: file === null ? [] : [file]
  }
}

/** What a sweep is scored by. */
async function scoredWords(
  sweep: SweepDocument,
  named: FileNaming
): Promise<{ words: string[]; files: CommandFile[] }> {
  if (sweep.scoredBy.kind === 'crc') return promptWords(sweep, named)
  const { task, sampling, draws } = sweep.scoredBy
  const { name, files } = await taskWords(task, named)
  return { words: ['--task', name, ...samplingWords(sampling), '--draws', String(draws)], files }
}

/** A task by its name, or in a file unless it ships with the program. */
async function taskWords(task: Task, named: FileNaming): Promise<{ name: string; files: CommandFile[] }> {
  if ((await builtinTasks()).some((other) => isSameTask(other, task))) return { name: task.id, files: [] }
  const file = { name: named(`${task.id}.json`), content: formatTaskFile(task) }
  return { name: file.name, files: [file] }
}

/** How a command names the prompts of a sweep; no words where it takes these very prompts by itself. */
async function promptWords(
  sweep: SweepDocument,
  named: FileNaming
): Promise<{ words: string[]; files: CommandFile[] }> {
  const prompts = sweep.prompts.map(({ text, category, valid }) => ({ text, category, valid }))
  const suits = isDemoPair(sweep) ? 'demo-crc' : 'crc'
  const builtin = await builtinSetOf(prompts)
  if (builtin === suits) return { words: [], files: [] }
  if (builtin !== null) return { words: ['--prompts', builtin], files: [] }
  const file = listFile(named('crc-prompts.json'), prompts)
  return { words: ['--prompts', file.name], files: [file] }
}

/** Apart from what the command line sets. */
function isSameTask(builtin: Task, task: Task): boolean {
  const { sampleCount, seed } = task.settings
  return isDeepStrictEqual({ ...builtin, settings: { ...builtin.settings, sampleCount, seed } }, task)
}

function deviceWords({ device, precision }: Pick<SweepDocument, 'device' | 'precision'>): string[] {
  return ['--device', device, '--precision', precision]
}

function computingWords({ device, precision, weights }: Computing): string[] {
  return [
    ...(device === 'cpu' ? [] : ['--device', device]),
    ...(precision === undefined ? [] : ['--precision', precision]),
    ...(weights === undefined ? [] : ['--weights', weights])
  ]
}

/** A judge as a file in YAML, which JSON is part of, and the option that confirms its address. */
function judgeWords(
  judge: JudgeSettings,
  task: Task,
  named: FileNaming
): { words: string[]; files: CommandFile[] } {
  const { baseUrl, model, keyVariable, way, anyModel, rubric, answersPerPrompt, requestsPerMinute } = judge
  const described = {
    ...{ url: baseUrl, model, way },
    ...(keyVariable === undefined ? {} : { key: keyVariable }),
    ...(anyModel ? { 'any-model': true } : {}),
    ...(rubric === rubricOf(task.kind, way) ? {} : { rubric }),
    ...(way === 'forms' ? {} : { answers: answersPerPrompt }),
    rate: requestsPerMinute
  }
  const file = serverFile(named('judge.yaml'), described)
  return { words: ['--judge', file.name, '--allow-address', contactText(judge)], files: [file] }
}
