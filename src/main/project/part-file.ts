import { realpath } from 'node:fs/promises'
import { SWEEP_PART_VERSION, SweepPart } from '../../contract/documents/sweep-part'
import { type DocumentFormat, readDocument } from '../base/files/migrate'

const PART_FORMAT: DocumentFormat<SweepPart> = {
  name: 'part of a sweep',
  schema: SweepPart,
  version: SWEEP_PART_VERSION,
  migrations: {},
  // A part holds less than its sweep.
  maxBytes: 256_000_000
}

/** What `slr sweep --shard` wrote. @throws WorkbenchError `not-found`, `bad-file` or `newer-version`, naming the file */
export async function readPartFile(file: string): Promise<SweepPart> {
  // Parts come from wherever the user keeps them, behind links too; what is missing, reading complains of.
  const real = await realpath(file).catch(() => file)
  return (await readDocument(real, PART_FORMAT)).document
}
