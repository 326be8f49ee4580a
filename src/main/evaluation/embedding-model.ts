import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CheckpointReference } from '../../contract/model/checkpoint'
import { fileError, notFoundError } from '../../contract/model/problem'
import { requireNamedHost } from '../base/files/network-path'
import { sha256OfFile } from '../checkpoint/file-sha256'
import { askSandbox } from '../sandbox/host'
import type { EmbeddingTokensRequest } from '../sandbox/messages'
import { inBatches } from '../text/batches'

/** Files of the model in published folders. */
const MODEL_FILES = ['model.onnx', join('onnx', 'model.onnx')]
const TOKENIZER = 'tokenizer.json'
/** Limit of an ONNX file, which is one protobuf message. */
const MAX_MODEL_BYTES = 2 ** 31
/** Largest number of texts, and of their characters, in one request to the sandbox; see `recentTextModel`. */
const BATCH = { items: 64, size: 1_000_000 }

/** A sentence-embedding model in a folder of the user. */
export interface EmbeddingModel {
  /** The folder, with a SHA-256 of model.onnx and tokenizer.json. */
  readonly reference: CheckpointReference
  /** Path of model.onnx. */
  readonly file: string
  /** Encodes texts with special tokens around them; long texts are cut. @throws WorkbenchError `bad-file` */
  encodeAll(texts: readonly string[]): Promise<number[][]>
}

/**
 * Opens a model in the folder layout of sentence-transformers. The engine loads the model itself when it is used.
 *
 * @param what name of the model in errors
 */
export async function openEmbeddingModel(folder: string, what = 'sentence-embedding model'): Promise<EmbeddingModel> {
  await requireNamedHost(folder)
  const path = resolve(folder)
  const file = await modelFile(path, what)
  const tokenizerFile = join(path, TOKENIZER)
  const hash = createHash('sha256')
  for (const part of [file, tokenizerFile]) hash.update(await sha256OfFile(part))
  const reference = { path, fingerprint: hash.digest('hex') }
  const source = { folder: path, files: reference.fingerprint, file: tokenizerFile }
  // An unusable tokenizer is reported now, although there is no text yet.
  await embeddingTokens(source, [])
  return { reference, file, encodeAll: (texts) => embeddingTokens(source, texts) }
}

/** Encodes texts in the sandbox process, because the tokenizer is an untrusted file. An empty list only opens it. */
async function embeddingTokens(
  source: Pick<EmbeddingTokensRequest, 'folder' | 'files' | 'file'>,
  texts: readonly string[]
): Promise<number[][]> {
  const tokens: number[][] = []
  const batches = inBatches(texts, BATCH, ({ length }) => length)
  for (const batch of batches.length === 0 ? [[]] : batches) {
    const reply = await askSandbox({ kind: 'embedding-tokens', ...source, texts: batch }, 'tokens')
    for (const list of reply.tokens) tokens.push(list)
  }
  return tokens
}

async function modelFile(folder: string, what: string): Promise<string> {
  for (const name of MODEL_FILES) {
    const file = join(folder, name)
    const state = await stat(file).catch(() => null)
    if (state === null) continue
    if (!state.isFile()) throw fileError(`${file} is not a file.`)
    if (state.size === 0 || state.size >= MAX_MODEL_BYTES) {
      throw fileError(
        `${file} has ${state.size} bytes; expected an ONNX model of less than ${MAX_MODEL_BYTES}, its weights in ` +
          'files of their own if need be.'
      )
    }
    return file
  }
  throw notFoundError(
    `There is no ${MODEL_FILES.join(' or ')} in ${folder}.`,
    `Point to the folder of a ${what} in ONNX form, with its tokenizer.json.`
  )
}
