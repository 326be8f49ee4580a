import { WorkbenchError } from '../../../contract/model/problem'
import type { DocumentKind } from '../../../contract/documents/document-kind'
import { kindOfFile } from '../../base/files/document-kinds'
import { SWEEP_FORMAT } from './stored-documents'

const MAKE_ONE = 'A sweep is what "slr sweep --out FILE" writes.'
const FROM_ITS_SWEEP = 'Name the sweep that it started from, as "slr sweep --out FILE" wrote it.'

/** Advice about documents that belong to a sweep. */
const HINTS: Partial<Record<DocumentKind, string>> = {
  'sweep-part': 'Join all parts with "slr sweep --merge PART ... --out sweep.json", and name that file.',
  check: FROM_ITS_SWEEP,
  search: FROM_ITS_SWEEP,
  'what-if': FROM_ITS_SWEEP
}

/**
 * Explains why a file is no sweep.
 *
 * @returns null if the error itself explains it: the file cannot be read, or has unknown contents
 */
export async function insteadOfSweep(file: string, error: unknown): Promise<WorkbenchError | null> {
  // Other kinds count versions separately, so a greater version need not mean a newer sweep.
  const isRead = error instanceof WorkbenchError && ['bad-file', 'newer-version'].includes(error.problem.code)
  if (!isRead) return null
  const content = await kindOfFile(file, SWEEP_FORMAT.maxBytes)
  if (content !== null && content.kind !== 'sweep')
    return new WorkbenchError(
      'bad-file',
      `${file} is ${content.is}, not a sweep.`,
      HINTS[content.kind] ?? MAKE_ONE
    )
  return error.problem.hint === undefined
    ? new WorkbenchError('bad-file', error.problem.message, MAKE_ONE)
    : null
}
