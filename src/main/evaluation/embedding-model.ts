import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import type { CheckpointReference } from '../../contract/model/checkpoint'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import { readModelJson } from '../base/files/model-file'
import { sha256OfFile } from '../checkpoint/file-sha256'
import { MAX_TOKENIZER_BYTES } from '../text/text-model'

/** Where published folders have the model. */
const MODEL_FILES = ['model.onnx', join('onnx', 'model.onnx')]
const TOKENIZER = 'tokenizer.json'
const SENTENCE_CONFIG = 'sentence_bert_config.json'
/** An ONNX file is one protobuf message, which can be no larger. */
const MAX_MODEL_BYTES = 2 ** 31
const MAX_CONFIG_BYTES = 1_000_000
/** Tokens of a text that are read where the folder does not say. */
const USUAL_LENGTH = 512

const TokenizerFile = z.looseObject({
  model: z.looseObject({ type: z.enum(['WordPiece', 'BPE', 'Unigram']), vocab: z.unknown() }),
  truncation: z.object({ max_length: z.number().int().min(2) }).nullish()
})
const SentenceConfig = z.object({ max_seq_length: z.number().int().min(2) })

/** A sentence-embedding model that the user points to. */
export interface EmbeddingModel {
  /** Its folder, and a SHA-256 over model.onnx and tokenizer.json. */
  readonly reference: CheckpointReference
  /** The ONNX file. */
  readonly file: string
  /** The tokens of a text, special tokens around them; a text that is too long loses its end. At least one token. */
  encode(text: string): number[]
}

/**
 * Opens a folder as sentence-transformers publishes them: `model.onnx` or `onnx/model.onnx`, `tokenizer.json`, and perhaps
 * `sentence_bert_config.json`, which says how many tokens are read. Whether the model computes shows when it is asked to.
 *
 * @throws WorkbenchError `not-found` naming the file that is missing; `bad-file` naming the file and what was expected
 */
export async function openEmbeddingModel(folder: string): Promise<EmbeddingModel> {
  const file = await modelFile(folder)
  const tokenizerFile = join(folder, TOKENIZER)
  const parsed = TokenizerFile.safeParse(await readModelJson(folder, TOKENIZER, MAX_TOKENIZER_BYTES))
  if (!parsed.success) {
    throw new WorkbenchError('bad-file', `${tokenizerFile} is no tokenizer: ${describeIssue(parsed.error)}`)
  }
  const using = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw new WorkbenchError('bad-file', `${tokenizerFile} cannot be used: ${errorMessage(error)}`)
    }
  }
  const tokenizer = using(() => new Tokenizer(parsed.data, {}))
  const longest = (await sentenceLength(folder)) ?? parsed.data.truncation?.max_length ?? USUAL_LENGTH
  const hash = createHash('sha256')
  for (const part of [file, tokenizerFile]) hash.update(await sha256OfFile(part))
  return {
    reference: { path: resolve(folder), fingerprint: hash.digest('hex') },
    file,
    encode(text) {
      const ids: (number | undefined)[] = using(
        () => tokenizer.encode(text, { add_special_tokens: true }).ids
      )
      const tokens = ids.filter((id) => id !== undefined)
      // A model cannot be asked about nothing.
      if (tokens.length === 0) return [0]
      // What ends every text, such as [SEP], ends a cut one too.
      return tokens.length <= longest ? tokens : [...tokens.slice(0, longest - 1), ...tokens.slice(-1)]
    }
  }
}

async function modelFile(folder: string): Promise<string> {
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
    'Point to the folder of a sentence-embedding model in ONNX form, with its tokenizer.json.'
  )
}

async function sentenceLength(folder: string): Promise<number | null> {
  const file = join(folder, SENTENCE_CONFIG)
  if ((await stat(file).catch(() => null)) === null) return null
  const parsed = SentenceConfig.safeParse(await readModelJson(folder, SENTENCE_CONFIG, MAX_CONFIG_BYTES))
  if (parsed.success) return parsed.data.max_seq_length
  throw new WorkbenchError('bad-file', `${file}: ${describeIssue(parsed.error)}`)
}
