import { normaliseAnswer } from '../../contract/model/answer'
import type { AnswerReading, Task, TaskPrompt } from '../../contract/documents/task'
import { taskKindFacts } from '../../contract/model/task-kinds'
import { WorkbenchError } from '../../contract/model/problem'
import { withTimeLimit } from '../base/time-limit'
import { numbersOf } from './numbers'
import { errorMessage } from '../base/files/bounded-file'

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

  private readonly known = new WeakMap<TaskPrompt, Map<string, string>>()

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

  /** An answer proper, found otherwise than in a text, as answers are compared. */
  compared(answer: string): string {
    return comparable(answer, this.task)
  }

  /** Whether this task can tell right answers to the prompt from wrong ones. */
  canJudge(prompt: TaskPrompt): boolean {
    return prompt.answers !== undefined || this.right !== null
  }

  /**
   * How many different right answers a prompt lists; null when it lists none. Those that compare as the same are one, and a
   * name that several answers go by is the first one's.
   */
  rightCount(prompt: TaskPrompt): number | null {
    const known = this.listed(prompt)
    return known === null ? null : new Set(known.values()).size
  }

  /**
   * The right answer that this is: of all its names the first; null for a wrong one.
   *
   * @param answer as {@link read} returns it
   */
  rightAnswer(answer: string, prompt: TaskPrompt): string | null {
    const known = this.listed(prompt)
    if (known !== null) return known.get(answer) ?? null
    return this.right !== null && this.matches(this.right, answer) ? answer : null
  }

  /** @param answer as {@link read} returns it */
  isRight(answer: string, prompt: TaskPrompt): boolean {
    return this.rightAnswer(answer, prompt) !== null
  }

  /** The first name of each right answer by all its names, as they are compared. */
  private listed(prompt: TaskPrompt): ReadonlyMap<string, string> | null {
    if (prompt.answers === undefined) return null
    // Asked for with every answer of a cell, and long for some prompts.
    const known = this.known.get(prompt) ?? new Map<string, string>()
    if (known.size === 0) {
      this.known.set(prompt, known)
      for (const names of rightAnswers(this.task, prompt)) {
        const compared = names.map((name) => comparable(name, this.task))
        const own = compared.filter((name) => !known.has(name))
        for (const name of own) known.set(name, own[0] ?? name)
      }
    }
    return known
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

/** The names of each right answer that a prompt lists; where one final answer is right, all that is listed is names of it. */
export function rightAnswers({ kind }: Task, { answers = [] }: TaskPrompt): string[][] {
  const names = answers.map((answer) => [answer].flat())
  return taskKindFacts(kind).rightAnswers === 'one' ? [names.flat()] : names
}

function compiled(task: Task, field: string, pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags)
  } catch (error) {
    const why = errorMessage(error)
    throw new WorkbenchError('bad-input', `The task "${task.name}", ${field}: ${why}`)
  }
}

/** Final answers that are numbers are compared as numbers, others as texts without case and final mark. */
function comparable(answer: string, { reading }: Task): string {
  const number = reading.kind === 'last-number' ? numbersOf(answer).at(-1) : undefined
  return number ?? normaliseAnswer(answer)
}
