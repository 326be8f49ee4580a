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

/**
 * Files with weights in any format, or indexes of weights. They are not copied, because the model has other weights.
 */
const WEIGHTS = /\.(safetensors|bin|pth?|ckpt|gguf|ggml|h5|msgpack|onnx|onnx_data|tflite|npz|pkl)$|\.index\.json$/i
/** Index of safetensors shards. The export has the layout of post's index. */
const INDEX = 'model.safetensors.index.json'

/**
 * Lists the files to copy from post's folder: all but weights, hidden files and folders, model card and mergekit
 * recipe. An adapter's model has the files of its base, and the adapter's own tokenizer and others.
 */
export async function copiedFiles({ path, files, adapter }: Checkpoint): Promise<CopiedFile[]> {
  const sharded = !files.some(({ name }) => name === 'model.safetensors')
  if (adapter === null) return filesOf(path, sharded)
  const ofAdapter = await adapterFiles(path)
  const ofBase = await filesOf(adapter.basePath, sharded)
  const replaced = new Set(ofAdapter.map(({ name }) => name))
  return [...ofBase.filter(({ name }) => !replaced.has(name)), ...ofAdapter]
}

/** Lists the files of an adapter's folder that an exported adapter has too, such as its tokenizer. */
export async function adapterFiles(folder: string): Promise<CopiedFile[]> {
  return (await filesOf(folder, false)).filter(({ name }) => !OF_BASE.includes(name))
}

/** Files that the model takes from base even if the adapter's folder has them, and the adapter's settings. */
const OF_BASE: readonly string[] = ['config.json', INDEX, ADAPTER_CONFIG]

async function filesOf(folder: string, sharded: boolean): Promise<CopiedFile[]> {
  const names = (await readdir(folder)).filter((name) =>
    name === INDEX
      ? sharded
      : !name.startsWith('.') && !WEIGHTS.test(name) && name !== MODEL_CARD && name !== MERGEKIT_FILE
  )
  const copied: CopiedFile[] = []
  for (const name of names.sort()) {
    const file = await copiedFile(folder, name)
    if (file !== null) copied.push(file)
  }
  return copied
}

async function copiedFile(folder: string, name: string): Promise<CopiedFile | null> {
  const link = join(folder, name)
  try {
    const linked = await stat(link)
    if (!linked.isFile()) return null
    return { name, path: await modelFilePath(folder, name), bytes: linked.size }
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    throw fileError(`${link} cannot be read: ${errorMessage(error)}`)
  }
}
