import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PairId } from '../../../contract/documents/project'
import { ensurePlainFolder, hasPlainFolder } from '../../base/files/plain-paths'

/* Where the results of a project's pairs lie: pairs/<id>. */

const PAIRS = 'pairs'

export const pairFolder = (project: string, id: PairId): string => join(project, PAIRS, id)

/** @throws WorkbenchError `bad-file`, `read-only` */
export async function ensurePairFolder(project: string, id: PairId): Promise<void> {
  await ensurePlainFolder(join(project, PAIRS))
  await ensurePlainFolder(join(project, PAIRS, id))
}

/** @throws WorkbenchError `bad-file` when one of them is a link or no folder */
export async function requirePlainPairs(project: string, pairs: readonly { id: PairId }[]): Promise<void> {
  if (!(await hasPlainFolder(join(project, PAIRS)))) return
  for (const { id } of pairs) await hasPlainFolder(join(project, PAIRS, id))
}

/**
 * Deletes the folders of pairs that were removed when the project was open the last time: until now the removal could be undone.
 * Whatever else lies beside them stays.
 */
export async function removeLeftPairs(project: string, pairs: readonly { id: PairId }[]): Promise<void> {
  const entries = await readdir(join(project, PAIRS), { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const left = PairId.safeParse(entry.name).success && pairs.every(({ id }) => id !== entry.name)
    if (!left || !entry.isDirectory()) continue
    // One that cannot be deleted is in nobody's way.
    await rm(join(project, PAIRS, entry.name), { recursive: true, force: true }).catch(() => undefined)
  }
}
