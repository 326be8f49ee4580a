import type { FinishedAnswer, StoredAnswers, StoredTurn } from '../../contract/documents/conversation'
import type { Variant } from '../../contract/documents/samples'
import type { ChatAnswer, ChatTurn } from '../../contract/procedures/chat'
import { AnswerBoard, EMPTY_CELL } from '../answers/answers'

/** Answers of one variant to one message of the chat, which may still be growing. */
export class TurnAnswers {
  /** Equal answers once, with their count. */
  cell = $state.raw(EMPTY_CELL)
  picked = $state.raw<string | null>(null)
  running = $state(false)
  private readonly board = new AnswerBoard()
  private readonly finished: FinishedAnswer[] = []

  constructor(
    readonly variant: Variant,
    readonly requestedCount: number
  ) {}

  static from({ variant, finished, unfinished, picked, requestedCount }: StoredAnswers): TurnAnswers {
    const answers = new TurnAnswers(variant, requestedCount)
    for (const answer of finished) answers.add({ ...answer, column: 0 })
    for (const answer of unfinished) answers.add({ ...answer, finish: null, column: 0 })
    answers.picked = picked
    return answers
  }

  /** Adds the text of an answer so far. */
  add({ index, text, finish }: ChatAnswer): void {
    const cellAnswer = { variant: '', prompt: 0, index, text }
    if (finish === null) this.board.grow([cellAnswer])
    else {
      this.board.add([{ ...cellAnswer, finish }])
      this.finished.push({ index, text, finish })
    }
    this.cell = this.board.cell(0, '')
  }

  /** The answer that the conversation continues with: the chosen or the most frequent one; null while there is none. */
  get continuation(): string | null {
    return this.picked ?? this.cell.groups[0]?.text ?? null
  }

  /** True if the answers were stopped before their end. */
  get cut(): boolean {
    return !this.running && this.cell.count + this.cell.uncounted.length < this.requestedCount
  }

  toStored(): StoredAnswers {
    const { variant, finished, picked, requestedCount } = this
    const unfinished = this.cell.growing.map(({ index, text }) => ({ index, text }))
    return { variant, finished: [...finished], unfinished, picked, requestedCount }
  }
}

/** A message of the user with the answers of each model. */
export interface Turn {
  readonly id: string
  readonly text: string
  /** Keys name the columns. */
  readonly answers: Readonly<Partial<Record<string, TurnAnswers>>>
}

/** Returns a turn of the chat as it is stored. */
export const storedTurn = ({ id, text, answers }: Turn): StoredTurn => ({
  id,
  text,
  answers: Object.fromEntries(
    Object.entries(answers).flatMap(([column, given]) => (given ? [[column, given.toStored()]] : []))
  )
})

/** Restores a turn of the chat from its stored form. */
export const turnFrom = ({ id, text, answers }: StoredTurn): Turn => ({
  id,
  text,
  answers: Object.fromEntries(Object.entries(answers).map(([id, column]) => [id, TurnAnswers.from(column)]))
})

/** Returns the conversation of one model up to the last message. Turns without an answer of the model are left out. */
export function conversationOf(turns: readonly Turn[], column: string): ChatTurn[] {
  const last = turns.at(-1)
  const before = turns.slice(0, -1).flatMap(({ text, answers }): ChatTurn[] => {
    const answer = answers[column]?.continuation
    // An answer that was cut before its first character is no turn.
    if (answer === undefined || answer === null || answer === '') return []
    return [
      { role: 'user', content: text },
      { role: 'assistant', content: answer }
    ]
  })
  return last === undefined ? before : [...before, { role: 'user', content: last.text }]
}
