import {
  type FileTokenizer,
  type LocalTextModel,
  readTextFiles,
  type TextFiles,
  textModelOf
} from '../../text/text-model'
import type { SandboxReply, TextRequest } from '../messages'

const MAX_TOKENIZERS = 2

/** A tokenizer, and the text models that use it by folder and state of its files. */
interface SharedTokenizer {
  readonly tokenizer: FileTokenizer
  readonly texts: Map<string, LocalTextModel>
}

/** Loads tokenizers, and keeps the last two that were used. Folders with equal tokenizers share one. */
export class Tokenizers {
  /** Tokenizers by hash. The least recently used comes first. */
  private readonly recent = new Map<string, SharedTokenizer>()

  async get({ folder, files: state }: TextRequest): Promise<LocalTextModel> {
    const key = JSON.stringify([folder, state])
    for (const [hash, shared] of this.recent) {
      const text = shared.texts.get(key)
      if (text === undefined) continue
      this.use(hash, shared)
      return text
    }
    const files = await readTextFiles(folder)
    const shared = this.recent.get(files.tokenizerHash) ?? (await this.open(files))
    this.use(files.tokenizerHash, shared)
    const text = textModelOf(files, shared.tokenizer)
    shared.texts.set(key, text)
    return text
  }

  private use(hash: string, shared: SharedTokenizer): void {
    this.recent.delete(hash)
    this.recent.set(hash, shared)
  }

  /** Opens a tokenizer. The oldest is dropped before, because three of the largest would not fit into memory. */
  private async open(files: TextFiles): Promise<SharedTokenizer> {
    const [oldest] = this.recent.keys()
    if (oldest !== undefined && this.recent.size === MAX_TOKENIZERS) this.recent.delete(oldest)
    return { tokenizer: await files.openTokenizer(), texts: new Map() }
  }

  /** Answers a request with a tokenizer. @throws WorkbenchError of the tokenizer */
  static answer(text: LocalTextModel, request: TextRequest): SandboxReply {
    switch (request.kind) {
      case 'open-text':
        return {
          kind: 'text',
          chatTemplate: text.chatTemplate,
          specialTokens: [...text.specialTokens],
          addedTokens: [...text.addedTokens],
          textTokens: Int32Array.from(text.textTokens)
        }
      case 'encode': {
        const { texts, addSpecialTokens } = request
        return { kind: 'tokens', tokens: texts.map((input) => text.encode(input, addSpecialTokens)) }
      }
      case 'decode':
        return { kind: 'texts', texts: request.lists.map((tokens) => text.decode(tokens)) }
      case 'decode-behind':
        return { kind: 'texts', texts: text.decodeContextWith(request.context, request.tokens) }
    }
  }
}
