import { CONVERSATION_VERSION, ConversationDocument, type StoredTurn } from '../../../contract/documents/conversation'
import { SerialQueue } from '../../base/files/serial-queue'
import { CONVERSATION } from '../documents/stored-documents'
import type { SavePart, StoredPart } from '../documents/stored-part'

const Turns = ConversationDocument.shape.turns

/** The stored conversation of a pair. */
export class ProjectConversation {
  readonly #changes = new SerialQueue()
  /** How often the conversation was saved, see `SavedCounts`. */
  savedCount = 0
  readonly #stored: StoredPart = {
    name: 'conversation',
    read: () => this.read(),
    write: async (turns) => {
      await CONVERSATION.write(this.folder, { schemaVersion: CONVERSATION_VERSION, turns: Turns.parse(turns) })
      this.savedCount += 1
    }
  }

  constructor(
    private readonly folder: string,
    private readonly save: SavePart
  ) {}

  /** @throws WorkbenchError `bad-file` or `newer-version` */
  async read(): Promise<StoredTurn[]> {
    const stored = await CONVERSATION.read(this.folder)
    return stored === null ? [] : stored.turns
  }

  /** Adds a turn, or replaces the turn of the same id. Parts of answers are saved often, so none can be undone. */
  saveTurn(turn: StoredTurn): Promise<number | null> {
    return this.#change((turns) => {
      const index = turns.findIndex(({ id }) => id === turn.id)
      return index === -1 ? [...turns, turn] : turns.with(index, turn)
    }, true)
  }

  /** Removes turns. @returns revision by which this can be undone */
  clear(ids: readonly string[]): Promise<number | null> {
    return this.#change((turns) => turns.filter(({ id }) => !ids.includes(id)))
  }

  #change(change: (turns: StoredTurn[]) => StoredTurn[], isFinal = false): Promise<number | null> {
    return this.#changes.run(async () =>
      this.save({ stored: this.#stored, value: change(await this.read()), isFinal }, undefined, [])
    )
  }
}
