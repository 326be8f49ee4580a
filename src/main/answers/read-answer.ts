import { normaliseAnswer } from '../../contract/model/answer'
import type { AnswerReading, Task, TaskPrompt } from '../../contract/documents/task'
import { taskKindFacts } from '../../contract/model/task-kinds'
import { inputError } from '../../contract/model/problem'
import { withTimeLimit } from '../base/time-limit'
import { numbersOf } from './numbers'
import { errorMessage } from '../base/files/bounded-file'

const PATTERN_LIMIT_MS = 2_000

/**
 * Finds the final answers in models' texts and compares them with the right answers of a task. Answers are compared in
 * one form: a number, or a text without case and final punctuation.
 *
 * @throws WorkbenchError `bad-input` naming a pattern that is no regular expression
 */
export class AnswerReader {
  /** Pattern that finds the answer in a text. */
  private readonly reading: RegExp | null
  /** Pattern of right answers. */
  private readonly right: RegExp | null
  /** Pattern of the required format. */
  private readonly format: RegExp | null

  /** First name of each right answer, by all its names. It is needed for every answer, and long for some prompts. */
  private readonly firstNames = new WeakMap<TaskPrompt, ReadonlyMap<string, string>>()

  constructor(private readonly task: Task) {
    const { reading, rightPattern, checks } = task
    this.reading = reading.kind === 'pattern' ? compilePattern(task, 'reading.pattern', reading.pattern, 'gu') : null
    this.right = rightPattern === undefined ? null : compilePattern(task, 'rightPattern', rightPattern, 'u')
    this.format = checks.pattern === undefined ? null : compilePattern(task, 'checks.pattern', checks.pattern, 'u')
  }

  /** Extracts the final answer in the form for comparisons; null if the text contains none. */
  read(text: string): string | null {
    const answer = this.find(text, this.task.reading)
    return answer === null || answer.trim() === '' ? null : comparable(answer, this.task)
  }

  /** Converts an answer that was not read from a model's text to the form for comparisons. */
  compared(answer: string): string {
    return comparable(answer, this.task)
  }

  /** Reports whether the task knows the right answers to a prompt, by a list or a pattern. */
  canJudge(prompt: TaskPrompt): boolean {
    return prompt.answers !== undefined || this.right !== null
  }

  /** Counts the different right answers that a prompt lists; null for a prompt without listed answers. */
  rightCount(prompt: TaskPrompt): number | null {
    const firstNames = this.listed(prompt)
    return firstNames === null ? null : new Set(firstNames.values()).size
  }

  /** Returns the first name of a right answer; null for a wrong answer. @param answer as {@link read} returns it */
  rightAnswer(answer: string, prompt: TaskPrompt): string | null {
    const firstNames = this.listed(prompt)
    if (firstNames !== null) return firstNames.get(answer) ?? null
    return this.right !== null && this.matches(this.right, answer) ? answer : null
  }

  /** Reports whether an answer is right. @param answer as {@link read} returns it */
  isRight(answer: string, prompt: TaskPrompt): boolean {
    return this.rightAnswer(answer, prompt) !== null
  }

  /** Maps all names of right answers, in the form for comparisons, to their first names. */
  private listed(prompt: TaskPrompt): ReadonlyMap<string, string> | null {
    if (prompt.answers === undefined) return null
    const cached = this.firstNames.get(prompt)
    if (cached !== undefined) return cached
    const firstNames = new Map<string, string>()
    for (const names of rightAnswers(this.task, prompt)) {
      const compared = names.map((name) => comparable(name, this.task))
      const newNames = compared.filter((name) => !firstNames.has(name))
      for (const name of newNames) firstNames.set(name, newNames[0] ?? name)
    }
    this.firstNames.set(prompt, firstNames)
    return firstNames
  }

  /** Reports whether an answer has the required format. @param words of the answer */
  keepsFormat(text: string, words: readonly string[]): boolean {
    const { minWords = 0, maxWords = Infinity } = this.task.checks
    if (words.length < minWords || words.length > maxWords) return false
    return this.format === null || this.matches(this.format, text)
  }

  private find(text: string, reading: AnswerReading): string | null {
    if (reading.kind === 'whole') return text
    if (reading.kind === 'first-line') return text.trimStart().split(/\r\n|\r|\n/, 1)[0] ?? null
    if (reading.kind === 'last-number') return numbersOf(text).at(-1) ?? null
    const pattern = this.reading
    if (pattern === null) return null
    return this.limited(() => {
      const last = [...text.matchAll(pattern)].at(-1)
      return last === undefined ? null : (last[1] ?? last[0])
    })
  }

  private matches(pattern: RegExp, text: string): boolean {
    return this.limited(() => pattern.test(text))
  }

  private limited<T>(work: () => T): T {
    return withTimeLimit(PATTERN_LIMIT_MS, `A pattern of the task "${this.task.name}"`, work)
  }
}

/** Lists the right answers of a prompt, each with all its names. If the task has one answer, all entries are names. */
export function rightAnswers({ kind }: Task, { answers = [] }: TaskPrompt): string[][] {
  // An entry is a name or a list of names.
  const names = answers.map((answer) => [answer].flat())
  return taskKindFacts(kind).rightAnswers === 'one' ? [names.flat()] : names
}

function compilePattern(task: Task, field: string, pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags)
  } catch (error) {
    const reason = errorMessage(error)
    throw inputError(`The task "${task.name}", ${field}: ${reason}`)
  }
}

/** Converts an answer to the form for comparisons: a number if the task reads numbers, otherwise a normalised text. */
function comparable(answer: string, { reading }: Task): string {
  const number = reading.kind === 'last-number' ? numbersOf(answer).at(-1) : undefined
  return number ?? normaliseAnswer(answer)
}
