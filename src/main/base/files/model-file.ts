import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileError, WorkbenchError } from '../../../contract/model/problem'
import { isWithin } from './within'
import { readBytes, readJsonFile, readTextFile } from './bounded-file'

/**
 * Resolves a file of a model folder. Links must stay within it, or lead to the blobs of its Hugging Face cache, so
 * that a foreign model cannot publish other files.
 */
export async function modelFilePath(folder: string, name: string): Promise<string> {
  const link = join(folder, name)
  const path = await realpath(link)
  const allowed = await allowedFolders(folder)
  if (allowed.some((parent) => isWithin(parent, path))) return path
  throw fileError(
    `${link} is a link to ${path}, outside the model's folder.`,
    'Put a copy of the file in its place, or remove the link.'
  )
}

async function allowedFolders(folder: string): Promise<string[]> {
  const real = await realpath(folder)
  const isSnapshot = basename(dirname(real)) === 'snapshots'
  return isSnapshot ? [real, join(dirname(dirname(real)), 'blobs')] : [real]
}

/** Reads a text file of a model. @throws WorkbenchError as {@link modelFilePath} and {@link readTextFile} */
export async function readModelText(folder: string, name: string, maxBytes: number): Promise<string> {
  return readTextFile(await withoutForeignLink(folder, name), maxBytes)
}

/** Reads a JSON file of a model. @throws WorkbenchError as {@link modelFilePath} and {@link readJsonFile} */
export async function readModelJson(folder: string, name: string, maxBytes: number): Promise<unknown> {
  return readJsonFile(await withoutForeignLink(folder, name), maxBytes)
}

export async function readModelBytes(folder: string, name: string, maxBytes: number): Promise<Buffer> {
  return readBytes(await withoutForeignLink(folder, name), maxBytes)
}

/**
 * Refuses a file that is a link out of the model's folder. Other errors, such as a missing file, are left to the caller
 * that reads the file.
 *
 * @returns the path of the file, with links
 */
async function withoutForeignLink(folder: string, name: string): Promise<string> {
  try {
    await modelFilePath(folder, name)
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
  }
  return join(folder, name)
}
