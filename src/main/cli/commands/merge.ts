import { Argument } from 'commander'
import { mergeParts } from '../../crc/sweep/merge-parts'
import { readPartFile } from '../../project/documents/part-file'
import { absolutePath } from '../../base/files/places'
import { keepSweep } from '../../project/results/keep-sweep'
import { findingOfSwept } from '../../project/results/finding-of-selected'
import { requirePairOfSweep } from '../../project/results/pair-of-sweep'
import type { ProjectPair } from '../../project/pair/project-pair'
import { usageError, outOption, rhoOption, seedOption } from '../options/options'
import { printJson, printShown, remark } from '../printing/output'
import { subcommand } from '../options/subcommand'
import { checkOutputFile, writeOutputFile, writtenWords } from '../results/output-file'
import { openPairToSave, projectOptions } from '../results/project-to-save'
import { requireOwnPlace } from '../results/replaced-file'
import { builtinSetOf } from '../../crc/task/builtin-prompts'
import { checkCommandOf } from '../printing/verdict-report'
import { describeSweep } from '../printing/sweep-report'

const mergeOptions = rhoOption('as the parts').and(
  seedOption('seed of the bootstrap (default: as the parts)'),
  outOption('write the sweep as JSON to a file; an earlier one of its pair and prompts is replaced'),
  projectOptions('save it in this project too')
)

/** `slr merge`: joins what the shards of a sweep have computed. */
export const mergeCommand = subcommand(mergeOptions, {
  operands: [new Argument('<parts...>', 'files that "slr sweep --shard" wrote, all of one sweep')],
  async run(options, command) {
    const files = command.args
    const tell = options.quiet ? () => undefined : remark
    const output = options.out === undefined ? null : await checkOutputFile(options.out, 'sweep')
    if (output !== null && files.map(absolutePath).includes(output.path)) {
      throw usageError(command, '--out names one of the parts')
    }
    const parts = []
    for (const file of files) parts.push({ file, part: await readPartFile(file) })
    const document = mergeParts(parts, options)
    if (output !== null) requireOwnPlace(output, 'sweep', document)
    const own = await openPairToSave(options, command, tell)
    try {
      if (own !== null && !(await requirePairOfSweep(own, document))) tell(pairNotCompared(own))
      if (output !== null) await writeOutputFile(output, document)
      const check = own === null ? null : await keepSweep(own, document)
      await (options.json
        ? printJson(document)
        : printShown(
            describeSweep(document, check, checkCommandOf({ ...options, demo: false }), {
              promptSet: await builtinSetOf(document.prompts),
              evaluation: await findingOfSwept(own, document, check)
            })
          ))
      if (output !== null) tell(writtenWords(output))
      if (own !== null) tell(`Saved in ${own.project.path} as sweep ${document.id}`)
    } finally {
      await own?.project.close()
    }
  }
})

const pairNotCompared = ({ project }: ProjectPair): string =>
  `The models of ${project.path} cannot be read and it has no results, so the pair of the parts was not compared with its pair.`
