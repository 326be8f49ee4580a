import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fileError, unsupportedError } from '../../contract/model/problem'
import { readModelText } from '../base/files/model-file'
import { canonicalTensorName, decoderSpec, type DecoderSpec, TEXT_SECTION, wholeModelTensors } from '../family'
import { isJsonObject, parseJsonObject, quoteName } from '../base/json-object'
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, adapterScalings, readAdapterConfig } from './adapter-config'
import { adapterBaseFolder, isAdapter } from './adapter-folder'
import { joinAdapter } from './adapter-tensors'
import { resolveModelFolder } from './model-folder'
import { configWithoutScales, requireQuantisationObject } from './scaled-schemes'
import { joinScales } from './scaled-weights'
import { splitTiedHead, type TiedNames } from './tied-adapter'
import { requireActivationConstants } from './stored-values'
import { TensorEntry } from './safetensors'
import { openWeightFile, readNow } from './weight-file'
import { readWeightFile, readWeightFiles, type WeightFile } from './weight-files'

/** Typical configs have a few kB; quantised ones that list unquantised modules have about 100 kB. */
const MAX_CONFIG_BYTES = 1_000_000

/** A PEFT adapter and the base model that it changes. */
const Adapter = z.object({
  /** Folder of the base model. */
  basePath: z.string(),
  /** Name or path of the base model in the adapter's settings. */
  trainedOn: z.string().nullable(),
  /** Path of the adapter's weight file. */
  file: z.string(),
  /** Tensors of the file for a head that is tied to the embeddings. They repeat the embeddings' and are not read. */
  tiedHead: z.array(TensorEntry)
})
export type Adapter = z.infer<typeof Adapter>

/** Without scales, DeepSeek V3 has 45,000 tensors and Kimi K2 70,000. */
const MAX_TENSORS = 100_000

/** A checkpoint as the sandbox process sends it, with the entries of `tensors` instead of a map. */
export const DescribedCheckpoint = z.object({
  path: z.string(),
  configPath: z.string(),
  // A schema of records would silently drop a key named "__proto__".
  config: z.custom<Record<string, unknown>>(isJsonObject),
  tensors: z.array(z.tuple([z.string(), TensorEntry])),
  /** The folder of the tokenizer and sampling settings: the base's, for an adapter without a tokenizer. */
  textFolder: z.string(),
  /** The PEFT adapter that the checkpoint is read with; null for a whole model. */
  adapter: Adapter.nullable(),
  /** Size and change time of each file when its header was read. */
  files: z.array(z.object({ name: z.string(), path: z.string(), bytes: z.number(), modifiedMs: z.number() })),
  /** Hash of the content: equal in every folder, and different after a change. */
  fingerprint: z.string()
})

/** A Hugging Face checkpoint, described by its config and its safetensors headers. No file is open. */
export interface Checkpoint extends Readonly<Omit<z.infer<typeof DescribedCheckpoint>, 'tensors'>> {
  /** Tensors by canonical name (see canonicalTensorName); an entry itself has the stored name. */
  readonly tensors: ReadonlyMap<string, TensorEntry>
}

/**
 * Opens a model folder in this process.
 *
 * @param adapterBase the base that the user chose for an adapter.
 * @param namedBase a folder that is the base if the adapter's settings name exactly this path.
 */
export async function openCheckpoint(folder: string, adapterBase?: string, namedBase?: string): Promise<Checkpoint> {
  const path = await resolveModelFolder(folder)
  return isAdapter(await readdir(path)) ? openAdapter(path, adapterBase, namedBase) : openWholeModel(path)
}

/** Replaces `Infinity`, which Python writes into JSON, by the JSON number 1e999, which is read as infinite. */
function withInfinity(text: string): string {
  return text.replace(/([[,:]\s*)Infinity(?=\s*[\],}])/g, (_, before: string) => `${before}1e999`)
}

async function openWholeModel(path: string): Promise<Checkpoint> {
  const configPath = join(path, 'config.json')
  const configText = await readModelText(path, 'config.json', MAX_CONFIG_BYTES)
  const config = parseJsonObject(withInfinity(configText), configPath)
  requireQuantisationObject(config, configPath)
  const files = await readWeightFiles(path)
  const tensors = await joinScales(byCanonicalName(files), config)
  if (tensors.size > MAX_TENSORS) {
    throw unsupportedError(`${path} has ${tensors.size} tensors; at most ${MAX_TENSORS} are read.`)
  }
  await requireActivationConstants(tensors)
  return {
    path,
    configPath,
    config,
    tensors,
    files: files.map(fileOf),
    textFolder: path,
    adapter: null,
    fingerprint: await fingerprint(configText, files)
  }
}

/** Opens an adapter as a checkpoint. Config and unchanged tensors are the base model's. */
async function openAdapter(path: string, given: string | undefined, named: string | undefined): Promise<Checkpoint> {
  const configFile = join(path, ADAPTER_CONFIG)
  const { text, config } = await readAdapterConfig(path, configFile)
  const basePath = await resolveModelFolder(adapterBaseFolder(path, config, given, named))
  const names = await readdir(path)
  if (isAdapter(await readdir(basePath))) {
    const message = `${basePath} is itself a PEFT adapter, expected the whole model that ${path} was trained on.`
    throw unsupportedError(message)
  }
  const base = await openWholeModel(basePath)
  const file = await readWeightFile(path, ADAPTER_WEIGHTS)
  const tied = tiedNames(base)
  const { tensors: changes, tiedHead } =
    tied === null
      ? { tensors: file.tensors, tiedHead: [] }
      : await splitTiedHead(base.tensors, file.tensors, tied, config.ensure_weight_tying === true)
  const tensors = joinAdapter(base.tensors, { file: file.path, tensors: changes }, adapterScalings(config, configFile))
  return {
    ...base,
    path,
    config: withVocabularyOf(base, tensors),
    tensors,
    files: [...base.files, fileOf(file)],
    textFolder: names.includes('tokenizer.json') ? path : basePath,
    adapter: { basePath, trainedOn: config.base_model_name_or_path ?? null, file: file.path, tiedHead: [...tiedHead] },
    fingerprint: await fingerprint(JSON.stringify([base.fingerprint, text]), [file])
  }
}

/**
 * Reads the decoder that a checkpoint describes.
 * @throws WorkbenchError `unsupported` or `bad-file` naming the key of the config
 */
export function specOfCheckpoint({ config, configPath, tensors }: Checkpoint): DecoderSpec {
  const spec = decoderSpec(configWithoutScales(config, configPath), configPath)
  // Without a head tensor, transformers uses the embeddings as the head of a text model inside another model.
  const lacksHead = config.model_type !== spec.modelType && !tensors.has(wholeModelTensors(spec).head.name)
  return { ...spec, tiedHead: spec.tiedHead || lacksHead }
}

/** Returns the names of embeddings and head if the head is tied; null if it is not. */
function tiedNames(checkpoint: Checkpoint): TiedNames | null {
  const spec = specOfCheckpoint(checkpoint)
  if (!spec.tiedHead) return null
  const { embedding, head } = wholeModelTensors({ ...spec, tiedHead: false })
  return { embedding: embedding.name, head: head.name }
}

/** Gives the base's config the vocabulary of the embeddings, which training may have extended. */
function withVocabularyOf(base: Checkpoint, tensors: ReadonlyMap<string, TensorEntry>): Checkpoint['config'] {
  const { config } = base
  const spec = specOfCheckpoint(base)
  const rows = tensors.get(wholeModelTensors(spec).embedding.name)?.shape[0]
  if (rows === undefined) return config
  const vocabulary = { vocab_size: rows - spec.family.spareEmbeddings }
  const text = config[TEXT_SECTION]
  return isJsonObject(text) ? { ...config, [TEXT_SECTION]: { ...text, ...vocabulary } } : { ...config, ...vocabulary }
}

function fileOf({ name, path, fileBytes, modifiedMs }: WeightFile): Checkpoint['files'][number] {
  return { name, path, bytes: fileBytes, modifiedMs }
}

function byCanonicalName(files: readonly WeightFile[]): Map<string, TensorEntry> {
  const tensors = new Map<string, TensorEntry>()
  for (const entry of files.flatMap((file) => file.tensors)) {
    const name = canonicalTensorName(entry.name)
    const earlier = tensors.get(name)
    if (earlier !== undefined) {
      throw fileError(
        `${entry.file}: tensors ${quoteName(earlier.name)} and ${quoteName(entry.name)} both stand for ` +
          `${quoteName(name)}.`
      )
    }
    tensors.set(name, entry)
  }
  return tensors
}

/** Bytes that are sampled of each tensor. Fine-tuning changes few low-precision values, so many samples are needed. */
const SAMPLE_BYTES = 256
const MAX_SAMPLES_PER_FILE = 2048

/** Computes the sha256 of config.json and of each weight file's name, size, header and a sample of its data. */
async function fingerprint(configText: string, files: readonly WeightFile[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(configText))
  for (const file of files) {
    hash.update(JSON.stringify([file.name, file.fileBytes, file.headerSha256]))
    hash.update(await sampleData(file))
  }
  return hash.digest('hex')
}

/** Reads the middle bytes of every tensor, or of evenly spread ones if there are very many. */
async function sampleData(file: WeightFile): Promise<Uint8Array> {
  const step = Math.ceil(file.tensors.length / MAX_SAMPLES_PER_FILE)
  const sampled = file.tensors.filter((_, i) => i % step === 0)
  const samples = Buffer.alloc(sampled.length * SAMPLE_BYTES)
  const handle = await openWeightFile(file.path)
  try {
    for (const [i, { offset, byteLength }] of sampled.entries()) {
      const length = Math.min(SAMPLE_BYTES, byteLength)
      const position = offset + Math.floor((byteLength - length) / 2)
      readNow(handle, file.path, samples.subarray(i * SAMPLE_BYTES, i * SAMPLE_BYTES + length), position)
    }
  } finally {
    await handle.close()
  }
  return samples
}
