import { basename, extname } from 'node:path'
import { z } from 'zod'
import { type AnswerReading, MAX_TASK_CHARACTERS, Task, TASK_VERSION, TaskPrompt } from '../../contract/documents/task'
import { inputError, requireValid, WorkbenchError } from '../../contract/model/problem'
import { PAPER_SAMPLING } from '../../contract/documents/samples'
import { TASK_KINDS, type TaskKindFacts } from '../../contract/model/task-kinds'
import { refuseOtherKind } from '../base/files/document-kinds'
import { unversionedWords } from '../base/files/migrate'
import { formatJson } from '../base/files/json-format'
import { parseJson } from '../base/files/bounded-json'
import { type PromptEntry, readPromptEntries } from '../samples/prompts'
import { AnswerReader } from '../answers/read-answer'
import { numbersOf } from '../answers/numbers'

/** Separator before the final answer in GSM8K's worked answers, as in "#### 1,234". */
export const GSM8K_SEPARATOR = '####'
const EXPECTED =
  'A task is what this program exports, or a list of prompts such as [{"text": "Name a planet.", "answers": ["Mars"]}].'
/** Separator of the answers in one cell of a table. */
const CELL_SEPARATOR = '|'

/**
 * Reads a task from the text of a file. A `.json` file with an object is a task that this program exported. Any other
 * file is a list of prompts, in one of the formats of sample prompts. A prompt may have one right answer in `answer`,
 * or several in `answers`, which are separated by | in a `.csv` cell. In a worked answer of GSM8K, the right answer is
 * the number after ####. A list of prompts gets the default settings of its kind of task: reasoning if every prompt has
 * one answer, open-ended if some have answers, else creative.
 *
 * @returns a task whose id is derived from the file's name.
 * @throws WorkbenchError `bad-input` naming file, line or entry, and field; `newer-version`
 */
export function readTaskFile(fileName: string, content: string): Task {
  if (content.length > MAX_TASK_CHARACTERS) {
    throw inputError(`${fileName} has ${content.length} characters; at most ${MAX_TASK_CHARACTERS} are read as a task.`)
  }
  const task = readTaskDocument(fileName, content) ?? readTaskPrompts(fileName, content)
  // Compiles the patterns, so that a wrong one is reported now.
  new AnswerReader(task)
  return task
}

/** Formats a task as text that {@link readTaskFile} reads. */
export function formatTaskFile(task: Task): string {
  return formatJson(Task.parse(task))
}

const Versioned = z.object({ schemaVersion: z.number() })

/** Reads an exported task. @returns null if the file contains a list of prompts instead */
function readTaskDocument(fileName: string, content: string): Task | null {
  if (extname(fileName).toLowerCase() !== '.json') return null
  const value = parseJson(content.replace(/^\uFEFF/, ''), fileName, { notJson: 'bad-input' })
  if (Array.isArray(value)) return null
  refuseOtherKind(fileName, value, { name: 'a task', kind: 'task', hint: EXPECTED })
  const version = Versioned.safeParse(value)
  if (version.success && version.data.schemaVersion > TASK_VERSION) {
    throw new WorkbenchError(
      'newer-version',
      `${fileName} was written by a newer version of this program (schema ${version.data.schemaVersion}; this one ` +
        `reads ${TASK_VERSION}).`
    )
  }
  const parsed = Task.safeParse(value)
  if (!parsed.success) {
    throw inputError(`${fileName} is not a task: ${unversionedWords(value, parsed.error)}`, EXPECTED)
  }
  return { ...parsed.data, id: idFrom(fileName) }
}

function readTaskPrompts(fileName: string, content: string): Task {
  const prompts = readPromptEntries(fileName, content).map((entry) => taskPrompt(fileName, entry))
  const { id: kind, rightAnswers, sampled } = suggestedKind(prompts)
  return {
    schemaVersion: TASK_VERSION,
    id: idFrom(fileName),
    name: nameFrom(fileName),
    kind,
    description: '',
    prompts,
    settings: { sampling: PAPER_SAMPLING, ...sampled, stopTexts: [], seed: 1 },
    reading: readingFor(rightAnswers, prompts),
    checks: {}
  }
}

const Answer = z.union([z.string(), z.number()]).transform((answer) => String(answer).trim())

const FileAnswers = z.object({
  answers: z
    .union([
      z.array(z.union([Answer, z.array(Answer)])),
      z.string().transform((cell) => cell.split(CELL_SEPARATOR).map((answer) => answer.trim()))
    ])
    .nullish(),
  answer: Answer.nullish()
})

/** Returns the final number of a worked answer of GSM8K; undefined if no number follows the separator. */
export const gsm8kNumber = (answer: string): string | undefined =>
  answer.includes(GSM8K_SEPARATOR) ? numbersOf(answer.split(GSM8K_SEPARATOR).at(-1) ?? '').at(-1) : undefined

/** Adds the right answers to a prompt of a list. @param value the entry of the file that the prompt was read from */
function taskPrompt(fileName: string, { location, value, prompt }: PromptEntry): TaskPrompt {
  const complain = (problem: string): WorkbenchError => inputError(`${fileName}, ${location}: ${problem}`)
  const parsed = FileAnswers.safeParse(typeof value === 'string' ? {} : value)
  const { answer, answers: listed } = requireValid(parsed, complain)
  const written = listed ?? (answer === null || answer === undefined ? undefined : [answer])
  const answers = written?.map((text) => {
    if (typeof text !== 'string' || !text.includes(GSM8K_SEPARATOR)) return text
    const number = gsm8kNumber(text)
    if (number === undefined) throw complain(`answer: no number follows ${GSM8K_SEPARATOR}.`)
    return number
  })
  return requireValid(TaskPrompt.safeParse({ ...prompt, answers }), complain)
}

/** Returns the kind of task that fits the numbers of right answers. */
function suggestedKind(prompts: readonly TaskPrompt[]): (typeof TASK_KINDS)[number] {
  const listed = prompts.some(({ answers }) => answers !== undefined) ? 'many' : 'none'
  const rightAnswers = prompts.every(({ answers }) => answers?.length === 1) ? 'one' : listed
  const suggested = TASK_KINDS.find((kind) => kind.rightAnswers === rightAnswers)
  if (suggested === undefined) throw new RangeError(`no kind of task has ${rightAnswers} right answers`)
  return suggested
}

/** Chooses how answers are read from a model's text: as a number if all right answers are numbers. */
function readingFor(rightAnswers: TaskKindFacts['rightAnswers'], prompts: readonly TaskPrompt[]): AnswerReading {
  if (rightAnswers === 'none') return { kind: 'whole' }
  const isNumber = (answer: string): boolean => numbersOf(answer).length === 1 && !/\p{L}/u.test(answer)
  const areNumbers = prompts.every(({ answers = [] }) => answers.flat().every(isNumber))
  return rightAnswers === 'one' && areNumbers ? { kind: 'last-number' } : { kind: 'first-line' }
}

function nameFrom(fileName: string): string {
  return basename(fileName, extname(fileName)).trim().slice(0, 200) || 'Task'
}

function idFrom(fileName: string): string {
  const letters = nameFrom(fileName).normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '')
  return (
    letters
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 64)
      .replace(/^-+|-+$/g, '') || 'task'
  )
}
