import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { fileError, requireValid } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import { readModelJson } from '../base/files/model-file'
import { MAX_TOKENIZER_BYTES } from '../text/text-model'

const TOKENIZER = 'tokenizer.json'
const SENTENCE_CONFIG = 'sentence_bert_config.json'
const MAX_CONFIG_BYTES = 1_000_000
/** Number of tokens to read if the folder does not contain one. */
const DEFAULT_LENGTH = 512

const TokenizerFile = z.looseObject({
  model: z.looseObject({ type: z.enum(['WordPiece', 'BPE', 'Unigram']), vocab: z.unknown() }),
  truncation: z.object({ max_length: z.number().int().min(2) }).nullish()
})
const SentenceConfig = z.object({ max_seq_length: z.number().int().min(2) })

/** Encodes a text with special tokens around it; a long text is cut at its end. Returns at least one token. */
export type EmbeddingTokenizer = (text: string) => number[]

/**
 * Reads the tokenizer of a sentence-embedding model into this process. Tokenizing cannot be interrupted, so only the
 * sandbox calls this function: that process may be killed.
 */
export async function readEmbeddingTokenizer(folder: string): Promise<EmbeddingTokenizer> {
  const file = join(folder, TOKENIZER)
  const parsed = TokenizerFile.safeParse(await readModelJson(folder, TOKENIZER, MAX_TOKENIZER_BYTES))
  const definition = requireValid(parsed, (issue) => fileError(`${file} is no tokenizer: ${issue}`))
  const using = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw fileError(`${file} cannot be used: ${errorMessage(error)}`)
    }
  }
  const tokenizer = using(() => new Tokenizer(definition, {}))
  const maxLength = (await sentenceLength(folder)) ?? definition.truncation?.max_length ?? DEFAULT_LENGTH
  return (text) => {
    const ids: (number | undefined)[] = using(() => tokenizer.encode(text, { add_special_tokens: true }).ids)
    const tokens = ids.filter((id) => id !== undefined)
    // The model needs at least one token.
    if (tokens.length === 0) return [0]
    // The last token, such as [SEP], also ends a shortened text.
    return tokens.length <= maxLength ? tokens : [...tokens.slice(0, maxLength - 1), ...tokens.slice(-1)]
  }
}

/** Reads the maximum number of tokens from the configuration of sentence-transformers; null if there is none. */
async function sentenceLength(folder: string): Promise<number | null> {
  const file = join(folder, SENTENCE_CONFIG)
  if ((await stat(file).catch(() => null)) === null) return null
  const parsed = SentenceConfig.safeParse(await readModelJson(folder, SENTENCE_CONFIG, MAX_CONFIG_BYTES))
  return requireValid(parsed, (issue) => fileError(`${file}: ${issue}`)).max_seq_length
}
