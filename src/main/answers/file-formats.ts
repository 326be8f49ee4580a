import { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import { breather } from '../base/files/breather'
import { refuseDeepJson } from '../base/files/json-depth'

/** An answer as a file has it. */
export interface FileAnswer {
  /** Who gave it; null where the file does not say. */
  of: string | null
  /** What may be the text of its prompt, the likeliest first. */
  prompts: readonly string[]
  /** Its prompt's number from 0, where the file gives one. */
  promptIndex: number | null
  text: string
  finish: 'stop' | 'length'
  /** As the file has them; they may be another tokenizer's. */
  tokens: readonly number[] | null
}

/** What a file of answers holds. */
export interface AnswerFile {
  format: 'JSON lines' | 'lm-evaluation-harness samples' | 'Inspect log'
  answers: FileAnswer[]
}

/** Reads one record of a file. @param where for messages */
type RecordReader = (value: unknown, where: string) => FileAnswer[]

const FINISHED = z.enum(['stop', 'length']).catch('stop')
const Message = z.looseObject({ role: z.string(), content: z.unknown() })

const OwnLine = z.looseObject({
  prompt: z.union([z.string(), z.number().int().min(0)]).optional(),
  promptText: z.string().optional(),
  variant: z.string().optional(),
  model: z.string().optional(),
  text: z.string().optional(),
  answer: z.string().optional(),
  completion: z.string().optional(),
  response: z.string().optional(),
  answers: z.array(z.string()).optional(),
  generations: z.array(z.string()).optional(),
  finish: FINISHED.optional(),
  finish_reason: FINISHED.optional(),
  tokens: z.array(z.number().int().nonnegative()).optional()
})

/** An answer a line, or several: what `slr sample --out` writes, and what is easily written by hand. */
const ownLine: RecordReader = (value, where) => {
  const line = checked(OwnLine, value, where)
  const { prompt, promptText, tokens = null } = line
  const single = line.text ?? line.answer ?? line.completion ?? line.response
  const texts = line.answers ?? line.generations ?? (single === undefined ? null : [single])
  if (texts === null)
    throw wrong(where, 'expected the answer as text, answer, completion or response, or several as answers')
  if (prompt === undefined && promptText === undefined)
    throw wrong(where, 'expected the prompt as prompt (its text, or its number from 0) or promptText')
  return texts.map((text) => ({
    of: line.variant ?? line.model ?? null,
    prompts: [promptText, typeof prompt === 'string' ? prompt : undefined].filter(
      (known) => known !== undefined
    ),
    promptIndex: typeof prompt === 'number' ? prompt : null,
    text,
    finish: line.finish ?? line.finish_reason ?? 'stop',
    tokens: texts.length === 1 ? tokens : null
  }))
}

const HarnessLine = z.looseObject({
  doc_id: z.number(),
  doc: z.unknown(),
  arguments: z.unknown(),
  resps: z.array(z.unknown()),
  filter: z.string().optional()
})

/** Fields of a task's document that hold the question in the tasks of the harness. */
const QUESTION_FIELDS = ['question', 'prompt', 'text', 'input', 'query', 'problem', 'instruction']

/**
 * A line of lm-evaluation-harness `--log_samples`: a document with all its answers (`resps`, one list for each request), before filters. A
 * task with several filters has each document once for each: the first filter's lines count.
 */
function harnessReader(): RecordReader {
  let filter: string | undefined
  let isFirst = true
  return (value, where) => {
    const line = checked(HarnessLine, value, where)
    if (isFirst) filter = line.filter
    isFirst = false
    if (line.filter !== filter) return []
    const prompts = [...fieldTexts(line.doc), ...argumentTexts(line.arguments)]
    return line.resps.flat().map((answer) => {
      if (typeof answer !== 'string') {
        throw wrong(where, 'resps: expected texts; the task asks for likelihoods, and has no answers to read')
      }
      return { of: null, prompts, promptIndex: null, text: answer, finish: 'stop' as const, tokens: null }
    })
  }
}

function fieldTexts(doc: unknown): string[] {
  const fields = z.record(z.string(), z.unknown()).safeParse(doc)
  if (!fields.success) return typeof doc === 'string' ? [doc] : []
  return QUESTION_FIELDS.flatMap((field) => {
    const value = fields.data[field]
    return typeof value === 'string' ? [value] : []
  })
}

/** What the model was given: a text, or turns as JSON, of which the user's last counts as well. */
function argumentTexts(given: unknown): string[] {
  if (typeof given === 'string') return [given, ...turnTexts(parsed(given))]
  if (Array.isArray(given)) return given.flatMap((each) => argumentTexts(each))
  if (typeof given !== 'object' || given === null) return []
  return Object.entries(given).flatMap(([name, value]) =>
    /^(?:gen_args_\d+|arg_0)$/.test(name) ? argumentTexts(value) : []
  )
}

function turnTexts(value: unknown): string[] {
  const turns = z.array(Message).safeParse(value)
  const last = turns.success ? turns.data.findLast(({ role }) => role === 'user') : undefined
  return last === undefined ? [] : [contentText(last.content)]
}

/** Inspect and OpenAI write a content as a text, or as a list of parts. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  const parts = z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).safeParse(content)
  if (!parts.success) return ''
  return parts.data
    .flatMap(({ type, text }) => (type === 'text' && text !== undefined ? [text] : []))
    .join('')
}

const InspectLog = z.looseObject({
  eval: z.looseObject({ model: z.string().optional() }),
  samples: z.array(z.unknown())
})
const InspectSample = z.looseObject({
  input: z.union([z.string(), z.array(Message)]),
  output: z.looseObject({
    model: z.string().optional(),
    choices: z
      .array(
        z.looseObject({
          message: z.looseObject({ content: z.unknown() }),
          stop_reason: z.string().optional()
        })
      )
      .default([])
  })
})

/** What Inspect calls it when an answer was cut off, now and in older logs. */
const CUT_OFF = ['max_tokens', 'model_length', 'length']

/** Every choice of every sample and epoch of an Inspect log; samples that ended in an error have none. */
function inspectAnswers(log: z.infer<typeof InspectLog>, file: string): FileAnswer[] {
  return log.samples.flatMap((value, place) => {
    const { input, output } = checked(InspectSample, value, `${file}, sample ${place + 1}`)
    const prompts = typeof input === 'string' ? [input] : turnTexts(input)
    return output.choices.map(({ message, stop_reason }) => ({
      of: output.model ?? log.eval.model ?? null,
      prompts,
      promptIndex: null,
      text: contentText(message.content),
      finish: CUT_OFF.includes(stop_reason ?? '') ? ('length' as const) : ('stop' as const),
      tokens: null
    }))
  })
}

/**
 * Reads a file of answers, by what it holds.
 *
 * @param file its name, for messages
 * @throws WorkbenchError `bad-input` naming line or sample, and field
 */
export async function readAnswerFile(file: string, content: string): Promise<AnswerFile> {
  const text = content.replace(/^\uFEFF/, '')
  const log = inspectLog(text, file)
  if (log !== null) return { format: 'Inspect log', answers: filled(inspectAnswers(log, file), file) }
  const breathe = breather()
  const answers: FileAnswer[] = []
  let format: AnswerFile['format'] = 'JSON lines'
  let read: RecordReader | null = null
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    await breathe()
    const where = `${file}, line ${index + 1}`
    refuseDeepJson(line, where)
    const value = lineValue(line, where)
    if (read === null && HarnessLine.safeParse(value).success) format = 'lm-evaluation-harness samples'
    read ??= format === 'JSON lines' ? ownLine : harnessReader()
    answers.push(...read(value, where))
  }
  return { format, answers: filled(answers, file) }
}

/** Null for lines of JSON: a log is one object, nearly always over many lines. */
function inspectLog(text: string, file: string): z.infer<typeof InspectLog> | null {
  const first = text.trimStart().split('\n', 1)[0] ?? ''
  const isManyLines = first !== '' && parsed(first) === undefined
  if (!isManyLines && !first.includes('"samples"')) return null
  refuseDeepJson(text, file)
  const log = InspectLog.safeParse(parsed(text))
  if (log.success) return log.data
  if (!isManyLines) return null
  throw new WorkbenchError('bad-input', `${file} is no file of answers.`, EXPECTED)
}

const EXPECTED =
  'Expected JSON lines with prompt and text, samples of lm-evaluation-harness, or an Inspect log as JSON (inspect log convert --to json).'

function filled(answers: FileAnswer[], file: string): FileAnswer[] {
  if (answers.length > 0) return answers
  throw new WorkbenchError('bad-input', `${file} holds no answer.`, EXPECTED)
}

function lineValue(line: string, where: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw wrong(where, `is not JSON: ${errorMessage(error)}`)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function checked<Value>(schema: z.ZodType<Value>, value: unknown, where: string): Value {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw wrong(where, describeIssue(result.error))
}

const wrong = (where: string, what: string): WorkbenchError =>
  new WorkbenchError('bad-input', `${where}: ${what}.`)
