import { csvOutput, writeCsvIfAsked } from '../results/csv-file'
import { sweepTable } from '../results/tables'
import type { RestorationRange } from '../../../contract/model/recipe'
import { type NextCommands, nextCommandsOf, checkCommandOf } from '../printing/verdict-report'
import type { Command } from 'commander'
import { mergeParts } from '../../crc/sweep/merge-parts'
import { readPartFile } from '../../project/documents/part-file'
import { absolutePath } from '../../base/files/paths'
import { keepSweep } from '../../project/results/keep-sweep'
import { findingOfSwept } from '../../project/results/finding-of-selected'
import { requirePairOfSweep } from '../../project/results/pair-of-sweep'
import type { ProjectPair } from '../../project/pair/project-pair'
import { refuseUnused, usageError } from '../options/options'
import { printJson, printShown, remark } from '../printing/output'
import { checkOutputFile, writeOutputFile, writtenWords } from '../results/output-file'
import { openPairToSave } from '../results/project-to-save'
import { requireSameIdentity } from '../results/replaced-file'
import { builtinSetOf } from '../../crc/task/builtin-prompts'
import { describeSweep } from '../printing/sweep-report'
import type { SweepOptions } from './sweep-options'

/** Options that a merge reads. All other settings are those of the parts. */
const MERGE_OPTIONS = ['merge', 'rho', 'seed', 'out', 'force', 'project', 'pair', 'details', 'csv', 'json', 'quiet']

/** `slr sweep --merge`: joins the parts of a sweep, without reading the models. */
export async function mergeSweep(files: readonly string[], options: SweepOptions, command: Command): Promise<void> {
  const others = command.options.map((option) => option.attributeName())
  refuseUnused(
    command,
    others.filter((name) => !MERGE_OPTIONS.includes(name)),
    'has no effect with --merge, which joins finished parts'
  )
  const note = options.quiet ? () => undefined : remark
  const output = options.out === undefined ? null : await checkOutputFile(options.out, 'sweep', {}, options.force)
  if (output !== null && files.map((path) => absolutePath(path)).includes(output.path)) {
    throw usageError(command, '--out names one of the parts')
  }
  const parts = []
  for (const file of files) parts.push({ file, part: await readPartFile(file) })
  const document = mergeParts(parts, { rho: options.rho, seed: options.seed })
  if (output !== null) requireSameIdentity(output, 'sweep', document)
  const table = await csvOutput(options)
  const projectPair = await openPairToSave(options, command, note)
  try {
    if (projectPair !== null && !(await requirePairOfSweep(projectPair, document))) note(pairNotCompared(projectPair))
    if (output !== null) await writeOutputFile(output, 'sweep', document)
    await writeCsvIfAsked(table, () => sweepTable(document), options.quiet)
    const check = projectPair === null ? null : await keepSweep(projectPair, document)
    const nextOf = (selected: RestorationRange | null): NextCommands =>
      nextCommandsOf(options, checkCommandOf(options), selected)
    await (options.json
      ? printJson('sweep', document)
      : printShown(
          describeSweep(document, check, nextOf, {
            details: options.details,
            promptSet: await builtinSetOf(document.prompts),
            evaluation: await findingOfSwept(projectPair, document, check)
          })
        ))
    if (output !== null) note(writtenWords(output))
    if (projectPair !== null) note(`Saved in ${projectPair.project.path} as sweep ${document.id}`)
  } finally {
    await projectPair?.project.close()
  }
}

const pairNotCompared = ({ project }: ProjectPair): string =>
  `The pair of the parts was not compared: ${project.path} has no results, and its models cannot be read.`
