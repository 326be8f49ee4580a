import type { Command } from 'commander'
import { z } from 'zod'
import type { SweepDocument } from '../../contract/documents/crc'
import { WorkbenchError } from '../../contract/model/problem'
import { openPair } from '../checkpoint/pair'
import { mergeParts } from '../crc/sweep/merge-parts'
import { pairPaths } from '../project/demo'
import { readPartFile } from '../project/part-file'
import { absolutePath } from '../base/files/places'
import { keepSweep } from '../project/keep-sweep'
import type { ProjectPair } from '../project/project-pair'
import {
  CommonOptions,
  numberWithin,
  readOptions,
  usageError,
  wholeNumber,
  withCommonOptions
} from './options'
import { printJson, printText, remark } from './output'
import { checkOutputFile, writeOutputFile, writtenWords } from './output-file'
import { openPairToSave, ProjectOptions, withProjectOptions } from './project-to-save'
import { checkCommandOf, describeSweep } from './sweep-report'

const MergeOptions = z.strictObject({
  ...CommonOptions.shape,
  rho: z.number().optional(),
  seed: z.number().optional(),
  out: z.string().optional(),
  ...ProjectOptions.shape
})

/** `slr merge`: joins what the shards of a sweep have computed. */
export function addMergeCommand(program: Command): void {
  const command = program
    .command('merge')
    .description('join the parts of a sweep that several machines computed; the model files are not needed')
    .argument('<parts...>', 'files that "slr sweep --shard" wrote, all of one sweep')
    .option('--rho <share>', "share of post's validity to keep (default: as the parts)", numberWithin(0, 1))
    .option('--seed <n>', 'seed of the bootstrap (default: as the parts)', wholeNumber(0, 2 ** 31 - 1))
    .option('--out <file>', 'write the sweep as JSON to a file; an existing file is replaced')
  withProjectOptions(command, 'save it in this project too')
  withCommonOptions(command).action(async (files: string[]) => {
    const options = readOptions(MergeOptions, command)
    const tell = options.quiet ? () => undefined : remark
    const output = options.out === undefined ? null : await checkOutputFile(options.out)
    if (output !== null && files.map(absolutePath).includes(output.path)) {
      throw usageError(command, '--out names one of the parts')
    }
    const parts = []
    for (const file of files) parts.push({ file, part: await readPartFile(absolutePath(file)) })
    const document = mergeParts(parts, options)
    const own = await openPairToSave(options, command, tell)
    try {
      if (own !== null) await requirePairOf(own, document)
      if (output !== null) await writeOutputFile(output, document)
      const check = own === null ? null : await keepSweep(own, document)
      await (options.json
        ? printJson(document)
        : printText(describeSweep(document, check, checkCommandOf({ ...options, demo: false }))))
      if (output !== null) tell(writtenWords(output))
      if (own !== null) tell(`Saved in ${own.project.path} as sweep ${document.id}`)
    } finally {
      await own?.project.close()
    }
  })
}

/** Another pair's sweep would be shown as this one's. Where its model files are not at hand there is nothing to compare with. */
async function requirePairOf(own: ProjectPair, sweep: SweepDocument): Promise<void> {
  const folders = pairPaths(own.document.location)
  const pair = await openPair(folders.base, folders.post).catch(() => null)
  if (pair === null) return
  const isSame =
    pair.base.checkpoint.fingerprint === sweep.basePath.fingerprint &&
    pair.post.checkpoint.fingerprint === sweep.postPath.fingerprint
  if (isSame) return
  throw new WorkbenchError(
    'mismatch',
    `The parts are of another pair than that of the project ${own.project.path}: ${sweep.basePath.path} and ${sweep.postPath.path}.`,
    'Use --out, or a project of that pair.'
  )
}
