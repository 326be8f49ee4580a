import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PairId } from '../../../contract/documents/project'
import { ensurePlainFolder, hasPlainFolder } from '../../base/files/plain-paths'

/* The folders with the results of a project's pairs: pairs/<id>. */

const PAIRS = 'pairs'

export const pairFolder = (project: string, id: PairId): string => join(project, PAIRS, id)

/**
 * Creates the folder of a pair and its sub-folders, unless they exist.
 *
 * @throws WorkbenchError `bad-file`, `read-only`
 */
export async function ensurePairFolder(project: string, id: PairId): Promise<void> {
  await ensurePlainFolder(join(project, PAIRS))
  await ensurePlainFolder(join(project, PAIRS, id))
}

/** Requires that the pairs' folders are real folders. @throws WorkbenchError `bad-file` for a link or a file */
export async function requirePlainPairs(project: string, pairs: readonly { id: PairId }[]): Promise<void> {
  if (!(await hasPlainFolder(join(project, PAIRS)))) return
  for (const { id } of pairs) await hasPlainFolder(join(project, PAIRS, id))
}

/** Deletes the folders of pairs whose removal can no longer be undone. Other files beside them stay. */
export async function deleteRemovedPairs(project: string, pairs: readonly { id: PairId }[]): Promise<void> {
  const entries = await readdir(join(project, PAIRS), { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const isRemoved = PairId.safeParse(entry.name).success && pairs.every(({ id }) => id !== entry.name)
    if (!isRemoved || !entry.isDirectory()) continue
    // A folder that cannot be deleted does no harm.
    await rm(join(project, PAIRS, entry.name), { recursive: true, force: true }).catch(() => undefined)
  }
}
