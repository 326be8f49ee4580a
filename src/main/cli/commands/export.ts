import { basename } from 'node:path'
import type { Command } from 'commander'
import { endpointWord } from '../../../contract/model/model-word'
import type { ExportForm, ExportResult } from '../../../contract/procedures/export'
import { describeNonFinite } from '../../../contract/documents/non-finite'
import type { Recipe } from '../../../contract/model/recipe'
import type { Endpoint } from '../../../contract/model/external-model'
import { shellWord } from '../../../contract/words/shell-word'
import { SAFETY_NOTE } from '../../../contract/words/safety'
import { doubtsOf } from '../../../contract/words/model-finding'
import { formatDuration, formatPercent, plural } from '../../../contract/words/format'
import { bytesStep } from '../../../contract/work/progress'
import type { RankTable } from '../../../contract/documents/rank-table'
import { modelFindings, safetyOf } from '../../export/model-findings'
import { prepareExport } from '../../export/prepare'
import { type ExportRequest, runExport } from '../../export/run-export'
import { pairPaths } from '../../project/demo'
import type { ProjectPair } from '../../project/pair/project-pair'
import { absolutePath } from '../../base/files/paths'
import { MAX_RANK } from '../../checkpoint/adapter-config'
import { triedDevices } from '../../work/devices'
import { scoreRanks } from '../../work/rank-table'
import { folderContext, projectContext } from '../../work/work-context'
import { type ModelContext, recipeNamed, writtenModel } from '../running/models'
import { csvOption, forceOption, pairOptions, usageError, wholeNumber } from '../options/options'
import { flag, number, text } from '../options/option-kinds'
import { bytes, count, decimal, printable, printJson, printShown, remark, style, table } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { progressDisplay } from '../running/progress'
import { pairOfCommand, projectOptions, withViewedPair } from '../results/project-to-save'
import { runShown } from '../running/shown-work'
import { untilStopped } from '../running/stopped'
import { csvOutput, writeCsvIfAsked } from '../results/csv-file'
import { rankTable } from '../results/tables'

const exportOptions = pairOptions
  .and(projectOptions('use the pair and the measurements of this project (read only)'))
  .heading('Output:')
  .options({
    out: text('<folder>', 'folder to write; its parent must exist'),
    adapter: flag('write an adapter: the remaining part of post, or one of a rank on post'),
    rank: number('<n>', 'with --adapter: rank of a new adapter on post', wholeNumber(1, MAX_RANK)),
    ranks: flag('with --adapter: score ranks from 8 to 512 instead of writing', {
      conflicts: ['rank', 'out']
    }),
    saveNorms: flag('with --rank or --ranks: store norms and biases too, which only PEFT loads'),
    overwrite: flag('replace an earlier model; its folder is kept beside it')
  })
  .and(csvOption, forceOption)
type ExportOptions = CommandOptions<typeof exportOptions>

/** `slr export`: writes a restored model, or scores adapters of it. */
export const exportCommand = subcommand(exportOptions, {
  operands: [writtenModel],
  async run(options, command, signal) {
    if (options.ranks) return showRanks(options, command, signal)
    if (options.csv !== undefined) throw usageError(command, '--csv is for the table of --ranks')
    const { result, safety } = await untilStopped(
      { signal, quiet: options.quiet },
      () => ({ saved: 'Nothing was written.', resumable: false }),
      () => exportModel(options, command, signal)
    )
    await (options.json ? printJson('export', result) : printShown(describeResult(result, safety)))
  }
})

async function exportModel(
  options: ExportOptions,
  command: Command,
  signal: AbortSignal
): Promise<{ result: ExportResult; safety: string }> {
  const { out } = options
  if (out === undefined) throw usageError(command, '--out is missing: give --out FOLDER')
  const { prepared, findings, safety } = await withViewedPair(options, command, (projectPair) =>
    openExport(options, projectPair, command)
  )
  const note = options.quiet ? () => undefined : remark
  if (command.args[0] === 'selected') note(`Selected: ${prepared.recipe.name}.`)
  if (prepared.mergekit.problem !== null) note(`Without mergekit.yaml: ${prepared.mergekit.problem}`)
  for (const doubt of doubtsOf(prepared.recipe, findings)) note(doubt)
  const display = progressDisplay(options.quiet)
  const request = { prepared, target: absolutePath(out), overwrite: options.overwrite, findings, safety }
  const result = await runExport(request, signal, (progress) =>
    display.update(bytesStep(progress.phase, progress, ' to write, read back and hash'))
  ).finally(() => display.stop())
  if (findings.length === 0) note(unmeasuredWords(options))
  return { result, safety }
}

/** Scores adapters of several ranks, and prints the scores. No adapter is written. */
async function showRanks(options: ExportOptions, command: Command, signal: AbortSignal): Promise<void> {
  if (!options.adapter) throw usageError(command, '--ranks is for an adapter: give --adapter too')
  const output = await csvOutput(options)
  const table = await withViewedPair(options, command, async (projectPair) => {
    const location = await pairOfCommand(options, projectPair, command)
    const recipe = await givenRecipe({ folders: pairPaths(location), pair: projectPair }, command)
    const context = projectPair === null ? folderContext(location) : projectContext(projectPair, null, location)
    const request = { recipe, savesNormsAndBiases: options.saveNorms, project: null }
    return runShown(
      { signal, quiet: options.quiet },
      () => ({ saved: 'Nothing was written.', resumable: false }),
      (runtime) => scoreRanks(context, request, triedDevices(signal), runtime)
    )
  })
  await writeCsvIfAsked(output, () => rankTable(table), options.quiet)
  await (options.json ? printJson('rank-table', table) : printShown(describeRanks(table)))
}

async function openExport(
  options: ExportOptions,
  projectPair: ProjectPair | null,
  command: Command
): Promise<Pick<ExportRequest, 'prepared' | 'findings' | 'safety'>> {
  const folders = pairPaths(await pairOfCommand(options, projectPair, command))
  const recipe = await givenRecipe({ folders, pair: projectPair }, command)
  const prepared = await prepareExport(folders, recipe, formOf(options, command))
  if (projectPair === null) return { prepared, findings: [], safety: SAFETY_NOTE }
  const findings = await modelFindings(projectPair, prepared)
  return { prepared, findings, safety: await safetyOf(projectPair, prepared) }
}

function formOf({ adapter, rank, saveNorms }: ExportOptions, command: Command): ExportForm {
  if (!adapter && rank !== undefined) throw usageError(command, '--rank is for an adapter: give --adapter too')
  if (saveNorms && rank === undefined) throw usageError(command, '--save-norms is for a new adapter: give --rank too')
  if (rank !== undefined) return { kind: 'low-rank', rank, savesNormsAndBiases: saveNorms }
  return { kind: adapter ? 'adapter' : 'model' }
}

async function givenRecipe(context: ModelContext, command: Command): Promise<Recipe> {
  const [which] = command.args
  if (which !== undefined) return recipeNamed(which, context, command)
  throw usageError(command, 'no model is named: give one, such as 4-11, selected or a file')
}

const unmeasuredWords = ({ project }: ExportOptions): string =>
  project === undefined
    ? 'The model card has no measurements. With --project FOLDER it has those of the project.'
    : `The model card has no measurements: ${project} has none of this model.`

function askingWords(path: string, endpoint: Endpoint): string {
  return `then slr sample or slr evaluate … ${shellWord(endpointWord(basename(path), endpoint))}`
}

function describeResult(
  { path, replaced, files, bytes: size, tensors, nonFinite, notes, seconds, nextSteps }: ExportResult,
  safety: string
): string {
  const origins = [
    `${count(tensors.post)} from post`,
    ...(tensors.merged > 0 ? [`${count(tensors.merged)} merged with the adapter`] : []),
    ...(tensors.base > 0 ? [`${count(tensors.base)} from base`] : []),
    ...(tensors.checkpoint > 0 ? [`${count(tensors.checkpoint)} from other checkpoints`] : []),
    ...(tensors.converted > 0 ? [`${count(tensors.converted)} converted to post's type`] : []),
    ...(tensors.blended > 0 ? [`${count(tensors.blended)} blended`] : []),
    ...(tensors.scaled > 0 ? [`${count(tensors.scaled)} scaled`] : []),
    ...(tensors.factor > 0 ? [`${count(tensors.factor)} low-rank factors`] : [])
  ]
  const times = [
    `${formatDuration(seconds.writing)} writing`,
    `${formatDuration(seconds.verifying)} verifying`,
    `${formatDuration(seconds.hashing)} hashing the parents`
  ].join(', ')
  return [
    style('bold', `${replaced === null ? 'Wrote' : 'Replaced'} ${printable(path)}`),
    `${bytes(size)} in ${plural(files.length, 'file')}; tensors: ${origins.join(', ')}; ${times}.`,
    ...notes,
    ...nonFinite.map(
      (tensor) => `${style('yellow', 'warning')}: ${printable(`${tensor.file}: ${describeNonFinite(tensor)}.`)}`
    ),
    ...(nonFinite.length === 0
      ? []
      : ['This model cannot be computed. Fetch the files of the pair again, or extrapolate less.']),
    ...(replaced === null
      ? []
      : [`The earlier model is in ${printable(replaced.keptAs)}. To remove it:`, `    ${printable(replaced.removal)}`]),
    '',
    'Next steps',
    ...nextSteps.map(({ tool, command, serves }) =>
      [
        `  ${tool}:`,
        `    ${printable(command)}`,
        ...(serves === undefined ? [] : [`    ${printable(askingWords(path, serves))}`])
      ].join('\n')
    ),
    '',
    style('yellow', safety)
  ].join('\n')
}

function describeRanks({ recipe, promptCount, post, complete, fullRank, ranks, notes }: RankTable): string {
  const scores = ({ validity, diversity }: RankTable['post']): string[] => [decimal(validity), decimal(diversity)]
  return [
    style('bold', printable(`${recipe} as an adapter on post, by rank`)),
    table(
      [
        ['Rank', 'Validity', 'Diversity', 'Size', 'Norm kept'],
        ['post', ...scores(post), '', ''],
        ...ranks.map((adapter) => [
          String(adapter.rank),
          ...scores(adapter),
          bytes(adapter.bytes),
          formatPercent(adapter.normShare)
        ]),
        ['complete', ...scores(complete), '', '']
      ],
      'LRRRR'
    ),
    `Scored on ${plural(promptCount, 'prompt')}. Rank ${fullRank} loses nothing of the linear weights.`,
    ...notes
  ].join('\n')
}
