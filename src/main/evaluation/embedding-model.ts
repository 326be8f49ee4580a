import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CheckpointReference } from '../../contract/model/checkpoint'
import { WorkbenchError } from '../../contract/model/problem'
import { requireNamedHost } from '../base/files/network-path'
import { sha256OfFile } from '../checkpoint/file-sha256'
import { askSandbox } from '../sandbox/host'
import type { EmbeddingTokensRequest } from '../sandbox/messages'
import { inBatches } from '../text/batches'

/** Where published folders have the model. */
const MODEL_FILES = ['model.onnx', join('onnx', 'model.onnx')]
const TOKENIZER = 'tokenizer.json'
/** An ONNX file is one protobuf message, which can be no larger. */
const MAX_MODEL_BYTES = 2 ** 31
/** What one request holds: see `recentTextModel`. */
const BATCH = { items: 64, size: 1_000_000 }

/** A sentence-embedding model that the user points to. */
export interface EmbeddingModel {
  /** Its folder, and a SHA-256 over model.onnx and tokenizer.json. */
  readonly reference: CheckpointReference
  /** The ONNX file. */
  readonly file: string
  /**
   * The tokens of texts, special tokens around them; a text that is too long loses its end. At least one token each.
   *
   * @throws WorkbenchError `bad-file` when the tokenizer does not work, or takes too long
   */
  encodeAll(texts: readonly string[]): Promise<number[][]>
}

/**
 * Opens a folder as sentence-transformers publishes them: `model.onnx` or `onnx/model.onnx`, `tokenizer.json`, and perhaps
 * `sentence_bert_config.json`, which says how many tokens are read. Whether the model computes shows when it is asked to.
 *
 * @param what it is to be, for messages
 * @throws WorkbenchError `not-found` naming the file that is missing; `bad-file` naming the file and what was expected
 */
export async function openEmbeddingModel(
  folder: string,
  what = 'sentence-embedding model'
): Promise<EmbeddingModel> {
  await requireNamedHost(folder)
  const file = await modelFile(folder, what)
  const tokenizerFile = join(folder, TOKENIZER)
  const hash = createHash('sha256')
  for (const part of [file, tokenizerFile]) hash.update(await sha256OfFile(part))
  const reference = { path: resolve(folder), fingerprint: hash.digest('hex') }
  const place = { folder: reference.path, files: reference.fingerprint, file: tokenizerFile }
  // One that cannot be used is told of at once.
  await embeddingTokens(place, [])
  return { reference, file, encodeAll: (texts) => embeddingTokens(place, texts) }
}

/** Tokenizers come from strangers: theirs is worked where it can be stopped. */
async function embeddingTokens(
  place: Pick<EmbeddingTokensRequest, 'folder' | 'files' | 'file'>,
  texts: readonly string[]
): Promise<number[][]> {
  const tokens: number[][] = []
  const batches = inBatches(texts, BATCH, ({ length }) => length)
  for (const batch of batches.length === 0 ? [[]] : batches) {
    const reply = await askSandbox({ kind: 'embedding-tokens', ...place, texts: batch })
    if (reply.kind !== 'tokens') throw new Error(`the sandbox process answered texts with ${reply.kind}`)
    for (const list of reply.tokens) tokens.push(list)
  }
  return tokens
}

async function modelFile(folder: string, what: string): Promise<string> {
  for (const name of MODEL_FILES) {
    const file = join(folder, name)
    const found = await stat(file).catch(() => null)
    if (found === null) continue
    if (!found.isFile()) throw new WorkbenchError('bad-file', `${file} is not a file.`)
    if (found.size === 0 || found.size >= MAX_MODEL_BYTES) {
      throw new WorkbenchError(
        'bad-file',
        `${file} has ${found.size} bytes; expected an ONNX model of less than ${MAX_MODEL_BYTES}, its weights in files of their own if need be.`
      )
    }
    return file
  }
  throw new WorkbenchError(
    'not-found',
    `There is no ${MODEL_FILES.join(' or ')} in ${folder}.`,
    `Point to the folder of a ${what} in ONNX form, with its tokenizer.json.`
  )
}
