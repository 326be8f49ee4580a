import { extname } from 'node:path'
import { z } from 'zod'
import type { DemoPairFacts } from '../../contract/model/demo-pair'
import { inputError, requireValid } from '../../contract/model/problem'
import { MAX_SAMPLE_PROMPTS, SamplePrompt, type SamplePrompts } from '../../contract/documents/task'
import { readJsonFile, readTextFile } from '../base/files/bounded-file'
import { parseJson } from '../base/files/bounded-json'
import { refuseOtherKind } from '../base/files/document-kinds'
import { yieldEvery20ms } from '../base/files/yield-every-20ms'
import { resourcePath } from '../base/resources'
import { parseCsv } from '../base/csv'

const MAX_BUILTIN_BYTES = 1_000_000

/** Loads built-in open prompts: `open` for full-size models, another set for the few words of a built-in pair. */
export async function builtinSamplePromptSet(id: 'open' | DemoPairFacts['questions']): Promise<SamplePrompts> {
  const file = resourcePath('prompts', `${id}.json`)
  return readSamplePrompts(file, await readTextFile(file, MAX_BUILTIN_BYTES))
}

export async function builtinSamplePrompts(): Promise<SamplePrompts> {
  return builtinSamplePromptSet('open')
}

/** An entry of a file, before it is parsed. */
interface Entry {
  /** Line or number of the entry, for errors. */
  location: string
  value: unknown
}

export interface PromptEntry extends Entry {
  prompt: SamplePrompt
}

const READERS: Record<string, (fileName: string, content: string) => Entry[]> = {
  '.txt': readLines,
  '.jsonl': readJsonLines,
  '.json': readJsonList,
  '.csv': readCsv
}

/**
 * Reads sample prompts from the text of a file, by the ending of its name.
 * - `.txt`: one prompt per line, without surrounding white space.
 * - `.jsonl` (one value per line) and `.json` (a list): plain strings, or objects with `text`, `prompt`, `question` or
 *   `messages`. The last user turn of messages is the text, the system turn is the system prompt, and other turns are
 *   ignored.
 * - `.csv`: a header line with a column `text`, `prompt` or `question`.
 *
 * `category`, `system` and `raw` are optional; other fields are ignored, and blank lines are skipped.
 *
 * @throws WorkbenchError `bad-input` naming file, line or entry, and field
 */
export function readSamplePrompts(fileName: string, content: string): SamplePrompts {
  return readPromptEntries(fileName, content).map(({ prompt }) => prompt)
}

/** Reads sample prompts with their entries, which may contain further fields. */
export function readPromptEntries(fileName: string, content: string): PromptEntry[] {
  const reader = READERS[extname(fileName).toLowerCase()]
  if (reader === undefined) {
    throw inputError(
      `${fileName} is not read as prompts: its name ends with none of ${Object.keys(READERS).join(', ')}.`
    )
  }
  const entries = reader(fileName, content.replace(/^\uFEFF/, ''))
  requireSome(fileName, entries)
  return entries.map((entry) => promptOf(fileName, entry))
}

/** Reads the prompts of a project's own file. Other work of the program goes on meanwhile. */
export async function readStoredSamplePrompts(file: string, maxBytes: number): Promise<SamplePrompts> {
  const entries = jsonEntries(file, await readJsonFile(file, maxBytes))
  requireSome(file, entries)
  const yieldTurn = yieldEvery20ms()
  const prompts: SamplePrompts = []
  for (const entry of entries) {
    prompts.push(promptOf(file, entry).prompt)
    await yieldTurn()
  }
  return prompts
}

function requireSome(fileName: string, entries: readonly Entry[]): void {
  if (entries.length === 0) throw inputError(`${fileName} holds no prompt.`)
  if (entries.length > MAX_SAMPLE_PROMPTS) {
    throw inputError(`${fileName} holds ${entries.length} prompts; at most ${MAX_SAMPLE_PROMPTS} are read.`)
  }
}

function promptOf(fileName: string, { location, value }: Entry): PromptEntry {
  const refuse = (issue: string) => inputError(`${fileName}, ${location}: ${issue}`)
  return { location, value, prompt: requireValid(FilePrompt.safeParse(value), refuse) }
}

/** An optional field. Data sets use null for missing fields. */
const optionalText = z.string().nullish()
const Message = z.object({ role: z.string(), content: z.string() })

const FileObject = z.object(
  {
    text: SamplePrompt.shape.text.nullish(),
    prompt: SamplePrompt.shape.text.nullish(),
    question: SamplePrompt.shape.text.nullish(),
    messages: z.array(Message).nullish(),
    category: optionalText,
    system: optionalText,
    raw: z.boolean().nullish()
  },
  'expected a text or an object'
)

/** Converts a prompt as written in files. */
const FilePrompt = z
  .unknown()
  .transform((value) => (typeof value === 'string' ? { text: value } : value))
  .pipe(FileObject)
  .transform(({ messages, category, system, raw, ...texts }, context): z.input<typeof SamplePrompt> => {
    const { text, prompt, question } = texts
    const promptText = text ?? prompt ?? question ?? messages?.findLast(({ role }) => role === 'user')?.content
    if (promptText === undefined) {
      const message = messages ? 'has no user turn' : 'expected a text, or a prompt, question or messages instead'
      context.addIssue({ code: 'custom', path: [messages ? 'messages' : 'text'], message })
      return z.NEVER
    }
    const systemTurn = messages?.find(({ role }) => role === 'system')?.content
    return {
      text: promptText,
      category: category ?? undefined,
      system: system ?? systemTurn,
      raw: raw ?? undefined
    }
  })
  .pipe(SamplePrompt)

function readLines(_fileName: string, content: string): Entry[] {
  return filledLines(content).map(({ location, text }) => ({ location, value: text.trim() }))
}

function readJsonLines(fileName: string, content: string): Entry[] {
  return filledLines(content).map(({ location, text }) => {
    return { location, value: parseJson(text, `${fileName}, ${location}`, { notJson: 'bad-input' }) }
  })
}

function readJsonList(fileName: string, content: string): Entry[] {
  return jsonEntries(fileName, parseJson(content, fileName, { notJson: 'bad-input' }))
}

function jsonEntries(fileName: string, value: unknown): Entry[] {
  const list = z.array(z.unknown()).safeParse(value)
  if (list.success) return list.data.map((value, index) => ({ location: `entry ${index + 1}`, value }))
  const hint = 'Write [{"text": "Name a colour."}, ...], or one prompt per line in a .jsonl file.'
  refuseOtherKind(fileName, value, { name: 'a list of prompts', hint })
  throw inputError(`${fileName} is not a list of prompts.`, hint)
}

const TEXT_COLUMNS = ['text', 'prompt', 'question']
/** Columns of a table that are read; answers are for tasks. */
const CSV_COLUMNS = [...TEXT_COLUMNS, 'category', 'system', 'raw', 'answers', 'answer']

function readCsv(fileName: string, content: string): Entry[] {
  const [header, ...records] = parseCsv(fileName, content)
  if (header === undefined) return []
  const columns = header.fields.map((name) => name.trim().toLowerCase())
  requireColumns(fileName, header.line, columns)
  return records.map(({ line, fields }) => {
    const location = `line ${line}`
    if (fields.length !== columns.length) {
      throw inputError(
        `${fileName}, ${location} has ${fields.length} fields; the header has ${columns.length}.`,
        'A text that holds a comma, a quote or a line break stands in double quotes.'
      )
    }
    // An empty cell is a missing field, except for the prompt, which must not be empty.
    const cells = columns.flatMap((column, index) => {
      const cell = fields[index] ?? ''
      const isUsed = CSV_COLUMNS.includes(column) && (cell !== '' || TEXT_COLUMNS.includes(column))
      return isUsed ? [[column, column === 'raw' ? booleanCell(cell) : cell]] : []
    })
    return { location, value: Object.fromEntries(cells) }
  })
}

function requireColumns(fileName: string, line: number, columns: readonly string[]): void {
  const actual = `it has ${columns.map((column) => `"${column}"`).join(', ')}`
  const textColumns = columns.filter((column) => TEXT_COLUMNS.includes(column))
  if (textColumns.length !== 1) {
    throw inputError(
      `${fileName}, line ${line}: the header needs one column text, prompt or question; ${actual}.`,
      'The first line names the columns, separated by commas, such as text,category.'
    )
  }
  const twice = CSV_COLUMNS.find((column) => columns.indexOf(column) !== columns.lastIndexOf(column))
  if (twice !== undefined) {
    throw inputError(`${fileName}, line ${line}: the header names ${twice} twice.`)
  }
}

/** Reads true or false; any other text is returned unchanged, so that the schema refuses it. */
function booleanCell(cell: string): boolean | string {
  const word = cell.trim().toLowerCase()
  if (word === 'true') return true
  return word === 'false' ? false : cell
}

function filledLines(content: string): { location: string; text: string }[] {
  return content
    .split(/\r\n|\r|\n/)
    .map((text, index) => ({ location: `line ${index + 1}`, text }))
    .filter(({ text }) => text.trim() !== '')
}
