import { basename } from 'node:path'
import { type Command } from 'commander'
import { z } from 'zod'
import type { ExportResult } from '../../../contract/procedures/export'
import { describeNonFinite } from '../../../contract/documents/non-finite'
import { type Recipe, SourcedRanges } from '../../../contract/model/recipe'
import { postStrengths } from '../../../contract/model/strengths'
import { type Endpoint, endpointWords } from '../../../contract/model/external-model'
import { shellWord } from '../../../contract/words/shell-word'
import { openPair } from '../../checkpoint/pair'
import { SAFETY_NOTE } from '../../../contract/words/safety'
import { modelFindings } from '../../export/model-findings'
import { doubtsOf, type ModelFinding } from '../../../contract/words/model-finding'
import { type PreparedExport, prepareExport } from '../../export/prepare'
import { runExport } from '../../export/run-export'
import { pairPaths } from '../../project/demo'
import type { ProjectPair } from '../../project/pair/project-pair'
import { absolutePath } from '../../base/files/places'
import {
  pairIfGiven,
  parseRanges,
  requirePair,
  RESTORE_HELP,
  usageError,
  pairOptions
} from '../options/options'
import { choice, flag, text, value } from '../options/option-kinds'
import { formatDuration, plural } from '../../../contract/words/format'
import { bytes, count, printJson, printShown, printable, remark, style } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { bytesStep, progressDisplay } from '../running/progress'
import { projectOptions, requireSamePair } from '../results/project-to-save'
import { withViewedPair } from '../results/project-to-view'
import { readRecipeFile } from '../../mergekit/recipe-file'
import { selectedRecipe } from '../running/selected-recipe'
import { untilStopped } from '../running/stopped'
import { restoredRecipe } from '../options/variants'

const exportOptions = pairOptions
  .heading('Which model:')
  .options({
    restore: value(z.array(SourcedRanges), '<ranges>', RESTORE_HELP, parseRanges),
    recipe: text(
      '<file>',
      'post with a recipe from a JSON or mergekit file, the best of a search or check, or one that the project keeps, by its name',
      { conflicts: ['restore'] }
    ),
    model: choice(
      z.enum(['post', 'selected']),
      '<which>',
      'post as it is, or post with the range that the sweep of the project selects, once checked',
      { conflicts: ['restore', 'recipe'] }
    )
  })
  .and(
    projectOptions(
      'the pair of this project, and what it has measured of the model stands in the model card; nothing in it changes'
    )
  )
  .heading('Where to:')
  .options({
    out: text('<folder>', 'folder to write; its parent must exist'),
    overwrite: flag('replace a model that is there; the old folder is kept beside it')
  })
type ExportOptions = CommandOptions<typeof exportOptions>

/** `slr export`: writes a restored model as a folder that other programs load. */
export const exportCommand = subcommand(exportOptions, {
  async run(options, command, signal) {
    const result = await untilStopped(
      { signal, quiet: options.quiet },
      () => ({ kept: 'Nothing was written.', goesOn: false }),
      () => exportModel(options, command, signal)
    )
    await (options.json ? printJson(result) : printShown(describeResult(result)))
  }
})

async function exportModel(
  options: ExportOptions,
  command: Command,
  signal: AbortSignal
): Promise<ExportResult> {
  const { out } = options
  if (out === undefined) throw usageError(command, 'export where? Give --out FOLDER')
  const { prepared, findings } = await withViewedPair(options, command, (own) =>
    preparedExport(options, own, command)
  )
  const tell = options.quiet ? () => undefined : remark
  if (options.model === 'selected') tell(`Selected: ${prepared.recipe.name}.`)
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

/** What is exported, and what the project has measured of it. @param own the pair of the project; null for none */
async function preparedExport(
  options: ExportOptions,
  own: ProjectPair | null,
  command: Command
): Promise<{ prepared: PreparedExport; findings: ModelFinding[] }> {
  const given = pairIfGiven(options, command)
  await requireSamePair(given, own)
  const folders = pairPaths(given ?? own?.document.location ?? requirePair(options, command))
  const recipe = await givenRecipe(options, folders, own, command)
  const prepared = await prepareExport(folders, recipe)
  return { prepared, findings: own === null ? [] : await modelFindings(own, prepared) }
}

/** @throws UsageError where none is given, and for what is selected without a project */
async function givenRecipe(
  { recipe, restore, model }: ExportOptions,
  folders: { base: string; post: string },
  own: ProjectPair | null,
  command: Command
): Promise<Recipe> {
  if (recipe !== undefined) {
    const kept = own?.document.recipes.find(({ recipe: { name } }) => name === recipe)
    return kept?.recipe ?? readRecipeFile(recipe, folders)
  }
  if (restore !== undefined) return restoredRecipe(restore, folders, own)
  if (model === undefined)
    throw usageError(command, 'export what? Give --restore 3-7, --recipe FILE or --model post')
  if (model === 'selected') {
    if (own !== null) return selectedRecipe(own, folders)
    throw usageError(command, '--model selected is of a sweep in a project: give --project FOLDER too')
  }
  const { post } = await openPair(folders.base, folders.post)
  return { name: 'post', layers: postStrengths(post.spec.layerCount) }
}

/** Why the model card is to say nothing of what was measured. */
const unmeasuredWords = ({ project }: ExportOptions): string =>
  project === undefined
    ? 'The model card says nothing of what was measured: with --project FOLDER it has the scores and evaluations of that project.'
    : `The model card says nothing of what was measured: ${project} has neither scores nor evaluations of this model.`

/** How its answers are then taken. */
function askingWords(path: string, endpoint: Endpoint): string {
  const [option = '', asked = ''] = endpointWords({ kind: 'endpoint', name: basename(path), endpoint })
  return `then slr sample or slr evaluate … ${option} ${shellWord(asked)}`
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
    ...(tensors.base > 0 ? [`${count(tensors.base)} from base`] : []),
    ...(tensors.checkpoint > 0 ? [`${count(tensors.checkpoint)} from other checkpoints`] : []),
    ...(tensors.converted > 0 ? [`${count(tensors.converted)} converted to post's type`] : []),
    ...(tensors.blended > 0 ? [`${count(tensors.blended)} blended`] : [])
  ]
  const times = `${formatDuration(seconds.writing)} writing, ${formatDuration(seconds.verifying)} verifying, ${formatDuration(seconds.hashing)} hashing the parents`
  return [
    style('bold', `${replaced === null ? 'Wrote' : 'Replaced'} ${printable(path)}`),
    `${bytes(size)} in ${plural(files.length, 'file')}; tensors: ${origins.join(', ')}; ${times}.`,
    ...nonFinite.map(
      (tensor) =>
        `${style('yellow', 'warning')}: ${printable(`${tensor.file}: ${describeNonFinite(tensor)}.`)}`
    ),
    ...(nonFinite.length === 0
      ? []
      : [
          'This model cannot be computed: fetch or write the files of the pair again, or, where they are finite, extrapolate less.'
        ]),
    ...(replaced === null
      ? []
      : [
          `What was there is kept in ${printable(replaced.keptAs)}. When it is no longer needed:`,
          `    ${printable(replaced.removal)}`
        ]),
    '',
    'Go on with',
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
