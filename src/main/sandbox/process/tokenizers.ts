import type { LocalTextModel } from '../../text/text-model'
import { loadTextModel } from '../../text/text-model'
import type { SandboxReply, TextRequest } from '../messages'

const MAX_TOKENIZERS = 2

/** Loads tokenizers, and keeps the last two that were used. */
export class Tokenizers {
  /** The least recently used comes first. */
  private readonly byKey = new Map<string, LocalTextModel>()

  async get({ folder, files }: TextRequest): Promise<LocalTextModel> {
    const key = JSON.stringify([folder, files])
    const cached = this.byKey.get(key)
    this.byKey.delete(key)
    // The oldest is dropped before another is loaded, because three of the largest would not fit into memory.
    const [oldest] = this.byKey.keys()
    if (oldest !== undefined && this.byKey.size === MAX_TOKENIZERS) this.byKey.delete(oldest)
    const text = cached ?? (await loadTextModel(folder))
    this.byKey.set(key, text)
    return text
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
