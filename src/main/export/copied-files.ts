import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { WorkbenchError } from '../../contract/problem'
import { errorMessage } from '../base/files/bounded-file'
import type { Checkpoint } from '../checkpoint/checkpoint'

/** A file that an export takes over as it is. */
export interface CopiedFile {
  readonly name: string
  readonly path: string
  readonly bytes: number
}

export const MODEL_CARD = 'README.md'
export const MERGEKIT_FILE = 'mergekit.yaml'

/** Files that hold weights in any format, or say where those lie: they would contradict the restored ones. */
const WEIGHTS =
  /\.(safetensors|bin|pth?|ckpt|gguf|ggml|h5|msgpack|onnx|onnx_data|tflite|npz|pkl)$|\.index\.json$/i
/** A shared index describes post's layout, which is the export's too. */
const INDEX = 'model.safetensors.index.json'

/**
 * What an export copies from post's folder: every file that lies directly in it (config, tokenizer, template, generation
 * config, licence, code, ...), but no weights, no model card and mergekit recipe (they are written anew), nothing hidden
 * and no folders.
 *
 * @throws WorkbenchError `bad-file` for a link that leads out of the folder: a model from elsewhere must not be able to
 *   have other files of this machine published with it
 */
export async function copiedFiles({ path: folder, files }: Checkpoint): Promise<CopiedFile[]> {
  const sharded = !files.some(({ name }) => name === 'model.safetensors')
  const names = (await readdir(folder)).filter((name) =>
    name === INDEX
      ? sharded
      : !name.startsWith('.') && !WEIGHTS.test(name) && name !== MODEL_CARD && name !== MERGEKIT_FILE
  )
  const allowed = await allowedFolders(folder)
  const copied: CopiedFile[] = []
  for (const name of names.sort()) {
    const file = await copiedFile(folder, name, allowed)
    if (file !== null) copied.push(file)
  }
  return copied
}

/** Null for what is no file. */
async function copiedFile(
  folder: string,
  name: string,
  allowed: readonly string[]
): Promise<CopiedFile | null> {
  const link = join(folder, name)
  try {
    const path = await realpath(link)
    const stats = await stat(path)
    if (!stats.isFile()) return null
    if (!allowed.some((parent) => path.startsWith(parent + sep))) {
      throw new WorkbenchError(
        'bad-file',
        `${link} is a link to ${path}, outside the model's folder.`,
        'Put a copy of the file in its place, or remove the link.'
      )
    }
    return { name, path, bytes: stats.size }
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    throw new WorkbenchError('bad-file', `${link} cannot be read: ${errorMessage(error)}`)
  }
}

/** The folder itself, and for a snapshot in the Hugging Face cache the folder that holds what its links lead to. */
async function allowedFolders(folder: string): Promise<string[]> {
  const real = await realpath(folder)
  const isSnapshot = basename(dirname(real)) === 'snapshots'
  return isSnapshot ? [real, join(dirname(dirname(real)), 'blobs')] : [real]
}
