import { realpath } from 'node:fs/promises'
import { z } from 'zod'
import { SWEEP_PART_VERSION, SweepPart } from '../../contract/documents/sweep-part'
import { WorkbenchError } from '../../contract/model/problem'
import { expecting, readJsonFile } from '../base/files/bounded-file'
import { type DocumentFormat, readDocument } from '../base/files/migrate'

const PART_FORMAT: DocumentFormat<SweepPart> = {
  name: 'part of a sweep',
  schema: SweepPart,
  version: SWEEP_PART_VERSION,
  migrations: {},
  // A part holds less than its sweep.
  maxBytes: 256_000_000
}

const PARTS = 'Parts are what "slr sweep --shard I/N --out FILE" writes.'

/** What tells a whole sweep from a part, of whatever version either is. */
const WholeSweep = z.looseObject({
  kind: z.undefined().optional(),
  ranges: z.array(z.unknown()),
  post: z.unknown()
})

/** What `slr sweep --shard` wrote. @throws WorkbenchError `not-found`, `bad-file` or `newer-version`, naming the file */
export async function readPartFile(file: string): Promise<SweepPart> {
  // Parts come from wherever the user keeps them, behind links too; what is missing, reading complains of.
  const real = await realpath(file).catch(() => file)
  try {
    return (await expecting(PARTS, () => readDocument(real, PART_FORMAT))).document
  } catch (error) {
    // Versions of sweeps and of parts are counted apart: a whole sweep is no part of a newer program.
    const isRead = error instanceof WorkbenchError && error.problem.code === 'newer-version'
    if (!isRead || !WholeSweep.safeParse(await readJsonFile(real, PART_FORMAT.maxBytes)).success) throw error
    throw new WorkbenchError(
      'bad-file',
      `${real} is a whole sweep, not a part of one.`,
      'Parts are what "slr sweep --shard" writes; a whole sweep needs no merging.'
    )
  }
}
