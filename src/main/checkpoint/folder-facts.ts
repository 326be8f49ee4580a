import { resolve } from 'node:path'
import { parseJsonBytes } from '../base/files/json-pieces'
import { askSandbox } from '../sandbox/host'
import type { FolderRequest } from '../sandbox/messages'

/**
 * Reads facts about a model folder in the sandbox process, because malicious files could block this process.
 *
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
