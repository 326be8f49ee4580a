import { normaliseAnswer } from '../../contract/model/answer'
import type { AnswerReading, Task, TaskPrompt } from '../../contract/documents/evaluation'
import { WorkbenchError } from '../../contract/model/problem'
import { withTimeLimit } from '../base/time-limit'
import { numbersOf } from './correctness'

/** A pattern of a task file may take endless time on an answer made for it. */
const PATTERN_LIMIT_MS = 2_000

/**
 * Reads one task's answers: where the answer proper stands, and whether it is right. Patterns are compiled once.
 *
 * @throws WorkbenchError `bad-input` naming a pattern that is no regular expression
 */
export class AnswerReader {
  private readonly reading: RegExp | null
  private readonly right: RegExp | null
  private readonly format: RegExp | null

  private readonly known = new WeakMap<TaskPrompt, ReadonlySet<string>>()

  constructor(private readonly task: Task) {
    const { reading, rightPattern, checks } = task
    this.reading =
      reading.kind === 'pattern' ? compiled(task, 'reading.pattern', reading.pattern, 'gu') : null
    this.right = rightPattern === undefined ? null : compiled(task, 'rightPattern', rightPattern, 'u')
    this.format = checks.pattern === undefined ? null : compiled(task, 'checks.pattern', checks.pattern, 'u')
  }

  /** The answer proper, as answers are compared; null when it cannot be found in the text. */
  read(text: string): string | null {
    const found = this.find(text, this.task.reading)
    return found === null || found.trim() === '' ? null : comparable(found, this.task)
  }

  /** Whether this task can tell right answers to the prompt from wrong ones. */
  canJudge(prompt: TaskPrompt): boolean {
    return prompt.answers !== undefined || this.right !== null
  }

  /** The right answers to a prompt as they are compared; null when they are not listed. */
  rightAnswers(prompt: TaskPrompt): ReadonlySet<string> | null {
    if (prompt.answers === undefined) return null
    // Asked for with every answer of a cell, and long for some prompts.
    const known =
      this.known.get(prompt) ?? new Set(prompt.answers.map((answer) => comparable(answer, this.task)))
    this.known.set(prompt, known)
    return known
  }

  /** @param answer as {@link read} returns it */
  isRight(answer: string, prompt: TaskPrompt): boolean {
    return this.rightAnswers(prompt)?.has(answer) ?? (this.right !== null && this.matches(this.right, answer))
  }

  /** Whether a whole answer has the form that the task asks for. @param words of the answer */
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

function compiled(task: Task, field: string, pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new WorkbenchError('bad-input', `The task "${task.name}", ${field}: ${why}`)
  }
}

/** Final answers that are numbers are compared as numbers, others as texts without case and final mark. */
function comparable(answer: string, { reading }: Task): string {
  const number = reading.kind === 'last-number' ? numbersOf(answer).at(-1) : undefined
  return number ?? normaliseAnswer(answer)
}
