import { z } from 'zod'
import { SampleLine, Variant } from '../../contract/documents/samples'
import type { ChatAnswer, ChatTurn } from '../../contract/procedures/chat'
import { AnswerBoard, EMPTY_CELL } from '../answers/answers'

/** The models side by side, in this order: base, post, and what is chosen to be compared with them. */
export const COLUMNS = ['base', 'post', 'recipe'] as const
export type ColumnId = (typeof COLUMNS)[number]

const Finished = SampleLine.pick({ index: true, text: true, finish: true })

/** The answers of one model as a page keeps them over a reload. */
export const KeptAnswers = z.object({
  variant: Variant,
  finished: z.array(Finished),
  picked: z.string().nullable(),
  asked: z.number().int()
})
export type KeptAnswers = z.infer<typeof KeptAnswers>

/** The answers of one model to one turn. */
export class TurnAnswers {
  /** What is shown of them: equal ones once, with their count. */
  cell = $state.raw(EMPTY_CELL)
  /** The answer that the conversation goes on with, when the user has chosen it. */
  picked = $state.raw<string | null>(null)
  /** Whether they are being written. */
  running = $state(false)
  private readonly board = new AnswerBoard()
  private readonly finished: z.infer<typeof Finished>[] = []

  constructor(
    readonly variant: Variant,
    /** How many were asked for. */
    readonly asked: number
  ) {}

  static from({ variant, finished, picked, asked }: KeptAnswers): TurnAnswers {
    const answers = new TurnAnswers(variant, asked)
    for (const answer of finished) answers.take({ ...answer, column: 0 })
    answers.picked = picked
    return answers
  }

  /** Takes an answer as far as it is. */
  take({ index, text, finish }: ChatAnswer): void {
    const place = { variant: '', prompt: 0, index, text }
    if (finish === null) this.board.grow([place])
    else {
      this.board.add([{ ...place, finish }])
      this.finished.push({ index, text, finish })
    }
    this.cell = this.board.cell(0, '')
  }

  /** The answer that the conversation goes on with: the chosen one, or else the most frequent; null while there is none. */
  get said(): string | null {
    return this.picked ?? this.cell.groups[0]?.text ?? null
  }

  /** Whether they were stopped before their end. */
  get cut(): boolean {
    return !this.running && this.cell.count < this.asked
  }

  kept(): KeptAnswers {
    const { variant, finished, picked, asked } = this
    return { variant, finished: [...finished], picked, asked }
  }
}

/** What the user said, and what each model answered. */
export interface Turn {
  readonly text: string
  readonly answers: Readonly<Partial<Record<ColumnId, TurnAnswers>>>
}

export const KeptTurn = z.object({ text: z.string(), answers: z.partialRecord(z.enum(COLUMNS), KeptAnswers) })

export const keptTurn = ({ text, answers }: Turn): z.infer<typeof KeptTurn> => ({
  text,
  answers: Object.fromEntries(COLUMNS.flatMap((id) => (answers[id] ? [[id, answers[id].kept()]] : [])))
})

export const turnFrom = ({ text, answers }: z.infer<typeof KeptTurn>): Turn => ({
  text,
  answers: Object.fromEntries(
    COLUMNS.flatMap((id) => (answers[id] ? [[id, TurnAnswers.from(answers[id])]] : []))
  )
})

/** The conversation as one model has it, up to the last thing the user said; turns that it has not answered are left out. */
export function conversationOf(turns: readonly Turn[], column: ColumnId): ChatTurn[] {
  const last = turns.at(-1)
  const before = turns.slice(0, -1).flatMap(({ text, answers }): ChatTurn[] => {
    const said = answers[column]?.said
    // What was cut before its first character is no turn.
    if (said === undefined || said === null || said === '') return []
    return [
      { role: 'user', content: text },
      { role: 'assistant', content: said }
    ]
  })
  return last === undefined ? before : [...before, { role: 'user', content: last.text }]
}
