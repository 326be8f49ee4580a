import { basename } from 'node:path'
import { type Command } from 'commander'
import { z } from 'zod'
import type { ExportResult } from '../../contract/procedures/export'
import { describeNonFinite } from '../../contract/documents/non-finite'
import { type Recipe, SourcedRanges } from '../../contract/model/recipe'
import { postStrengths } from '../../contract/model/strengths'
import { type Endpoint, endpointWords } from '../../contract/model/outside-model'
import { shellWord } from '../../contract/words/shell-word'
import { openPair } from '../checkpoint/pair'
import { nothingMeasured } from '../export/card-measurements'
import { prepareExport } from '../export/prepare'
import { runExport } from '../export/run-export'
import { pairPaths } from '../project/demo'
import { absolutePath } from '../base/files/places'
import { parseRanges, requirePair, RESTORE_HELP, usageError, pairOptions } from './options'
import { choice, flag, text, value } from './option-kinds'
import { formatDuration, plural } from '../../contract/words/format'
import { bytes, count, printJson, printShown, printable, remark, style } from './output'
import { type CommandOptions, subcommand } from './subcommand'
import { bytesStep, progressDisplay } from './progress'
import { readRecipeFile } from '../mergekit/recipe-file'
import { untilStopped } from './stopped'
import { restoredRecipe } from './variants'

const exportOptions = pairOptions
  .heading('Which model:')
  .options({
    restore: value(z.array(SourcedRanges), '<ranges>', RESTORE_HELP, parseRanges),
    recipe: text('<file>', 'post with a recipe from a JSON or mergekit file', { conflicts: ['restore'] }),
    model: choice(z.enum(['post']), '<which>', 'post as it is', {
      conflicts: ['restore', 'recipe']
    })
  })
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
  const folders = pairPaths(requirePair(options, command))
  if (options.out === undefined) throw usageError(command, 'export where? Give --out FOLDER')
  const recipe = await givenRecipe(options, folders)
  if (recipe === null)
    throw usageError(command, 'export what? Give --restore 3-7, --recipe FILE or --model post')
  const prepared = await prepareExport(folders, recipe)
  if (!options.quiet && prepared.mergekit.problem !== null) {
    remark(`Without mergekit.yaml: ${prepared.mergekit.problem}`)
  }
  const display = progressDisplay(options.quiet)
  try {
    const request = {
      prepared,
      target: absolutePath(options.out),
      overwrite: options.overwrite,
      measured: nothingMeasured(prepared)
    }
    return await runExport(request, signal, (progress) =>
      display.update(bytesStep(progress.phase, progress, ' to write, read back and hash'))
    )
  } finally {
    display.stop()
  }
}

async function givenRecipe(
  options: ExportOptions,
  folders: { base: string; post: string }
): Promise<Recipe | null> {
  if (options.recipe !== undefined) return readRecipeFile(options.recipe, folders)
  if (options.restore !== undefined) return restoredRecipe(options.restore, folders, null)
  if (options.model === undefined) return null
  const { post } = await openPair(folders.base, folders.post)
  return { name: 'post', layers: postStrengths(post.spec.layerCount) }
}

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
    )
  ].join('\n')
}
