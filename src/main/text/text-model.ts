import { join } from 'node:path'
import type { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import { readModelJson } from '../base/files/model-file'
import { elementAt } from '../../contract/model/look-up'
import { type ChatTemplate, findChatTemplate } from './chat-template'
import { libraryTokenizer } from './library-tokenizer'
import {
  AddedToken,
  MAX_TOKEN_ID,
  readTokenizerConfig,
  TokenId,
  type TokenizerConfig
} from './tokenizer-config'

/** The largest published tokenizer.json files have about 35 MB. */
export const MAX_TOKENIZER_BYTES = 64_000_000

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
    byte_fallback: z.boolean().nullish(),
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
   * Tokens of texts. Special tokens written out in a text become themselves.
   *
   * @param addSpecialTokens put those before it (such as BOS) that the folder asks for before plain text, unless the
   *   text begins with them; never one after it, such as EOS, since the text is to be continued. A rendered chat
   *   template holds its special tokens already.
   * @throws WorkbenchError `bad-input` for a text that has a part without tokens; `bad-file` when the tokenizer does not
   *   work, or takes too long
   */
  encodeAll(texts: readonly string[], addSpecialTokens?: boolean): Promise<number[][]>
  /** Texts of tokens: special and unknown ones are left out, nothing is cleaned up or stripped. @throws as `encodeAll` */
  decodeAll(lists: readonly (readonly number[])[]): Promise<string[]>
  /** Texts of a context with one token more each, for many tokens. @throws as `encodeAll` */
  decodeBehind(context: readonly number[], tokens: readonly number[]): Promise<string[]>
}

/** A tokenizer in this process, which nothing can stop: for processes that may be ended. */
export interface LocalTextModel extends TextModel {
  encode(text: string, addSpecialTokens?: boolean): number[]
  decode(tokens: readonly number[]): string
  textsBehind(context: readonly number[], tokens: ArrayLike<number>): string[]
}

/** Of one text. @throws WorkbenchError as `encodeAll` */
export async function encodeOne(text: TextModel, given: string, addSpecialTokens = false): Promise<number[]> {
  return elementAt(await text.encodeAll([given], addSpecialTokens), 0, 'text')
}

/** Of one list. @throws WorkbenchError as `encodeAll` */
export async function decodeOne(text: TextModel, tokens: readonly number[]): Promise<string> {
  return elementAt(await text.decodeAll([tokens]), 0, 'list of tokens')
}

/**
 * Reads tokenizer.json, what else the folder says about the tokenizer, and its chat template. Only the first is needed.
 *
 * @throws WorkbenchError `not-found` when there is no tokenizer.json; `bad-file` when a file is broken
 */
export async function loadTextModel(folder: string): Promise<LocalTextModel> {
  const file = join(folder, 'tokenizer.json')
  const stored = await readTokenizer(folder)
  const config = await readTokenizerConfig(folder)
  const chatTemplate = await findChatTemplate(folder, config.chatTemplate)
  const parsed = TokenizerFile.safeParse(stored)
  if (!parsed.success) throw new WorkbenchError('bad-file', `${file}: ${describeIssue(parsed.error)}`)
  return new FolderTextModel(folder, parsed.data, config, chatTemplate)
}

class FolderTextModel implements LocalTextModel {
  readonly hasChatTemplate: boolean
  readonly specialTokens: ReadonlyMap<string, string>
  readonly addedTokens: ReadonlyMap<number, string>
  readonly textTokens: readonly number[]
  private readonly tokenizerFile: string
  private readonly tokenizer: Tokenizer
  private readonly specialIds: ReadonlySet<number>

  /** @throws WorkbenchError `bad-file` when the library cannot use what tokenizer.json says */
  constructor(
    readonly folder: string,
    definition: z.infer<typeof TokenizerFile>,
    private readonly config: TokenizerConfig,
    readonly chatTemplate: ChatTemplate | null
  ) {
    const added = allAddedTokens(definition, config)
    this.hasChatTemplate = chatTemplate !== null
    this.specialTokens = config.namedTokens
    this.addedTokens = new Map(added.map((token) => [token.id, token.content]))
    this.tokenizerFile = join(folder, 'tokenizer.json')
    this.tokenizer = usingTokenizer(this.tokenizerFile, () => libraryTokenizer(definition, added))
    this.specialIds = new Set(added.filter((token) => token.special === true).map((token) => token.id))
    this.textTokens = [...new Set(this.tokenizer.get_vocab().values())]
      .filter((id) => this.addsText(id))
      .sort((a, b) => a - b)
  }

  encode(text: string, addSpecialTokens = false): number[] {
    const tokens = this.encodeWith(text, false)
    if (!addSpecialTokens) return tokens
    // Around an empty text there is no before and after.
    const leading = this.leadingTokens(text === '' ? 'a' : text)
    return leading.every((id, index) => tokens[index] === id) ? tokens : [...leading, ...tokens]
  }

  decode(tokens: readonly number[]): string {
    const known = tokens.filter((id) => this.addsText(id))
    // Skipping special tokens is done above: the library's own option also strips the text in some models.
    if (known.length === 0) return ''
    return usingTokenizer(this.tokenizerFile, () =>
      this.tokenizer.decode(known, { clean_up_tokenization_spaces: false })
    )
  }

  textsBehind(context: readonly number[], tokens: ArrayLike<number>): string[] {
    return Array.from(tokens, (token) => this.decode([...context, token]))
  }

  async encodeAll(texts: readonly string[], addSpecialTokens = false): Promise<number[][]> {
    return texts.map((text) => this.encode(text, addSpecialTokens))
  }

  async decodeAll(lists: readonly (readonly number[])[]): Promise<string[]> {
    return lists.map((tokens) => this.decode(tokens))
  }

  async decodeBehind(context: readonly number[], tokens: readonly number[]): Promise<string[]> {
    return this.textsBehind(context, tokens)
  }

  /** Whether a token is known and not a special one. */
  private addsText(id: number): boolean {
    return !this.specialIds.has(id) && this.tokenizer.id_to_token(id) !== undefined
  }

  private encodeWith(text: string, add_special_tokens: boolean): number[] {
    // The types promise numbers, but a text that no token covers gives undefined where there is no unknown token.
    const ids: (number | undefined)[] = usingTokenizer(
      this.tokenizerFile,
      () => this.tokenizer.encode(wellFormed(text), { add_special_tokens }).ids
    )
    return ids.map((id) => {
      if (id !== undefined) return id
      throw new WorkbenchError(
        'bad-input',
        `${this.tokenizerFile} has no tokens for a part of "${excerpt(text)}".`
      )
    })
  }

  /** What the folder asks for before a text. */
  private leadingTokens(text: string): number[] {
    const { addBos, namedTokens } = this.config
    const given = tokensBefore(this.encodeWith(text, true), this.encodeWith(text, false))
    if (addBos === undefined) return given
    const bosText = namedTokens.get('bos_token')
    const bos = bosText === undefined ? undefined : this.tokenizer.token_to_id(bosText)
    if (!addBos) return given.filter((id) => id !== bos)
    if (bos !== undefined) return given.includes(bos) ? given : [bos, ...given]
    throw new WorkbenchError(
      'bad-file',
      `${join(this.folder, 'tokenizer_config.json')}: add_bos_token asks for a token before every text, but bos_token is ` +
        `${bosText === undefined ? 'missing' : `"${bosText}", which ${this.tokenizerFile} does not have`}.`
    )
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
