import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import { errorMessage } from '../base/files/bounded-file'
import { readModelJson } from '../base/files/model-file'
import { type ChatTemplate, findChatTemplate } from './chat-template'
import { exactPreTokenizer } from './pre-tokenizer'
import {
  AddedToken,
  MAX_TOKEN_ID,
  readTokenizerConfig,
  TokenId,
  type TokenizerConfig
} from './tokenizer-config'

/** The largest published tokenizer.json files have about 35 MB. */
export const MAX_TOKENIZER_BYTES = 200_000_000

/** The library wants these parts there; a file may leave out those it does without. */
const part = z.unknown().default(null)

const TokenizerFile = z.looseObject({
  added_tokens: z.array(AddedToken).default([]),
  normalizer: part,
  pre_tokenizer: part,
  post_processor: part,
  decoder: part,
  model: z.looseObject({
    type: z.enum(['BPE', 'Unigram']),
    vocab: z.union([z.record(z.string(), TokenId), z.array(z.unknown()).max(MAX_TOKEN_ID)]),
    merges: z
      .array(z.unknown())
      .refine(areMerges, 'expected pairs of tokens, all "a b" or all ["a", "b"]')
      .optional()
  })
})

/** Which of the two forms the first has, the library takes for all. */
function areMerges(merges: readonly unknown[]): boolean {
  const isPair = (merge: unknown): boolean =>
    Array.isArray(merge) && merge.length === 2 && merge.every((token) => typeof token === 'string')
  const isText = (merge: unknown): boolean => typeof merge === 'string' && merge.includes(' ')
  return merges.every(Array.isArray(merges[0]) ? isPair : isText)
}

/** A checkpoint's tokenizer and chat template. */
export interface TextModel {
  readonly folder: string
  readonly hasChatTemplate: boolean
  readonly chatTemplate: ChatTemplate | null
  /** `bos_token`, `eos_token` and so on, for templates. */
  readonly specialTokens: ReadonlyMap<string, string>
  /** Text of the tokens that are looked for in a text before all else, special or not, by id. */
  readonly addedTokens: ReadonlyMap<number, string>
  /** Ids of every token that adds text: all but the special ones, ascending. */
  readonly textTokens: readonly number[]
  /**
   * Tokens of a text. Special tokens written out in the text become themselves.
   *
   * @param addSpecialTokens put those before it (such as BOS) that the folder asks for before plain text, unless the
   *   text begins with them; never one after it, such as EOS, since the text is to be continued. A rendered chat
   *   template holds its special tokens already.
   */
  encode(text: string, addSpecialTokens?: boolean): number[]
  /** Text of tokens: special and unknown ones are left out, nothing is cleaned up or stripped. */
  decode(tokens: readonly number[]): string
}

/**
 * Reads tokenizer.json, what else the folder says about the tokenizer, and its chat template. Only the first is needed.
 *
 * @throws WorkbenchError `not-found` when there is no tokenizer.json; `bad-file` when a file is broken
 */
export async function loadTextModel(folder: string): Promise<TextModel> {
  const tokenizerFile = join(folder, 'tokenizer.json')
  const parsed = TokenizerFile.safeParse(await readTokenizer(folder))
  if (!parsed.success)
    throw new WorkbenchError('bad-file', `${tokenizerFile}: ${describeIssue(parsed.error)}`)
  const definition = parsed.data
  const config = await readTokenizerConfig(folder)
  const chatTemplate = await findChatTemplate(folder, config.chatTemplate)

  const addedTokens = allAddedTokens(definition, config)
  const tokenizer = usingTokenizer(tokenizerFile, () => {
    const pre_tokenizer = exactPreTokenizer(definition.pre_tokenizer)
    // The library's config would switch on what the reference library leaves to tokenizer.json.
    return new Tokenizer({ ...definition, pre_tokenizer, added_tokens: addedTokens }, {})
  })

  const specialIds = new Set(addedTokens.filter((token) => token.special === true).map((token) => token.id))
  const textTokens = [...new Set(tokenizer.get_vocab().values())]
    .filter((id) => tokenizer.id_to_token(id) !== undefined && !specialIds.has(id))
    .sort((a, b) => a - b)

  const encodeWith = (text: string, add_special_tokens: boolean): number[] => {
    // The types promise numbers, but a text that no token covers gives undefined where there is no unknown token.
    const ids: (number | undefined)[] = usingTokenizer(
      tokenizerFile,
      () => tokenizer.encode(wellFormed(text), { add_special_tokens }).ids
    )
    return ids.map((id) => {
      if (id !== undefined) return id
      throw new WorkbenchError(
        'bad-input',
        `${tokenizerFile} has no tokens for a part of "${excerpt(text)}".`
      )
    })
  }
  const leadingTokens = (text: string): number[] => {
    const given = tokensBefore(encodeWith(text, true), encodeWith(text, false))
    if (config.addBos === undefined) return given
    const bosText = config.namedTokens.get('bos_token')
    const bos = bosText === undefined ? undefined : tokenizer.token_to_id(bosText)
    if (!config.addBos) return given.filter((id) => id !== bos)
    if (bos !== undefined) return given.includes(bos) ? given : [bos, ...given]
    throw new WorkbenchError(
      'bad-file',
      `${join(folder, 'tokenizer_config.json')}: add_bos_token asks for a token before every text, but bos_token is ` +
        `${bosText === undefined ? 'missing' : `"${bosText}", which ${tokenizerFile} does not have`}.`
    )
  }

  return {
    folder,
    hasChatTemplate: chatTemplate !== null,
    chatTemplate,
    specialTokens: config.namedTokens,
    addedTokens: new Map(addedTokens.map((token) => [token.id, token.content])),
    textTokens,
    encode(text, addSpecialTokens = false) {
      const tokens = encodeWith(text, false)
      if (!addSpecialTokens) return tokens
      // Around an empty text there is no before and after.
      const leading = leadingTokens(text === '' ? 'a' : text)
      return leading.every((id, index) => tokens[index] === id) ? tokens : [...leading, ...tokens]
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

async function readTokenizer(folder: string): Promise<unknown> {
  try {
    return await readModelJson(folder, 'tokenizer.json', MAX_TOKENIZER_BYTES)
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.problem.code !== 'not-found') throw error
    throw new WorkbenchError(
      'not-found',
      `There is no tokenizer: ${join(folder, 'tokenizer.json')} is missing.`,
      'Put the tokenizer.json of the model there; saving its tokenizer with a recent transformers writes one.'
    )
  }
}

/**
 * The added tokens of tokenizer.json as tokenizer_config.json changes and completes them, and the special tokens that
 * are in the vocabulary alone. All of these are found in a text before anything else, as transformers has it.
 */
function allAddedTokens(definition: z.infer<typeof TokenizerFile>, config: TokenizerConfig): AddedToken[] {
  const { vocab } = definition.model
  const vocabularyId = (content: string): number | undefined =>
    !Array.isArray(vocab) && Object.hasOwn(vocab, content) ? vocab[content] : undefined

  const tokens = new Map(definition.added_tokens.map((token) => [token.content, token]))
  const texts = new Map(definition.added_tokens.map((token) => [token.id, token.content]))
  for (const token of config.addedTokens) {
    // A config that gives an id another text than tokenizer.json does is wrong about the tokens of the model.
    if ((texts.get(token.id) ?? token.content) === token.content) tokens.set(token.content, token)
  }
  for (const content of config.specialTokens) {
    const id = tokens.get(content)?.id ?? vocabularyId(content)
    if (id !== undefined) tokens.set(content, { ...tokens.get(content), id, content, special: true })
  }
  return [...tokens.values()]
}

/** What stands before `inner` in `outer`. */
function tokensBefore(outer: readonly number[], inner: readonly number[]): number[] {
  const start = outer.findIndex((_, index) => inner.every((id, offset) => outer[index + offset] === id))
  return outer.slice(0, Math.max(0, start))
}

/** Half a surrogate pair becomes the replacement character, as in any UTF-8 text; the model could not see it otherwise. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString()
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
