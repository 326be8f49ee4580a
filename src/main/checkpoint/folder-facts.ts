import { resolve } from 'node:path'
import { parseJsonBytes } from '../base/files/json-pieces'
import { askSandbox } from '../sandbox/host'
import type { FolderRequest } from '../sandbox/messages'

/**
 * Reads facts about a model folder in the sandbox process, because malicious files could block this process.
 *
 * @param kind the facts: of a local model, of an opened checkpoint, or its generation config.
 * @param bases places of an adapter's base, as in `openCheckpoint`.
 * @returns JSON that the caller must validate
 */
export async function folderFacts(
  kind: FolderRequest['kind'],
  folder: string,
  bases: Pick<FolderRequest, 'adapterBase' | 'namedBase'> = {}
): Promise<unknown> {
  const { json } = await askSandbox({ kind, file: resolve(folder), ...bases }, 'folder')
  const { buffer, byteOffset, byteLength } = json
  return parseJsonBytes(Buffer.from(buffer, byteOffset, byteLength), folder)
}
