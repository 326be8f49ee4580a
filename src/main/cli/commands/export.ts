import { type ModelPlace, recipeNamed, writtenModel } from '../running/models'
import { endpointWord } from '../../../contract/model/model-word'
import { basename } from 'node:path'
import type { Command } from 'commander'
import type { ExportResult } from '../../../contract/procedures/export'
import { describeNonFinite } from '../../../contract/documents/non-finite'
import type { Recipe } from '../../../contract/model/recipe'
import type { Endpoint } from '../../../contract/model/external-model'
import { shellWord } from '../../../contract/words/shell-word'
import { SAFETY_NOTE } from '../../../contract/words/safety'
import { modelFindings } from '../../export/model-findings'
import { doubtsOf, type ModelFinding } from '../../../contract/words/model-finding'
import { type PreparedExport, prepareExport } from '../../export/prepare'
import { runExport } from '../../export/run-export'
import { pairPaths } from '../../project/demo'
import type { ProjectPair } from '../../project/pair/project-pair'
import { absolutePath } from '../../base/files/places'
import { pairIfGiven, requirePair, usageError, pairOptions } from '../options/options'
import { flag, text } from '../options/option-kinds'
import { formatDuration, plural } from '../../../contract/words/format'
import { bytes, count, printJson, printShown, printable, remark, style } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { bytesStep, progressDisplay } from '../running/progress'
import { projectOptions, requireSamePair } from '../results/project-to-save'
import { withViewedPair } from '../results/project-to-view'
import { untilStopped } from '../running/stopped'

const exportOptions = pairOptions
  .and(projectOptions('use the pair and the measurements of this project (read only)'))
  .heading('Output:')
  .options({
    out: text('<folder>', 'folder to write; its parent must exist'),
    adapter: flag('write what the model leaves of post, an adapter'),
    overwrite: flag('replace an earlier model; its folder is kept beside it')
  })
type ExportOptions = CommandOptions<typeof exportOptions>

/** `slr export`: writes a restored model as a folder that other programs load. */
export const exportCommand = subcommand(exportOptions, {
  operands: [writtenModel],
  async run(options, command, signal) {
    const result = await untilStopped(
      { signal, quiet: options.quiet },
      () => ({ saved: 'Nothing was written.', resumable: false }),
      () => exportModel(options, command, signal)
    )
    await (options.json ? printJson('export', result) : printShown(describeResult(result)))
  }
})

async function exportModel(
  options: ExportOptions,
  command: Command,
  signal: AbortSignal
): Promise<ExportResult> {
  const { out } = options
  if (out === undefined) throw usageError(command, '--out is missing: give --out FOLDER')
  const { prepared, findings } = await withViewedPair(options, command, (projectPair) =>
    preparedExport(options, projectPair, command)
  )
  const tell = options.quiet ? () => undefined : remark
  if (command.args[0] === 'selected') tell(`Selected: ${prepared.recipe.name}.`)
  if (prepared.mergekit.problem !== null) tell(`Without mergekit.yaml: ${prepared.mergekit.problem}`)
  for (const doubt of doubtsOf(prepared.recipe, findings)) tell(doubt)
  if (findings.length === 0) tell(unmeasuredWords(options))
  const display = progressDisplay(options.quiet)
  try {
    const request = {
      prepared,
      target: absolutePath(out),
      overwrite: options.overwrite,
      findings
    }
    return await runExport(request, signal, (progress) =>
      display.update(bytesStep(progress.phase, progress, ' to write, read back and hash'))
    )
  } finally {
    display.stop()
  }
}

/** Prepares the model, with the project's measurements of it. @param projectPair pair of the project; null for none */
async function preparedExport(
  options: ExportOptions,
  projectPair: ProjectPair | null,
  command: Command
): Promise<{ prepared: PreparedExport; findings: ModelFinding[] }> {
  const requestedPair = await pairIfGiven(options, command)
  await requireSamePair(requestedPair, projectPair)
  const folders = pairPaths(
    requestedPair ?? projectPair?.document.location ?? (await requirePair(options, command))
  )
  const recipe = await givenRecipe({ folders, pair: projectPair }, command)
  const prepared = await prepareExport(folders, recipe, options.adapter ? 'adapter' : 'model')
  return { prepared, findings: projectPair === null ? [] : await modelFindings(projectPair, prepared) }
}

/** @throws UsageError if none is named; as `recipeNamed` */
async function givenRecipe(place: ModelPlace, command: Command): Promise<Recipe> {
  const [which] = command.args
  if (which !== undefined) return recipeNamed(which, place, command)
  throw usageError(command, 'no model is named: give one, such as 4-11, selected or a file')
}

/** Explains a model card without measurements. */
const unmeasuredWords = ({ project }: ExportOptions): string =>
  project === undefined
    ? 'The model card has no measurements. With --project FOLDER it has those of the project.'
    : `The model card has no measurements: ${project} has none of this model.`

/** Describes how to sample from the served model. */
function askingWords(path: string, endpoint: Endpoint): string {
  return `then slr sample or slr evaluate … ${shellWord(endpointWord(basename(path), endpoint))}`
}

function describeResult({
  path,
  replaced,
  files,
  bytes: size,
  tensors,
  nonFinite,
  seconds,
  nextSteps
}: ExportResult): string {
  const origins = [
    `${count(tensors.post)} from post`,
    ...(tensors.merged > 0 ? [`${count(tensors.merged)} merged with the adapter`] : []),
    ...(tensors.base > 0 ? [`${count(tensors.base)} from base`] : []),
    ...(tensors.checkpoint > 0 ? [`${count(tensors.checkpoint)} from other checkpoints`] : []),
    ...(tensors.converted > 0 ? [`${count(tensors.converted)} converted to post's type`] : []),
    ...(tensors.blended > 0 ? [`${count(tensors.blended)} blended`] : []),
    ...(tensors.scaled > 0 ? [`${count(tensors.scaled)} scaled`] : [])
  ]
  const times = [
    `${formatDuration(seconds.writing)} writing`,
    `${formatDuration(seconds.verifying)} verifying`,
    `${formatDuration(seconds.hashing)} hashing the parents`
  ].join(', ')
  return [
    style('bold', `${replaced === null ? 'Wrote' : 'Replaced'} ${printable(path)}`),
    `${bytes(size)} in ${plural(files.length, 'file')}; tensors: ${origins.join(', ')}; ${times}.`,
    ...nonFinite.map(
      (tensor) =>
        `${style('yellow', 'warning')}: ${printable(`${tensor.file}: ${describeNonFinite(tensor)}.`)}`
    ),
    ...(nonFinite.length === 0
      ? []
      : ['This model cannot be computed. Fetch the files of the pair again, or extrapolate less.']),
    ...(replaced === null
      ? []
      : [
          `The earlier model is in ${printable(replaced.keptAs)}. To remove it:`,
          `    ${printable(replaced.removal)}`
        ]),
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
    style('yellow', SAFETY_NOTE)
  ].join('\n')
}
