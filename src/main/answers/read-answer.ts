import { normaliseAnswer } from '../../contract/model/answer'
import type { AnswerReading, Task, TaskPrompt } from '../../contract/documents/task'
import { taskKindFacts } from '../../contract/model/task-kinds'
import { inputError } from '../../contract/model/problem'
import { withTimeLimit } from '../base/time-limit'
import { numbersOf } from './numbers'
import { errorMessage } from '../base/files/bounded-file'

const PATTERN_LIMIT_MS = 2_000

/** Reads one task's answers. @throws WorkbenchError `bad-input` naming a pattern that is no regular expression */
export class AnswerReader {
  private readonly reading: RegExp | null
  private readonly right: RegExp | null
  private readonly format: RegExp | null

  private readonly listedAnswers = new WeakMap<TaskPrompt, Map<string, string>>()

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

  canJudge(prompt: TaskPrompt): boolean {
    return prompt.answers !== undefined || this.right !== null
  }

  /** Counts the different right answers that a prompt lists; null for a prompt without listed answers. */
  rightCount(prompt: TaskPrompt): number | null {
    const firstNames = this.listed(prompt)
    return firstNames === null ? null : new Set(firstNames.values()).size
  }

  /** Gives the first name of a right answer, as {@link read} returns it; null for a wrong answer. */
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
    // Cached, because it is needed for every answer of a cell, and long for some prompts.
    const firstNames = this.listedAnswers.get(prompt) ?? new Map<string, string>()
    if (firstNames.size === 0) {
      this.listedAnswers.set(prompt, firstNames)
      for (const names of rightAnswers(this.task, prompt)) {
        const compared = names.map((name) => comparable(name, this.task))
        const newNames = compared.filter((name) => !firstNames.has(name))
        for (const name of newNames) firstNames.set(name, newNames[0] ?? name)
      }
    }
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

export function rightAnswers({ kind }: Task, { answers = [] }: TaskPrompt): string[][] {
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

/** Converts an answer to a number for tasks with numbers, otherwise a text without case and final mark. */
function comparable(answer: string, { reading }: Task): string {
  const number = reading.kind === 'last-number' ? numbersOf(answer).at(-1) : undefined
  return number ?? normaliseAnswer(answer)
}
