import { readdir, stat } from 'node:fs/promises'
import { join, win32 } from 'node:path'
import { fileError, notFoundError, unsupportedError, type WorkbenchError } from '../../contract/model/problem'
import { listNames } from '../../contract/words/format'
import { readModelText } from '../base/files/model-file'
import { isJsonObject, parseJsonObject, quoteName } from '../base/json-object'
import { adapterProblem } from './adapter-folder'
import { readSafetensorsHeader, type SafetensorsHeader } from './safetensors'
import { isMissing } from './weight-file'

const SINGLE_FILE = 'model.safetensors'
const INDEX_FILE = 'model.safetensors.index.json'
/** Limit of an index. DeepSeek V3 takes 8.9 MB, and Kimi K2 about 14 MB. */
const MAX_INDEX_BYTES = 32_000_000
/** Limits of the files and headers that are read of one folder. Llama 3.1 405B has 191 files. */
const MAX_FILES = 500
const MAX_HEADERS_BYTES = 32_000_000
const MAX_INDEX_NAMES = 200_000

/** A weight file of a model folder with its header. */
export interface WeightFile extends SafetensorsHeader {
  name: string
  path: string
}

/** Reads the headers of a model's weight files. If there is a single file, an index is ignored, as in transformers. */
export async function readWeightFiles(folder: string): Promise<WeightFile[]> {
  const present = await readdir(folder)
  if (present.includes(SINGLE_FILE)) return [await readWeightFile(folder, SINGLE_FILE)]
  if (present.includes(INDEX_FILE)) return readShards(folder)
  throw adapterProblem(folder, present) ?? noWeights(folder, present)
}

export async function readWeightFile(folder: string, name: string): Promise<WeightFile> {
  const path = join(folder, name)
  return { name, path, ...(await readSafetensorsHeader(path)) }
}

async function readShards(folder: string): Promise<WeightFile[]> {
  const indexFile = join(folder, INDEX_FILE)
  const shardOf = await readIndex(folder, indexFile)
  const shardNames = [...new Set(shardOf.values())].sort()
  if (shardNames.length > MAX_FILES)
    throw tooMany(`${indexFile} names ${shardNames.length} files; at most ${MAX_FILES} are read.`)
  await refuseMissingShards(folder, shardNames, indexFile)

  const shards: WeightFile[] = []
  let headerBytes = 0
  for (const name of shardNames) {
    const shard = await readWeightFile(folder, name)
    shards.push(shard)
    headerBytes += shard.headerBytes
    if (headerBytes > MAX_HEADERS_BYTES)
      throw tooMany(`${folder}: the headers of its files have more than ${MAX_HEADERS_BYTES} bytes.`)
  }
  checkAgainstIndex(shards, shardOf, indexFile)
  return shards
}

function tooMany(message: string): WorkbenchError {
  return unsupportedError(
    message,
    'Models that can be read have fewer: Kimi K2, the largest, has 140,000 tensors with its scales.'
  )
}

/** Reads the index: the file name of each tensor. */
async function readIndex(folder: string, indexFile: string): Promise<Map<string, string>> {
  const text = await readModelText(folder, INDEX_FILE, MAX_INDEX_BYTES)
  const index = parseJsonObject(text, indexFile, MAX_INDEX_NAMES)
  if (!isJsonObject(index.weight_map)) {
    throw fileError(`${indexFile}: weight_map: expected an object of file names by tensor name.`)
  }
  // Entries instead of a schema of records, which would silently drop a tensor named "__proto__".
  const shardOf = new Map<string, string>()
  for (const [tensor, shard] of Object.entries(index.weight_map)) {
    if (typeof shard !== 'string' || !isPlainFileName(shard)) {
      throw fileError(
        `${indexFile}: tensor ${quoteName(tensor)} lies in ${quoteName(String(shard))}, expected the name of a ` +
          '.safetensors file in the same folder.'
      )
    }
    shardOf.set(tensor, shard)
  }
  if (shardOf.size === 0) throw fileError(`${indexFile}: weight_map names no tensor.`)
  return shardOf
}

/** Reports whether a name has no separators of either system, no drive and no "..". */
function isPlainFileName(name: string): boolean {
  return win32.basename(name) === name && name.endsWith('.safetensors') && !name.includes('\0')
}

async function refuseMissingShards(folder: string, names: readonly string[], indexFile: string): Promise<void> {
  const missing: string[] = []
  for (const name of names) {
    if (!(await exists(join(folder, name)))) missing.push(name)
  }
  if (missing.length === 0) return
  throw notFoundError(
    `${folder}: ${missing.length} of the ${names.length} files that ${indexFile} names are missing: ` +
      `${listNames(missing, 8)}.`,
    'The download may be incomplete: fetch the model again.'
  )
}

/** Reports whether a file exists. A file that cannot be inspected counts as existing, and fails when it is opened. */
async function exists(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch (error) {
    return !isMissing(error)
  }
}

/** Checks that each tensor is in the file that the index names. transformers would use another tensor otherwise. */
function checkAgainstIndex(
  shards: readonly WeightFile[],
  shardOf: ReadonlyMap<string, string>,
  indexFile: string
): void {
  const foundIn = new Map<string, string>()
  const twice: string[] = []
  const unlisted: string[] = []
  for (const shard of shards) {
    for (const { name } of shard.tensors) {
      const earlier = foundIn.get(name)
      if (earlier !== undefined) twice.push(`${quoteName(name)} (${earlier} and ${shard.name})`)
      else foundIn.set(name, shard.name)
      if (!shardOf.has(name)) unlisted.push(`${quoteName(name)} (${shard.name})`)
    }
  }
  const absent: string[] = []
  for (const [name, shard] of shardOf) {
    const shardName = foundIn.get(name)
    if (shardName === undefined) absent.push(`${quoteName(name)} (${shard})`)
    else if (shardName !== shard) absent.push(`${quoteName(name)} (${shard}; it is in ${shardName})`)
  }
  const complaints = [
    twice.length > 0 ? `in two files: ${listNames(twice, 8)}` : '',
    absent.length > 0 ? `not in the file the index names: ${listNames(absent, 8)}` : '',
    unlisted.length > 0 ? `not in the index: ${listNames(unlisted, 8)}` : ''
  ].filter((complaint) => complaint !== '')
  if (complaints.length > 0) {
    throw fileError(`${indexFile} does not fit its files. Tensors ${complaints.join('. Tensors ')}.`)
  }
}

function noWeights(folder: string, present: readonly string[]): WorkbenchError {
  const message = `${folder} has no weights in safetensors: looked for ${SINGLE_FILE} and ${INDEX_FILE}`
  const findName = (pattern: RegExp): string | undefined => present.find((name) => pattern.test(name))
  const [weights, ...others] = present.filter((name) => name.endsWith('.safetensors'))
  if (weights !== undefined) {
    const isWhole = others.length === 0 && !/-of-\d+\.safetensors$/.test(weights)
    const hint = isWhole
      ? `If this file holds the whole model, rename it to ${SINGLE_FILE}.`
      : `Sharded weights need their ${INDEX_FILE}.`
    return notFoundError(`${message}, found ${quoteName(weights)}.`, hint)
  }
  const other = findName(/\.(bin|pth|pt|gguf|h5|msgpack)$/)
  if (other !== undefined) {
    return notFoundError(
      `${message}, found ${quoteName(other)}.`,
      "Only safetensors files are read. Download the model's .safetensors files, or load it in transformers and " +
        'save it with save_pretrained.'
    )
  }
  return notFoundError(`${message}.`)
}
