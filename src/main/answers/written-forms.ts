import type { Task, TaskPrompt } from '../../contract/documents/task'
import { elementAt } from '../../contract/model/look-up'
import { decodeOne, type TextModel } from '../text/text-model'
import { type AnswerReader, rightAnswers } from './read-answer'

/** Marks that an answer may end with. */
const FINAL_MARKS = ['', '.', '!']

/** A right answer as sequences of tokens. */
interface WrittenAnswer {
  /** Its first name. */
  readonly name: string
  /** Each to its end. */
  readonly sequences: readonly (readonly number[])[]
}

/** What a prompt's listed answers are as tokens. */
export interface WrittenAnswers {
  readonly answers: readonly WrittenAnswer[]
  /** The ways to begin with a listed answer, without its end; none begins with another. */
  readonly begun: readonly (readonly number[])[]
}

/**
 * The texts that an answer is usually written as: as it is listed, beginning with a capital, and in small letters, each bare
 * or with a full stop or an exclamation mark.
 */
function writtenForms(answer: string): string[] {
  const [first = '', ...rest] = answer
  const spellings = [answer, first.toUpperCase() + rest.join(''), answer.toLowerCase()]
  return [...new Set(spellings.flatMap((spelling) => FINAL_MARKS.map((mark) => spelling + mark)))]
}

/** Turns the listed answers of a task into what a model may write, token by token. */
export class AnswerWriter {
  private constructor(
    private readonly task: Task,
    private readonly reader: AnswerReader,
    private readonly text: TextModel,
    private readonly ends: readonly number[]
  ) {}

  /**
   * @param reader of the task: what it does not read as the answer is no form of it
   * @param text of the model that answers
   * @param endTokens those that end an answer
   */
  static async of(
    task: Task,
    reader: AnswerReader,
    text: TextModel,
    endTokens: readonly number[]
  ): Promise<AnswerWriter> {
    const stopping = await tokensThatBegin(text, task.settings.stopTexts)
    return new AnswerWriter(task, reader, text, [...new Set([...endTokens, ...stopping])])
  }

  /**
   * The forms of a prompt's listed answers, each in the split that the tokenizer makes of it, with what ends it: an end token, or a
   * token that begins with a stop text. A form as long as answers may be ends there. Left out are other splits of the same
   * text, and longer texts that a right answer is read out of. Where the prompt does not end in white space, an answer may begin with a space.
   *
   * @param context the prompt as the model sees it
   */
  async write(prompt: TaskPrompt, context: readonly number[]): Promise<WrittenAnswers> {
    const before = await decodeOne(this.text, context)
    const starts = /\s$/u.test(before) || before === '' ? [''] : ['', ' ']
    const texts = rightAnswers(this.task, prompt).flatMap((names) =>
      names.flatMap((name) =>
        writtenForms(name).flatMap((form) => starts.map((start) => ({ text: start + form, names })))
      )
    )
    const encoded = await this.text.encodeAll(texts.map(({ text }) => text))
    const decoded = await this.text.decodeAll(encoded.map((tokens) => [...context, ...tokens]))
    const forms = new Map<string, readonly number[]>()
    const byAnswer = new Map<string, { name: string; sequences: number[][] }>()
    for (const [index, { names }] of texts.entries()) {
      const tokens = elementAt(encoded, index, 'form')
      const answer = this.readBehind(before, elementAt(decoded, index, 'form'), tokens, prompt)
      const key = tokens.join()
      if (answer === null || forms.has(key) || tokens.length > this.task.settings.maxTokens) continue
      forms.set(key, tokens)
      const written = byAnswer.get(answer) ?? { name: names[0] ?? answer, sequences: [] }
      byAnswer.set(answer, written)
      if (tokens.length === this.task.settings.maxTokens) written.sequences.push(tokens)
      else written.sequences.push(...this.ends.map((end) => [...tokens, end]))
    }
    return { answers: [...byAnswer.values()], begun: shortest([...forms.values()]) }
  }

  /** Which right answer some tokens are behind a prompt; null when they are none. */
  private readBehind(
    before: string,
    after: string,
    tokens: readonly number[],
    prompt: TaskPrompt
  ): string | null {
    if (tokens.length === 0) return null
    return after.startsWith(before) ? this.rightAnswer(after.slice(before.length), prompt) : null
  }

  private rightAnswer(text: string, prompt: TaskPrompt): string | null {
    const read = this.reader.read(text)
    return read === null ? null : this.reader.rightAnswer(read, prompt)
  }
}

/** Tokens whose text begins with one of some texts. */
async function tokensThatBegin(text: TextModel, starts: readonly string[]): Promise<number[]> {
  if (starts.length === 0) return []
  const decoded = await text.decodeBehind([], text.textTokens)
  return text.textTokens.filter((_, index) => {
    const own = elementAt(decoded, index, 'token')
    return starts.some((start) => own.startsWith(start))
  })
}

/** Those that do not begin with another. */
function shortest(sequences: readonly (readonly number[])[]): (readonly number[])[] {
  const all = new Set(sequences.map((tokens) => tokens.join()))
  return sequences.filter(
    (tokens) => !tokens.slice(0, -1).some((_, i) => all.has(tokens.slice(0, i + 1).join()))
  )
}
