import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { fileError, inputError, notFoundError, requireValid, WorkbenchError } from '../../contract/model/problem'
import { errorMessage, parseJsonFile } from '../base/files/bounded-file'
import { readModelBytes } from '../base/files/model-file'
import { elementAt } from '../../contract/model/look-up'
import { type ChatTemplate, findChatTemplate } from './chat-template'
import { libraryTokenizer } from './library-tokenizer'
import { AddedToken, MAX_TOKEN_ID, readTokenizerConfig, TokenId, type TokenizerConfig } from './tokenizer-config'

/** Limit of a tokenizer.json. */
export const MAX_TOKENIZER_BYTES = 64_000_000

/** A part of the file that may be missing. The library expects null for it. */
const optionalPart = z.unknown().default(null)

const TokenizerFile = z.looseObject({
  added_tokens: z.array(AddedToken).default([]),
  normalizer: optionalPart,
  pre_tokenizer: optionalPart,
  post_processor: optionalPart,
  decoder: optionalPart,
  model: z.looseObject({
    type: z.enum(['BPE', 'Unigram']),
    byte_fallback: z.boolean().nullish(),
    vocab: z.union([z.record(z.string(), TokenId), z.array(z.unknown()).max(MAX_TOKEN_ID)]),
    merges: z.array(z.unknown()).refine(areMerges, 'expected pairs of tokens, all "a b" or all ["a", "b"]').optional()
  })
})

/** Checks that all merges have the form of the first, which the library assumes. */
function areMerges(merges: readonly unknown[]): boolean {
  const isPair = (merge: unknown): boolean =>
    Array.isArray(merge) && merge.length === 2 && merge.every((token) => typeof token === 'string')
  const isText = (merge: unknown): boolean => typeof merge === 'string' && merge.includes(' ')
  return merges.every(Array.isArray(merges[0]) ? isPair : isText)
}

/** The tokenizer and chat template of a model folder. */
export interface TextModel {
  readonly folder: string
  readonly hasChatTemplate: boolean
  readonly chatTemplate: ChatTemplate | null
  /** Texts of `bos_token`, `eos_token` and other special tokens, for templates. */
  readonly specialTokens: ReadonlyMap<string, string>
  /** Texts of added tokens by id. They are matched in a text before anything else, and may be special or not. */
  readonly addedTokens: ReadonlyMap<number, string>
  /** Ids of all tokens except special ones, ascending. */
  readonly textTokens: readonly number[]
  /**
   * Encodes texts, including special tokens that they contain.
   *
   * @param addSpecialTokens true for plain text. Special tokens that the folder requires before a text, such as BOS,
   * are then added unless it begins with them. A rendered template contains its own.
   * @throws WorkbenchError `bad-file`; `bad-input` for a text without tokens
   */
  encodeAll(texts: readonly string[], addSpecialTokens?: boolean): Promise<number[][]>
  /** Decodes lists of tokens with all white space, and without special and unknown tokens. */
  decodeAll(lists: readonly (readonly number[])[]): Promise<string[]>
  /** Decodes a context followed by each of many tokens. The texts include the context's. */
  decodeBehind(context: readonly number[], tokens: readonly number[]): Promise<string[]>
}

/** A tokenizer in this process. Tokenizing cannot be interrupted, so only processes that may be ended use it. */
export interface LocalTextModel extends TextModel {
  encode(text: string, addSpecialTokens?: boolean): number[]
  decode(tokens: readonly number[]): string
  decodeContextWith(context: readonly number[], tokens: ArrayLike<number>): string[]
}

export async function encodeOne(text: TextModel, input: string, addSpecialTokens = false): Promise<number[]> {
  return elementAt(await text.encodeAll([input], addSpecialTokens), 0, 'text')
}

export async function decodeOne(text: TextModel, tokens: readonly number[]): Promise<string> {
  return elementAt(await text.decodeAll([tokens]), 0, 'list of tokens')
}

/** A tokenizer, and the tokens that its files define. */
export interface FileTokenizer {
  readonly tokenizer: Tokenizer
  readonly addedTokens: ReadonlyMap<number, string>
  readonly specialIds: ReadonlySet<number>
  readonly textTokens: readonly number[]
}

/** The files of a folder that determine its text model. Opening its tokenizer takes much longer than reading them. */
export interface TextFiles {
  readonly folder: string
  /** Hash of all that determines the tokenizer. Folders with equal hashes can share one. */
  readonly tokenizerHash: string
  readonly config: TokenizerConfig
  readonly chatTemplate: ChatTemplate | null
  /** @throws WorkbenchError `bad-file` when the library cannot use tokenizer.json */
  openTokenizer(): Promise<FileTokenizer>
}

/** Reads the tokenizer and chat template of a folder. @throws WorkbenchError `not-found` without tokenizer.json */
export async function loadTextModel(folder: string): Promise<LocalTextModel> {
  const files = await readTextFiles(folder)
  return textModelOf(files, await files.openTokenizer())
}

/** Reads the files of a folder's text model. @throws WorkbenchError `not-found` without tokenizer.json */
export async function readTextFiles(folder: string): Promise<TextFiles> {
  const bytes = await readTokenizer(folder)
  const config = await readTokenizerConfig(folder)
  const { addedTokens, specialTokens } = config
  const hash = createHash('sha256')
    .update(bytes)
    .update(JSON.stringify([addedTokens, [...specialTokens]]))
  return {
    folder,
    tokenizerHash: hash.digest('hex'),
    config,
    chatTemplate: await findChatTemplate(folder, config.chatTemplate),
    openTokenizer: () => openTokenizer(join(folder, 'tokenizer.json'), bytes, config)
  }
}

async function openTokenizer(file: string, bytes: Buffer, config: TokenizerConfig): Promise<FileTokenizer> {
  const parsed = TokenizerFile.safeParse(await parseJsonFile(bytes, file))
  const definition = requireValid(parsed, (issue) => fileError(`${file}: ${issue}`))
  const added = allAddedTokens(definition, config)
  const tokenizer = usingTokenizer(file, () => libraryTokenizer(definition, added))
  const specialIds = new Set(added.filter((token) => token.special === true).map((token) => token.id))
  return {
    tokenizer,
    specialIds,
    addedTokens: new Map(added.map((token) => [token.id, token.content])),
    textTokens: [...new Set(tokenizer.get_vocab().values())]
      .filter((id) => addsText({ tokenizer, specialIds }, id))
      .sort((a, b) => a - b)
  }
}

/** Reports whether a token is known and not special. */
const addsText = ({ tokenizer, specialIds }: Pick<FileTokenizer, 'tokenizer' | 'specialIds'>, id: number): boolean =>
  !specialIds.has(id) && tokenizer.id_to_token(id) !== undefined

/** Creates the text model of a folder from its tokenizer, or from that of a folder with the same hash. */
export const textModelOf = (files: TextFiles, tokenizer: FileTokenizer): LocalTextModel =>
  new FolderTextModel(files, tokenizer)

class FolderTextModel implements LocalTextModel {
  readonly folder: string
  readonly chatTemplate: ChatTemplate | null
  readonly hasChatTemplate: boolean
  readonly specialTokens: ReadonlyMap<string, string>
  readonly addedTokens: ReadonlyMap<number, string>
  readonly textTokens: readonly number[]
  private readonly tokenizerFile: string
  private readonly config: TokenizerConfig
  private readonly tokenizer: Tokenizer

  constructor(
    { folder, config, chatTemplate }: TextFiles,
    private readonly opened: FileTokenizer
  ) {
    this.folder = folder
    this.tokenizerFile = join(folder, 'tokenizer.json')
    this.config = config
    this.chatTemplate = chatTemplate
    this.hasChatTemplate = chatTemplate !== null
    this.specialTokens = config.namedTokens
    this.addedTokens = opened.addedTokens
    this.textTokens = opened.textTokens
    this.tokenizer = opened.tokenizer
  }

  encode(text: string, addSpecialTokens: boolean): number[] {
    const tokens = this.encodeWith(text, false)
    if (!addSpecialTokens) return tokens
    // Tokens before an empty text cannot be told from tokens behind it.
    const leading = this.leadingTokens(text === '' ? 'a' : text)
    return leading.every((id, index) => tokens[index] === id) ? tokens : [...leading, ...tokens]
  }

  decode(tokens: readonly number[]): string {
    const visible = tokens.filter((id) => addsText(this.opened, id))
    // Special tokens are removed above: the library's own option for it also strips the text in some models.
    if (visible.length === 0) return ''
    return usingTokenizer(this.tokenizerFile, () =>
      this.tokenizer.decode(visible, { clean_up_tokenization_spaces: false })
    )
  }

  decodeContextWith(context: readonly number[], tokens: ArrayLike<number>): string[] {
    return Array.from(tokens, (token) => this.decode([...context, token]))
  }

  async encodeAll(texts: readonly string[], addSpecialTokens = false): Promise<number[][]> {
    return texts.map((text) => this.encode(text, addSpecialTokens))
  }

  async decodeAll(lists: readonly (readonly number[])[]): Promise<string[]> {
    return lists.map((tokens) => this.decode(tokens))
  }

  async decodeBehind(context: readonly number[], tokens: readonly number[]): Promise<string[]> {
    return this.decodeContextWith(context, tokens)
  }

  private encodeWith(text: string, add_special_tokens: boolean): number[] {
    // Contrary to the types, an id is undefined if the vocabulary lacks a part of the text and an unknown token.
    const ids: (number | undefined)[] = usingTokenizer(
      this.tokenizerFile,
      () => this.tokenizer.encode(wellFormed(text), { add_special_tokens }).ids
    )
    return ids.map((id) => {
      if (id !== undefined) return id
      throw inputError(`${this.tokenizerFile} has no tokens for a part of "${excerpt(text)}".`)
    })
  }

  /** Returns the special tokens before a plain text: by tokenizer.json, with BOS as tokenizer_config.json says. */
  private leadingTokens(text: string): number[] {
    const { addBos, namedTokens } = this.config
    const leading = tokensBefore(this.encodeWith(text, true), this.encodeWith(text, false))
    if (addBos === undefined) return leading
    const bosText = namedTokens.get('bos_token')
    const bos = bosText === undefined ? undefined : this.tokenizer.token_to_id(bosText)
    if (!addBos) return leading.filter((id) => id !== bos)
    if (bos !== undefined) return leading.includes(bos) ? leading : [bos, ...leading]
    throw fileError(
      `${join(this.folder, 'tokenizer_config.json')}: add_bos_token asks for a token before every text, but ` +
        'bos_token is ' +
        `${bosText === undefined ? 'missing' : `"${bosText}", which ${this.tokenizerFile} does not have`}.`
    )
  }
}

async function readTokenizer(folder: string): Promise<Buffer> {
  try {
    return await readModelBytes(folder, 'tokenizer.json', MAX_TOKENIZER_BYTES)
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.problem.code !== 'not-found') throw error
    throw notFoundError(
      `There is no tokenizer: ${join(folder, 'tokenizer.json')} is missing.`,
      'Put the tokenizer.json of the model there; saving its tokenizer with a recent transformers writes one.'
    )
  }
}

/** Lists the added tokens of tokenizer.json and tokenizer_config.json, which are matched before anything else. */
function allAddedTokens(definition: z.infer<typeof TokenizerFile>, config: TokenizerConfig): AddedToken[] {
  const { vocab } = definition.model
  const vocabularyId = (content: string): number | undefined =>
    !Array.isArray(vocab) && Object.hasOwn(vocab, content) ? vocab[content] : undefined

  const tokens = new Map(definition.added_tokens.map((token) => [token.content, token]))
  const texts = new Map(definition.added_tokens.map((token) => [token.id, token.content]))
  for (const token of config.addedTokens) {
    // A config that contradicts tokenizer.json about the text of an id is wrong.
    if ((texts.get(token.id) ?? token.content) === token.content) tokens.set(token.content, token)
  }
  for (const content of config.specialTokens) {
    const id = tokens.get(content)?.id ?? vocabularyId(content)
    if (id !== undefined) tokens.set(content, { ...tokens.get(content), id, content, special: true })
  }
  return [...tokens.values()]
}

/** Returns the tokens of `outer` before the part that equals `inner`. */
function tokensBefore(outer: readonly number[], inner: readonly number[]): number[] {
  const start = outer.findIndex((_, index) => inner.every((id, offset) => outer[index + offset] === id))
  return outer.slice(0, Math.max(0, start))
}

/** Replaces half a surrogate pair, which UTF-8 cannot encode, by the replacement character. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}

/** Wraps errors of the library, which checks little of a tokenizer.json. */
function usingTokenizer<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw fileError(`${file} cannot be used: ${errorMessage(error)}`)
  }
}

function excerpt(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`
}
