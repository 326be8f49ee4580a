import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import { errorMessage, readJsonFile } from '../bounded-file'
import { type ChatTemplate, findChatTemplate, TemplateField } from './chat-template'

/** The largest published tokenizer.json files have about 35 MB. */
const MAX_TOKENIZER_BYTES = 200_000_000
/** Large ones list every added token again, which comes to a few MB. */
const MAX_CONFIG_BYTES = 50_000_000
/** Ids index an array; a hostile id of 4e9 would otherwise make it that long. Published vocabularies stay under 300,000. */
const MAX_TOKEN_ID = 10_000_000

const tokenId = z.number().int().min(0).max(MAX_TOKEN_ID)

const TokenizerFile = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: tokenId, content: z.string().min(1) })).default([]),
  model: z.looseObject({
    vocab: z.union([z.record(z.string(), tokenId), z.array(z.unknown()).max(MAX_TOKEN_ID)])
  })
})

/** A special token is its text, or an object holding it. */
const SpecialToken = z.union([
  z.string(),
  z.looseObject({ content: z.string() }).transform((token) => token.content)
])

const SPECIAL_TOKEN_FIELDS = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token'
] as const

const TokenizerConfigFile = z.looseObject({
  ...Object.fromEntries(SPECIAL_TOKEN_FIELDS.map((field) => [field, SpecialToken.nullish()])),
  additional_special_tokens: z.array(SpecialToken).nullish(),
  chat_template: TemplateField.nullish()
})

/** A checkpoint's tokenizer and chat template. */
export interface TextModel {
  readonly folder: string
  readonly hasChatTemplate: boolean
  readonly chatTemplate: ChatTemplate | null
  /** `bos_token`, `eos_token` and so on, for templates. */
  readonly specialTokens: ReadonlyMap<string, string>
  /** Ids of every token that adds text: all but the special ones, ascending. */
  readonly textTokens: readonly number[]
  /**
   * Tokens of a text. Special tokens written out in the text become themselves.
   *
   * @param addSpecialTokens also add those (such as BOS) that the tokenizer puts around plain text; a rendered chat
   *   template holds them already
   */
  encode(text: string, addSpecialTokens?: boolean): number[]
  /** Text of tokens: special and unknown ones are left out, nothing is cleaned up or stripped. */
  decode(tokens: readonly number[]): string
}

/**
 * Reads tokenizer.json, tokenizer_config.json and the chat template of a model folder. The last two are optional.
 *
 * @throws WorkbenchError `not-found` when there is no tokenizer.json; `bad-file` when a file is broken
 */
export async function loadTextModel(folder: string): Promise<TextModel> {
  const tokenizerFile = join(folder, 'tokenizer.json')
  const configFile = join(folder, 'tokenizer_config.json')
  const definition = parseFile(TokenizerFile, await readTokenizer(tokenizerFile), tokenizerFile)
  const config = parseFile(TokenizerConfigFile, await readOptional(configFile), configFile)
  const chatTemplate = await findChatTemplate(folder, config.chat_template ?? undefined)

  const specialTokens = new Map<string, string>()
  for (const field of SPECIAL_TOKEN_FIELDS) {
    const token = SpecialToken.safeParse(config[field])
    if (token.success) specialTokens.set(field, token.data)
  }
  const additional = config.additional_special_tokens ?? []
  const settings = { ...config, ...Object.fromEntries(specialTokens), additional_special_tokens: additional }
  const tokenizer = usingTokenizer(tokenizerFile, () => new Tokenizer(definition, settings))

  const specialIds = new Set<number>()
  for (const [id, token] of tokenizer.get_added_tokens_decoder()) {
    if (token.special || additional.includes(token.content)) specialIds.add(id)
  }
  const textTokens = [...new Set(tokenizer.get_vocab().values())]
    .filter((id) => tokenizer.id_to_token(id) !== undefined && !specialIds.has(id))
    .sort((a, b) => a - b)

  return {
    folder,
    hasChatTemplate: chatTemplate !== null,
    chatTemplate,
    specialTokens,
    textTokens,
    encode(text, addSpecialTokens = false) {
      // The types promise numbers, but a text that no token covers gives undefined where there is no unknown token.
      const ids: (number | undefined)[] = usingTokenizer(
        tokenizerFile,
        () => tokenizer.encode(text, { add_special_tokens: addSpecialTokens }).ids
      )
      return ids.map((id) => {
        if (id !== undefined) return id
        throw new WorkbenchError(
          'bad-input',
          `${tokenizerFile} has no tokens for a part of "${excerpt(text)}".`
        )
      })
    },
    decode(tokens) {
      const known = tokens.filter((id) => !specialIds.has(id) && tokenizer.id_to_token(id) !== undefined)
      // Skipping special tokens is done above: the library's own option also strips the text in some models.
      if (known.length === 0) return ''
      return usingTokenizer(tokenizerFile, () =>
        tokenizer.decode(known, { clean_up_tokenization_spaces: false })
      )
    }
  }
}

async function readTokenizer(file: string): Promise<unknown> {
  try {
    return await readJsonFile(file, MAX_TOKENIZER_BYTES)
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.problem.code !== 'not-found') throw error
    throw new WorkbenchError(
      'not-found',
      `There is no tokenizer: ${file} is missing.`,
      'Put the tokenizer.json of the model there; saving its tokenizer with a recent transformers writes one.'
    )
  }
}

async function readOptional(file: string): Promise<unknown> {
  try {
    return await readJsonFile(file, MAX_CONFIG_BYTES)
  } catch (error) {
    if (error instanceof WorkbenchError && error.problem.code === 'not-found') return {}
    throw error
  }
}

function parseFile<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new WorkbenchError('bad-file', `${file}: ${describeIssue(parsed.error)}`)
  return parsed.data
}

/** The library checks little of a tokenizer.json: a broken one may fail as late as on the first text that needs the part. */
function usingTokenizer<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new WorkbenchError('bad-file', `${file} cannot be used: ${errorMessage(error)}`)
  }
}

function excerpt(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`
}
