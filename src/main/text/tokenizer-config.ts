import { join } from 'node:path'
import { z } from 'zod'
import { fileError, requireValid } from '../../contract/model/problem'
import { readModelJson } from '../base/files/model-file'
import { TemplateField } from './chat-template'
import { nullIfNotFound } from '../base/files/with-fallback'

/** The file lists every added token; large ones have a few MB. */
const MAX_CONFIG_BYTES = 10_000_000
/** Largest token id, which indexes an array. Published vocabularies have fewer than 300,000 tokens. */
export const MAX_TOKEN_ID = 10_000_000

export const TokenId = z.number().int().min(0).max(MAX_TOKEN_ID)

const addedTokenFields = {
  content: z.string().min(1),
  special: z.boolean().optional(),
  single_word: z.literal(false, 'tokens that match whole words only are not supported').optional()
}

/** A token outside the main vocabulary. The library reads further fields, on white space around the token. */
export const AddedToken = z.looseObject({ id: TokenId, ...addedTokenFields })
export type AddedToken = z.infer<typeof AddedToken>

/** A special token: its text, or an object that contains it. */
const SpecialToken = z.union([z.string(), z.looseObject({ content: z.string() }).transform((token) => token.content)])

const NAMED_TOKENS = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token'
] as const

const NamedTokens = z.looseObject({
  ...Object.fromEntries(NAMED_TOKENS.map((name) => [name, SpecialToken.nullish()])),
  additional_special_tokens: z.array(SpecialToken).nullish()
})

const ConfigFile = NamedTokens.extend({
  /** Special tokens by name, as in multimodal models, or as a list. */
  extra_special_tokens: z.union([z.array(SpecialToken), z.record(z.string(), SpecialToken)]).nullish(),
  added_tokens_decoder: z
    .record(z.string().regex(/^\d{1,8}$/, 'expected a token id'), z.looseObject(addedTokenFields))
    .nullish(),
  add_bos_token: z.boolean().nullish(),
  chat_template: TemplateField.nullish()
})

export interface TokenizerConfig {
  chatTemplate: z.infer<typeof TemplateField> | undefined
  /** Texts of `bos_token`, `eos_token` and so on by name, for templates. */
  namedTokens: ReadonlyMap<string, string>
  /** Texts of all special tokens, including the named ones. */
  specialTokens: ReadonlySet<string>
  /** Tokens that are added to tokenizer.json, or that change how one of its tokens matches. */
  addedTokens: readonly AddedToken[]
  /** True if plain text begins with BOS; undefined if tokenizer.json determines it. */
  addBos: boolean | undefined
}

/** Reads tokenizer_config.json and special_tokens_map.json, which names special tokens in older folders. */
export async function readTokenizerConfig(folder: string): Promise<TokenizerConfig> {
  const config = await readOptional(ConfigFile, folder, 'tokenizer_config.json')
  const tokensMap = await readOptional(NamedTokens, folder, 'special_tokens_map.json')
  const extra = config.extra_special_tokens ?? []

  const namedTokens = new Map<string, string>()
  for (const name of NAMED_TOKENS) {
    // A config's null is an explicit value (Qwen has no BOS). Only missing keys are looked up in the map.
    const token = SpecialToken.safeParse(config[name] === undefined ? tokensMap[name] : config[name])
    if (token.success) namedTokens.set(name, token.data)
  }
  if (!Array.isArray(extra)) for (const [name, token] of Object.entries(extra)) namedTokens.set(name, token)

  return {
    chatTemplate: config.chat_template ?? undefined,
    namedTokens,
    specialTokens: new Set([
      ...namedTokens.values(),
      ...(config.additional_special_tokens ?? tokensMap.additional_special_tokens ?? []),
      ...(Array.isArray(extra) ? extra : [])
    ]),
    addedTokens: Object.entries(config.added_tokens_decoder ?? {}).map(([id, token]) => ({ ...token, id: Number(id) })),
    addBos: config.add_bos_token ?? undefined
  }
}

/** Reads a JSON file of a folder. A missing file is read as an empty object. */
async function readOptional<T>(schema: z.ZodType<T>, folder: string, name: string): Promise<T> {
  const value = await nullIfNotFound(readModelJson(folder, name, MAX_CONFIG_BYTES))
  return requireValid(schema.safeParse(value ?? {}), (issue) => fileError(`${join(folder, name)}: ${issue}`))
}
