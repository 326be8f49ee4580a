import { basename, extname } from 'node:path'
import { z } from 'zod'
import {
  type AnswerReading,
  MAX_SAMPLE_PROMPTS,
  MAX_TASK_CHARACTERS,
  Task,
  TASK_VERSION,
  TaskPrompt
} from '../../contract/documents/task'
import { PAPER_SAMPLING } from '../../contract/documents/samples'
import { inputError, requireValid } from '../../contract/model/problem'
import { taskKindFacts, type TaskKind } from '../../contract/model/task-kinds'
import { parseJson } from '../base/files/bounded-json'
import { GSM8K_SEPARATOR, gsm8kNumber } from './task-file'

/* Readers of the file formats of published prompt sets. The data themselves are not part of the program. */

export interface PublishedFile {
  /** Name for messages, and for categories if the format uses file names. */
  name: string
  content: string
}

interface Entry {
  /** Place in the file for errors, such as "line 3". */
  location: string
  prompt: z.input<typeof TaskPrompt>
}

export interface PublishedFormat {
  id: string
  name: string
  kind: TaskKind
  /** How an answer is read from a model's text. */
  reading: AnswerReading
  read(file: PublishedFile): Entry[]
}

/** Names of one right answer. */
const Group = z.array(z.string().trim().min(1)).min(1)
const CoverageQuestions = z.record(
  z.string(),
  z.object({ answers: z.array(Group).min(1), category: z.string().default('') })
)
const Gsm8kLine = z.object({ question: z.string(), answer: z.string() })
const NoveltyLine = z.object({ prompt: z.string(), category: z.string().nullish() })
/** Evaluation lines have a query. Lines of the taxonomy have a revised query, or the original conversation. */
const InfinityLine = z.union([
  z.object({ query: z.string() }).transform(({ query }) => query),
  z
    .object({ lm_judge_annotation: z.object({ revised_query: z.string() }) })
    .transform(({ lm_judge_annotation: { revised_query: query } }) => query),
  z
    .object({ messages: z.array(z.object({ role: z.string(), content: z.string() })) })
    .transform(({ messages }, context) => {
      const userTurn = messages.find(({ role }) => role === 'user')
      if (userTurn !== undefined) return userTurn.content
      context.addIssue('messages: none has the role user')
      return z.NEVER
    })
])

export const PUBLISHED_FORMATS = [
  {
    id: 'coverage-qa',
    name: 'questions of CoverageQA with groups of names for each answer, a JSON object',
    kind: 'open-ended',
    reading: { kind: 'first-line' },
    read({ name, content }) {
      const questions = checked(CoverageQuestions, parseContent(content, name), name)
      return Object.entries(questions).map(([text, { answers, category }]) => ({
        location: `"${text.slice(0, 60)}"`,
        prompt: { text, category, answers: distinctGroups(answers) }
      }))
    }
  },
  {
    id: 'verbalized-sampling',
    name: 'poem.txt, story.txt, joke.txt of Verbalized Sampling, a prompt a line; each file is a category',
    kind: 'creative',
    reading: { kind: 'whole' },
    read: ({ name, content }) =>
      linesOf(content).map(({ line, text }) => ({
        location: `line ${line}`,
        prompt: { text, category: categoryOf(name) }
      }))
  },
  {
    id: 'novelty-bench',
    name: 'curated or WildChat prompts of NoveltyBench, JSON lines',
    kind: 'creative',
    reading: { kind: 'whole' },
    read: (file) => jsonLines(file, NoveltyLine, ({ prompt, category }) => ({ text: prompt, category: category ?? '' }))
  },
  {
    id: 'gsm8k',
    name: 'problems of GSM8K, JSON lines with a worked answer',
    kind: 'reasoning',
    reading: { kind: 'last-number' },
    read: (file) =>
      jsonLines(file, Gsm8kLine, ({ question, answer }, location) => ({
        text: question,
        answers: [finalNumber(answer, `${file.name}, ${location}`)]
      }))
  },
  {
    id: 'infinity-chat',
    name: 'queries of Infinity-Chat, JSON lines',
    kind: 'creative',
    reading: { kind: 'whole' },
    read: (file) => jsonLines(file, InfinityLine, (text) => ({ text }))
  }
] as const satisfies readonly PublishedFormat[]

export type PublishedFormatId = (typeof PUBLISHED_FORMATS)[number]['id']

/** Builds a task from files of a published format. @throws WorkbenchError `bad-input` naming file, line and field */
export function publishedTask(id: string, format: PublishedFormat, files: readonly PublishedFile[]): Task {
  const prompts = files.flatMap((file) => {
    if (file.content.length > MAX_TASK_CHARACTERS) {
      throw inputError(
        `${file.name} has ${file.content.length} characters; at most ${MAX_TASK_CHARACTERS} are read as a task.`
      )
    }
    const entries = format.read({ ...file, content: file.content.replace(/^\uFEFF/, '') })
    return entries.map(({ location, prompt }) => checked(TaskPrompt, prompt, `${file.name}, ${location}`))
  })
  const names = files.map(({ name }) => name).join(', ')
  if (prompts.length === 0) {
    throw inputError(`${names}: there is no prompt in it; expected ${format.name}.`)
  }
  if (prompts.length > MAX_SAMPLE_PROMPTS) {
    throw inputError(
      `${names}: ${prompts.length} prompts; a task has at most ${MAX_SAMPLE_PROMPTS}.`,
      'Import a part, such as the first lines.'
    )
  }
  const { sampled } = taskKindFacts(format.kind)
  const task: z.input<typeof Task> = {
    schemaVersion: TASK_VERSION,
    id,
    name: id,
    kind: format.kind,
    description: '',
    prompts,
    settings: { sampling: PAPER_SAMPLING, ...sampled, stopTexts: [], seed: 1 },
    reading: format.reading,
    checks: {}
  }
  return checked(Task, task, names)
}

function checked<Value>(schema: z.ZodType<Value>, value: unknown, where: string): Value {
  return requireValid(schema.safeParse(value), (issue) => inputError(`${where}: ${issue}`))
}

const parseContent = (content: string, where: string): unknown => parseJson(content, where, { notJson: 'bad-input' })

const linesOf = (content: string): { line: number; text: string }[] =>
  content
    .split(/\r?\n/)
    .map((text, index) => ({ line: index + 1, text: text.trim() }))
    .filter(({ text }) => text !== '')

function jsonLines<Line>(
  { name, content }: PublishedFile,
  schema: z.ZodType<Line>,
  promptOf: (line: Line, location: string) => Entry['prompt']
): Entry[] {
  return linesOf(content).map(({ line, text }) => {
    const location = `line ${line}`
    const where = `${name}, ${location}`
    if (text.startsWith('[')) {
      throw inputError(
        `${where} begins a list; expected an object on each line.`,
        'A list becomes such lines by: jq -c ".[]" FILE'
      )
    }
    return { location, prompt: promptOf(checked(schema, parseContent(text, where), where), location) }
  })
}

/** Derives a category from a file name: `creative_story.txt` contains stories. */
const categoryOf = (name: string): string => basename(name, extname(name)).replace(/^creative_/, '')

/** Merges groups of names that share a name, because the published file lists some right answers twice. */
function distinctGroups(groups: readonly string[][]): string[][] {
  let distinct: string[][] = []
  for (const group of groups) {
    const sharesName = (other: string[]): boolean => other.some((name) => group.includes(name))
    const merged = new Set([...distinct.filter(sharesName).flat(), ...group])
    distinct = [...distinct.filter((other) => !sharesName(other)), [...merged]]
  }
  return distinct
}

function finalNumber(answer: string, where: string): string {
  const number = gsm8kNumber(answer)
  if (number !== undefined) return number
  throw inputError(`${where}: answer: no number follows ${GSM8K_SEPARATOR}.`)
}
