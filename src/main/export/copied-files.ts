import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileError, WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import { modelFilePath } from '../base/files/model-file'
import { ADAPTER_CONFIG } from '../checkpoint/adapter-config'
import type { Checkpoint } from '../checkpoint/checkpoint'

/** A file that an export copies unchanged. */
export interface CopiedFile {
  readonly name: string
  readonly path: string
  readonly bytes: number
}

export const MODEL_CARD = 'README.md'
export const MERGEKIT_FILE = 'mergekit.yaml'

/** Matches weights in any format and their indexes. They are not copied, because an export has other weights. */
const WEIGHTS = /\.(safetensors|bin|pth?|ckpt|gguf|ggml|h5|msgpack|onnx|onnx_data|tflite|npz|pkl)$|\.index\.json$/i
/** Index of safetensors shards. It is copied, because the exported shards have the layout of post's. */
const INDEX = 'model.safetensors.index.json'

/**
 * Lists the files to copy from post's folder: all but weights, hidden files and folders, model card and mergekit
 * recipe. If post is an adapter, files of its base are copied unless the adapter has them too.
 */
export async function copiedFiles({ path, files, adapter }: Checkpoint): Promise<CopiedFile[]> {
  const isSharded = !files.some(({ name }) => name === 'model.safetensors')
  if (adapter === null) return filesOf(path, isSharded)
  const fromAdapter = await adapterFiles(path)
  const fromBase = await filesOf(adapter.basePath, isSharded)
  const replaced = new Set(fromAdapter.map(({ name }) => name))
  return [...fromBase.filter(({ name }) => !replaced.has(name)), ...fromAdapter]
}

/** Lists the files of an adapter's folder that an exported adapter has too, such as its tokenizer. */
export async function adapterFiles(folder: string): Promise<CopiedFile[]> {
  return (await filesOf(folder, false)).filter(({ name }) => !NOT_FROM_ADAPTER.includes(name))
}

/** Files that come from base even if the adapter's folder has them, and the adapter's settings. */
const NOT_FROM_ADAPTER: readonly string[] = ['config.json', INDEX, ADAPTER_CONFIG]

async function filesOf(folder: string, isSharded: boolean): Promise<CopiedFile[]> {
  const names = (await readdir(folder)).filter((name) => {
    if (name === INDEX) return isSharded
    return !name.startsWith('.') && !WEIGHTS.test(name) && name !== MODEL_CARD && name !== MERGEKIT_FILE
  })
  const copied: CopiedFile[] = []
  for (const name of names.sort()) {
    const file = await copiedFile(folder, name)
    if (file !== null) copied.push(file)
  }
  return copied
}

/** Describes a file to copy; null for a folder. */
async function copiedFile(folder: string, name: string): Promise<CopiedFile | null> {
  const link = join(folder, name)
  try {
    const linked = await stat(link)
    if (!linked.isFile()) return null
    return { name, path: await modelFilePath(folder, name), bytes: linked.size }
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    // Node replaces bytes that are not UTF-8, so a path with them names no file.
    if (name.includes('\uFFFD')) throw fileError(`${link} has a name that is not UTF-8: rename or remove the file.`)
    throw fileError(`${link} cannot be read: ${errorMessage(error)}`)
  }
}
