import type { Task, TaskPrompt } from '../../contract/documents/task'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { decodeOne, type TextModel } from '../text/text-model'
import { type AnswerReader, rightAnswers } from './read-answer'

const FINAL_MARKS = ['', '.', '!']

interface TokenizedAnswer {
  /** First name of the answer in the task. */
  readonly name: string
  /** Token sequences that write the answer and end it. */
  readonly sequences: readonly (readonly number[])[]
}

/** The listed answers of a prompt as the token sequences with which a model may write them. */
export interface TokenizedAnswers {
  readonly answers: readonly TokenizedAnswer[]
  /** Token sequences that write a listed answer, without an end token. No sequence begins with another one. */
  readonly begun: readonly (readonly number[])[]
}

/** Lists the usual spellings of an answer: with or without a capital, bare or with a final mark. */
function writtenForms(answer: string): string[] {
  const [firstCharacter = '', ...characters] = answer
  const spellings = [answer, firstCharacter.toUpperCase() + characters.join(''), answer.toLowerCase()]
  return [...new Set(spellings.flatMap((spelling) => FINAL_MARKS.map((mark) => spelling + mark)))]
}

/**
 * Number of last tokens of a prompt that answers are decoded behind. An incomplete character has at most three, and
 * decoders treat only the first token of a text differently.
 */
const CONTEXT_TOKENS = 4

/** A text that a model may write, as tokens. */
interface Spelling {
  readonly tokens: readonly number[]
  /** The answer that is read from the text; null if there is none, or if the tokens change the prompt's own text. */
  readonly answer: string | null
}

/** Converts the listed answers of a task to the token sequences that a model may write. */
export class AnswerWriter {
  /** Spellings by the last tokens of a prompt, then by text. Most prompts of a task share both. */
  private readonly spellings = new Map<string, Map<string, Spelling>>()
  private readonly visible: ReadonlySet<number>

  private constructor(
    private readonly task: Task,
    private readonly reader: AnswerReader,
    private readonly text: TextModel,
    private readonly endTokens: readonly number[]
  ) {
    this.visible = new Set(text.textTokens)
  }

  /** Creates a writer. Tokens that begin a stop text of the task end an answer too. */
  static async create(
    task: Task,
    reader: AnswerReader,
    text: TextModel,
    endTokens: readonly number[]
  ): Promise<AnswerWriter> {
    const stopping = await tokensThatBegin(text, task.settings.stopTexts)
    return new AnswerWriter(task, reader, text, [...new Set([...endTokens, ...stopping])])
  }

  /**
   * Lists the token sequences that write a right answer of a prompt: each usual spelling, as the tokenizer splits it,
   * followed by each end token. A sequence of maximal length needs no end.
   *
   * @param context tokens of the rendered prompt
   */
  async write(prompt: TaskPrompt, context: readonly number[]): Promise<TokenizedAnswers> {
    const contextEnd = context.filter((token) => this.visible.has(token)).slice(-CONTEXT_TOKENS)
    const before = await decodeOne(this.text, contextEnd)
    const starts = startsAfter(before)
    const texts = rightAnswers(this.task, prompt).flatMap((names) =>
      names.flatMap((name) =>
        writtenForms(name).flatMap((form) => starts.map((start) => ({ text: start + form, names })))
      )
    )
    const spellings = await this.spell(
      contextEnd,
      before,
      texts.map(({ text }) => text)
    )
    const forms = new Map<string, readonly number[]>()
    const byAnswer = new Map<string, { name: string; sequences: number[][] }>()
    for (const { text, names } of texts) {
      const { tokens, answer: read } = mapGet(spellings, text, 'spelling')
      const key = tokens.join()
      const answer = read === null ? null : this.reader.rightAnswer(read, prompt)
      if (answer === null || forms.has(key) || tokens.length > this.task.settings.maxTokens) continue
      forms.set(key, tokens)
      const written = byAnswer.get(answer) ?? { name: names[0] ?? answer, sequences: [] }
      byAnswer.set(answer, written)
      if (tokens.length === this.task.settings.maxTokens) written.sequences.push([...tokens])
      else written.sequences.push(...this.endTokens.map((end) => [...tokens, end]))
    }
    return { answers: [...byAnswer.values()], begun: withoutContinuations([...forms.values()]) }
  }

  /** Spells texts behind the last tokens of a prompt. @param before the text of these tokens */
  private async spell(
    contextEnd: readonly number[],
    before: string,
    texts: readonly string[]
  ): Promise<ReadonlyMap<string, Spelling>> {
    const key = contextEnd.join()
    const byText = this.spellings.get(key) ?? new Map<string, Spelling>()
    this.spellings.set(key, byText)
    const missing = [...new Set(texts)].filter((text) => !byText.has(text))
    const encoded = await this.text.encodeAll(missing)
    const decoded = await this.text.decodeAll(encoded.map((tokens) => [...contextEnd, ...tokens]))
    for (const [index, text] of missing.entries()) {
      const tokens = elementAt(encoded, index, 'text')
      const after = elementAt(decoded, index, 'text')
      const isAddition = tokens.length > 0 && after.startsWith(before)
      byText.set(text, { tokens, answer: isAddition ? this.reader.read(after.slice(before.length)) : null })
    }
    return byText
  }
}

/** Lists texts that may stand between a prompt and its answer: none, or a space unless the prompt ends in one. */
const startsAfter = (before: string): string[] => (/\s$/u.test(before) || before === '' ? [''] : ['', ' '])

/**
 * Lists the token sequences that write one of several openings at the beginning of an answer, as the tokenizer splits
 * them. Apostrophes may be straight or curved. No sequence begins with another one.
 */
export async function openingSequences(
  text: TextModel,
  context: readonly number[],
  openings: readonly string[]
): Promise<number[][]> {
  const before = await decodeOne(text, context)
  const forms = [...new Set(openings.flatMap((opening) => [opening, opening.replaceAll("'", '’')]))]
  const starts = forms.flatMap((form) => startsAfter(before).map((start) => start + form))
  const encoded = await text.encodeAll(starts)
  const decoded = await text.decodeAll(encoded.map((tokens) => [...context, ...tokens]))
  // After some contexts, tokens are decoded to another text.
  const unchanged = encoded.filter((_, index) => {
    const after = elementAt(decoded, index, 'opening')
    const written = after.startsWith(before) ? after.slice(before.length).trimStart() : ''
    return written === elementAt(starts, index, 'opening').trimStart()
  })
  return withoutContinuations(unchanged).map((tokens) => [...tokens])
}

/** Lists the tokens whose texts begin with one of some texts. */
async function tokensThatBegin(text: TextModel, starts: readonly string[]): Promise<number[]> {
  if (starts.length === 0) return []
  const decoded = await text.decodeBehind([], text.textTokens)
  return text.textTokens.filter((_, index) => {
    const tokenText = elementAt(decoded, index, 'token')
    return starts.some((start) => tokenText.startsWith(start))
  })
}

/** Returns the sequences that do not begin with another sequence of the list. */
function withoutContinuations(sequences: readonly (readonly number[])[]): (readonly number[])[] {
  const all = new Set(sequences.map((tokens) => tokens.join()))
  return sequences.filter((tokens) => !tokens.slice(0, -1).some((_, i) => all.has(tokens.slice(0, i + 1).join())))
}
