import type { LocalTextModel } from '../../text/text-model'
import { loadTextModel } from '../../text/text-model'
import type { ConfinedReply, TextRequest } from '../messages'

/** Those of base and post. */
const KEPT = 2

/** The tokenizers of a confined process, the least recently used first. */
export class Texts {
  private readonly kept = new Map<string, LocalTextModel>()

  /** @throws WorkbenchError as `loadTextModel` */
  async of({ folder, files }: TextRequest): Promise<LocalTextModel> {
    const key = JSON.stringify([folder, files])
    const known = this.kept.get(key)
    this.kept.delete(key)
    // Before another is read: three of the largest have no room.
    for (const oldest of [...this.kept.keys()].slice(0, 1 - KEPT)) this.kept.delete(oldest)
    const text = known ?? (await loadTextModel(folder))
    this.kept.set(key, text)
    return text
  }

  /** @throws WorkbenchError as the tokenizer */
  static answer(text: LocalTextModel, request: TextRequest): ConfinedReply {
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
        return { kind: 'tokens', tokens: texts.map((some) => text.encode(some, addSpecialTokens)) }
      }
      case 'decode':
        return { kind: 'texts', texts: request.lists.map((tokens) => text.decode(tokens)) }
      case 'decode-behind':
        return { kind: 'texts', texts: text.textsBehind(request.context, request.tokens) }
    }
  }
}
