import { resolve } from 'node:path'
import { parseJsonBytes } from '../base/files/json-pieces'
import { askConfined } from '../confined/host'
import type { FolderRequest } from '../confined/messages'

/**
 * What the confined process reads in a model folder; its shape is the caller's to check. Folders come from strangers: main reads none by
 * itself, so that none holds it up.
 *
 * @throws WorkbenchError what reading it there says; `bad-file`, naming the folder, when it takes too long or too much memory
 */
export async function folderFacts(kind: FolderRequest['kind'], folder: string): Promise<unknown> {
  const reply = await askConfined({ kind, file: resolve(folder) })
  if (reply.kind !== 'folder') throw new Error(`the confined process answered a folder with ${reply.kind}`)
  const { buffer, byteOffset, byteLength } = reply.json
  return parseJsonBytes(Buffer.from(buffer, byteOffset, byteLength), folder)
}
