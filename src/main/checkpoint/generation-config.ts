import { join } from 'node:path'
import { z } from 'zod'
import { Sampling } from '../../contract/model/sampling'
import { describeIssue, fileError, WorkbenchError } from '../../contract/model/problem'
import { readModelJson } from '../base/files/model-file'
import { encodeOne, type TextModel } from '../text/text-model'
import type { Checkpoint } from './checkpoint'
import { folderFacts } from './folder-facts'
import type { PairMember } from './pair-member'

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
 * Lists the tokens that end an answer, by generation_config.json, config.json or the tokenizer. An adapter has both
 * its base's and its tokenizer's. @param text null for a checkpoint without a tokenizer
 */
export async function endTokens(checkpoint: Checkpoint, text: TextModel | null): Promise<number[]> {
  const ofModel = await modelEndTokens(checkpoint)
  if (ofModel.length > 0 && checkpoint.adapter === null) return ofModel
  const endToken = text?.specialTokens.get('eos_token')
  const encoded = endToken === undefined || text === null ? [] : await encodeOne(text, endToken)
  // Several tokens mean that the vocabulary lacks the end token.
  return encoded.length === 1 ? [...new Set([...ofModel, ...encoded])] : ofModel
}

/** Lists the end tokens that the model's files name. An adapter without such a file has the end tokens of its base. */
async function modelEndTokens(checkpoint: Checkpoint): Promise<number[]> {
  const folders = [checkpoint.textFolder, ...(checkpoint.adapter === null ? [] : [checkpoint.adapter.basePath])]
  for (const folder of new Set(folders)) {
    const { eos_token_id: tokens } = await openGenerationConfig(folder)
    if (tokens.length > 0) return tokens
  }
  const config = z.looseObject({ eos_token_id: EndTokens }).safeParse(checkpoint.config)
  if (!config.success) throw badConfig(checkpoint.configPath, config.error)
  return config.data.eos_token_id
}

/** Lists the end tokens of post and its recipes, with base's for equal vocabularies. @param text post's tokenizer */
export async function pairEndTokens(
  { base, post }: Record<'base' | 'post', PairMember>,
  text: TextModel
): Promise<number[]> {
  const postTokens = await endTokens(post.checkpoint, text)
  const sameVocabulary = base.spec.vocabularySize === post.spec.vocabularySize
  return [...new Set([...postTokens, ...(sameVocabulary ? await endTokens(base.checkpoint, null) : [])])]
}

export async function openGenerationConfig(folder: string): Promise<GenerationConfig> {
  return GenerationConfig.parse(await folderFacts('generation-config', folder))
}

export async function readGenerationConfig(folder: string): Promise<GenerationConfig> {
  const file = join(folder, 'generation_config.json')
  const parsed = GenerationConfig.safeParse(await readOptional(folder))
  if (!parsed.success) throw badConfig(file, parsed.error)
  return parsed.data
}

async function readOptional(folder: string): Promise<unknown> {
  try {
    return await readModelJson(folder, 'generation_config.json', MAX_BYTES)
  } catch (error) {
    if (error instanceof WorkbenchError && error.problem.code === 'not-found') return {}
    throw error
  }
}

function badConfig(file: string, error: z.ZodError): WorkbenchError {
  return fileError(`${file}: ${describeIssue(error)}`)
}
