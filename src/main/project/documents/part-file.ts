import { SWEEP_PART_VERSION, SweepPart } from '../../../contract/documents/sweep-part'
import { fileError, WorkbenchError } from '../../../contract/model/problem'
import { withHint } from '../../base/files/bounded-file'
import { kindOfFile } from '../../base/files/document-kinds'
import { resultPath } from '../../base/files/paths'
import { type DocumentFormat, readDocument } from '../../base/files/migrate'
import { renameFields } from './renamed-fields'

/* A part of a sweep is computed by `slr sweep --shard I/N`, so that several machines can share a sweep. */

const PART_FORMAT: DocumentFormat<SweepPart> = {
  kind: 'sweep-part',
  name: 'part of a sweep',
  schema: SweepPart,
  version: SWEEP_PART_VERSION,
  migrations: { 1: renameFields },
  // A part holds less than its sweep.
  maxBytes: 256_000_000
}

const PARTS = 'Parts are what "slr sweep --shard I/N --out FILE" writes.'

/** Reads a file of `slr sweep --shard`. @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
export async function readPartFile(file: string): Promise<SweepPart> {
  const real = await resultPath(file)
  try {
    return (await withHint(PARTS, () => readDocument(real, PART_FORMAT))).document
  } catch (error) {
    // Each kind of document has its own versions, so a newer version may mean that the file is no part of a sweep.
    const isJson = error instanceof WorkbenchError && ['bad-file', 'newer-version'].includes(error.problem.code)
    const content = isJson ? await kindOfFile(real, PART_FORMAT.maxBytes) : null
    if (content === null || content.kind === 'sweep-part') throw error
    if (content.kind !== 'sweep') throw fileError(`${real} is ${content.is}, not a part of a sweep.`, PARTS)
    throw fileError(
      `${real} is a full sweep, not a part of one.`,
      'Parts are what "slr sweep --shard" writes. A full sweep needs no merging.'
    )
  }
}
