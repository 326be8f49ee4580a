import { WorkbenchError } from '../../../contract/model/problem'
import type { DocumentKind } from '../../../contract/documents/document-kind'
import { kindOfFile } from '../../base/files/document-kinds'
import { SWEEP_FORMAT } from './stored-documents'

const MAKE_ONE = 'A sweep is what "slr sweep --out FILE" writes.'
const FROM_ITS_SWEEP = 'Name the sweep that it started from, as "slr sweep --out FILE" wrote it.'

/** What to do with those that come of a sweep. */
const HINTS: Partial<Record<DocumentKind, string>> = {
  'sweep-part': 'Join all parts with "slr sweep --merge PART ... --out sweep.json", and name that file.',
  check: FROM_ITS_SWEEP,
  search: FROM_ITS_SWEEP,
  'what-if': FROM_ITS_SWEEP
}

/**
 * What to say of a file that could not be read as a sweep.
 *
 * @returns null where the first complaint says it best: the file cannot be read, or holds nothing that is known
 */
export async function insteadOfSweep(file: string, error: unknown): Promise<WorkbenchError | null> {
  // Versions of other documents are counted apart: of a greater one it need not be a newer program's sweep.
  const isRead = error instanceof WorkbenchError && ['bad-file', 'newer-version'].includes(error.problem.code)
  if (!isRead) return null
  const found = await kindOfFile(file, SWEEP_FORMAT.maxBytes)
  if (found !== null && found.kind !== 'sweep')
    return new WorkbenchError(
      'bad-file',
      `${file} is ${found.is}, not a sweep.`,
      HINTS[found.kind] ?? MAKE_ONE
    )
  return error.problem.hint === undefined
    ? new WorkbenchError('bad-file', error.problem.message, MAKE_ONE)
    : null
}
