import { join } from 'node:path'
import { z } from 'zod'
import { Sampling } from '../../contract/model/sampling'
import { fileError, requireValid } from '../../contract/model/problem'
import { readModelJson } from '../base/files/model-file'
import { encodeOne, type TextModel } from '../text/text-model'
import type { Checkpoint } from './checkpoint'
import { folderFacts } from './folder-facts'
import type { PairMember } from './pair-member'
import { nullIfNotFound } from '../base/files/with-fallback'

const MAX_BYTES = 1_000_000

const tokenId = z.number().int().nonnegative()
const EndTokens = z
  .union([tokenId.transform((id) => [id]), z.array(tokenId)])
  .nullish()
  .transform((ids) => ids ?? [])

const { temperature, topP, minP, repetitionPenalty } = Sampling.shape

/** Sampling settings of generation_config.json, with transformers' names. */
const GenerationConfig = z.object({
  eos_token_id: EndTokens,
  do_sample: z.boolean().nullish(),
  temperature: temperature.nullish(),
  /** Both 0 and -1 are used to switch top-k off. */
  top_k: z.number().int().min(-1).nullish(),
  top_p: topP.nullish(),
  min_p: minP.nullish(),
  repetition_penalty: repetitionPenalty.nullish(),
  max_new_tokens: z.number().int().min(1).nullish()
})
export type GenerationConfig = z.infer<typeof GenerationConfig>

/**
 * Lists the ids of tokens that end an answer: by the model's files, or else by the tokenizer. For an adapter, both
 * are joined: its base's files and its own tokenizer.
 *
 * @param text the checkpoint's tokenizer; null for a checkpoint without one
 */
export async function endTokens(checkpoint: Checkpoint, text: TextModel | null): Promise<number[]> {
  const fromFiles = await modelEndTokens(checkpoint)
  if (fromFiles.length > 0 && checkpoint.adapter === null) return fromFiles
  const endToken = text?.specialTokens.get('eos_token')
  const encoded = endToken === undefined || text === null ? [] : await encodeOne(text, endToken)
  // Several tokens mean that the vocabulary lacks the end token.
  return encoded.length === 1 ? [...new Set([...fromFiles, ...encoded])] : fromFiles
}

/** Lists end tokens by generation_config.json or config.json. An adapter without such a file has those of its base. */
async function modelEndTokens(checkpoint: Checkpoint): Promise<number[]> {
  const folders = [checkpoint.textFolder, ...(checkpoint.adapter === null ? [] : [checkpoint.adapter.basePath])]
  for (const folder of new Set(folders)) {
    const { eos_token_id: tokens } = await openGenerationConfig(folder)
    if (tokens.length > 0) return tokens
  }
  const config = z.looseObject({ eos_token_id: EndTokens }).safeParse(checkpoint.config)
  return requireValid(config, (issue) => fileError(`${checkpoint.configPath}: ${issue}`)).eos_token_id
}

/**
 * Lists the end tokens of post and of models restored from it. Base's are added if both vocabularies have one size.
 *
 * @param text post's tokenizer
 */
export async function pairEndTokens(
  { base, post }: Record<'base' | 'post', PairMember>,
  text: TextModel
): Promise<number[]> {
  const postTokens = await endTokens(post.checkpoint, text)
  const sameVocabulary = base.spec.vocabularySize === post.spec.vocabularySize
  const baseTokens = sameVocabulary ? await endTokens(base.checkpoint, null) : []
  return [...new Set([...postTokens, ...baseTokens])]
}

/** Reads a folder's generation_config.json in the sandbox process; all settings are unset without the file. */
export async function openGenerationConfig(folder: string): Promise<GenerationConfig> {
  return GenerationConfig.parse(await folderFacts('generation-config', folder))
}

/** Reads a folder's generation_config.json in this process, which is the sandbox process. */
export async function readGenerationConfig(folder: string): Promise<GenerationConfig> {
  const name = 'generation_config.json'
  const value = await nullIfNotFound(readModelJson(folder, name, MAX_BYTES))
  return requireValid(GenerationConfig.safeParse(value ?? {}), (issue) => fileError(`${join(folder, name)}: ${issue}`))
}
