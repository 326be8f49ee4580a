import { z } from 'zod'
import { AnswerFinish, FILTERED_REASON } from '../../contract/documents/samples'
import { inputError, requireValid, type WorkbenchError } from '../../contract/model/problem'
import { parseIfJson, parseJson } from '../base/files/bounded-json'

/** One answer from a file of another program. */
export interface FileAnswer {
  /** Model that answered; null if the file does not contain it. */
  of: string | null
  /** Texts that may be the prompt of the answer, the likeliest first. */
  prompts: readonly string[]
  /** Number of the prompt in the run, counted from 0; null if the file does not contain it. */
  promptIndex: number | null
  text: string
  finish: AnswerFinish
  /** Tokens from the file, which may be another tokenizer's. */
  tokens: readonly number[] | null
}

type AnswerFormat = 'JSON lines' | 'lm-evaluation-harness samples' | 'Inspect log'

/** Reads the answers of one record of a file. @param where position of the record in errors */
type RecordReader = (value: unknown, where: string) => FileAnswer[]

/** Unknown reasons are those of a whole answer, as in logs without reasons. */
const Finish = z.preprocess(
  (reason) => (reason === FILTERED_REASON ? AnswerFinish.enum.refused : reason),
  AnswerFinish.catch('stop')
)
const Message = z.looseObject({ role: z.string(), content: z.unknown() })

/** A line of JSON, with several usual names for the answer and its model. */
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
  finish: Finish.optional(),
  finish_reason: Finish.optional(),
  tokens: z.array(z.number().int().nonnegative()).optional()
})

/** Reads one or several answers from a line, in the format of `slr sample --out` or written by hand. */
const readOwnLine: RecordReader = (value, where) => {
  const record = parseRecord(OwnLine, value, where)
  const { prompt, promptText } = record
  const single = record.text ?? record.answer ?? record.completion ?? record.response
  const texts = record.answers ?? record.generations ?? (single === undefined ? null : [single])
  if (texts === null)
    throw recordError(where, 'expected the answer as text, answer, completion or response, or several as answers')
  if (prompt === undefined && promptText === undefined)
    throw recordError(where, 'expected the prompt as prompt (its text, or its number from 0) or promptText')
  const prompts = [promptText, prompt].filter((text) => typeof text === 'string')
  return texts.map((text) => ({
    of: record.variant ?? record.model ?? null,
    prompts,
    promptIndex: typeof prompt === 'number' ? prompt : null,
    text,
    finish: record.finish ?? record.finish_reason ?? 'stop',
    tokens: texts.length === 1 ? (record.tokens ?? null) : null
  }))
}

const HarnessLine = z.looseObject({
  doc_id: z.number(),
  doc: z.unknown(),
  arguments: z.unknown(),
  resps: z.array(z.unknown()),
  filter: z.string().optional()
})

/** Fields that contain the question in tasks of lm-evaluation-harness. */
const QUESTION_FIELDS = ['question', 'prompt', 'text', 'input', 'query', 'problem', 'instruction']

/**
 * Creates a reader for lines of lm-evaluation-harness `--log_samples`. The file has the same unfiltered answers once
 * for each filter. Only lines with the filter of the first line are read.
 */
function harnessReader(): RecordReader {
  let filter: string | undefined
  let isFirst = true
  return (value, where) => {
    const record = parseRecord(HarnessLine, value, where)
    if (isFirst) filter = record.filter
    isFirst = false
    if (record.filter !== filter) return []
    const prompts = [...fieldTexts(record.doc), ...argumentTexts(record.arguments)]
    return record.resps.flat().map((answer) => {
      if (typeof answer !== 'string') {
        throw recordError(where, 'resps: expected texts; the task asks for likelihoods, and has no answers to read')
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

/** Collects the text that the model was given, and the last user turn if this text is a chat in JSON. */
function argumentTexts(input: unknown): string[] {
  if (typeof input === 'string') return [input, ...turnTexts(parseIfJson(input, 'The arguments'))]
  if (Array.isArray(input)) return input.flatMap((each) => argumentTexts(each))
  if (typeof input !== 'object' || input === null) return []
  return Object.entries(input).flatMap(([name, value]) =>
    /^(?:gen_args_\d+|arg_0)$/.test(name) ? argumentTexts(value) : []
  )
}

/** Returns the text of the last user turn of a chat; empty for other values. */
function turnTexts(value: unknown): string[] {
  const turns = z.array(Message).safeParse(value)
  const last = turns.success ? turns.data.findLast(({ role }) => role === 'user') : undefined
  return last === undefined ? [] : [contentText(last.content)]
}

/** Returns the text of a message of Inspect or OpenAI, whose content is a text or a list of parts. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  const parts = z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).safeParse(content)
  if (!parts.success) return ''
  return parts.data.flatMap(({ type, text }) => (type === 'text' && text !== undefined ? [text] : [])).join('')
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

/** Values of Inspect for an answer that was cut off, now and in older logs. */
const CUT_OFF = ['max_tokens', 'model_length', 'length']

/** Most answers in a file, more than a run can use. */
const MAX_ANSWERS = 1_000_000
const MAX_NAMES = 1_000
/** Most values in a line; an answer of 100,000 tokens has as many. */
const MAX_LINE_VALUES = 500_000
/** Most object members in a line. */
const MAX_LINE_NAMES = 50_000

export const EXPECTED_ANSWERS =
  'Expected JSON lines with prompt and text, samples of lm-evaluation-harness, or an Inspect log as JSON ' +
  '(inspect log convert --to json).'

/** Parses a line. @throws WorkbenchError `bad-file` if it contains too much, `bad-input` if it is not JSON */
const lineValue = (line: string, where: string): unknown =>
  parseJson(line, where, { names: MAX_LINE_NAMES, values: MAX_LINE_VALUES, notJson: 'bad-input' })

/** Reads answers line by line; the first line determines the format. */
export class AnswerLines {
  format: AnswerFormat = 'JSON lines'
  private reader: RecordReader | null = null

  /** Reads a line. @throws WorkbenchError `bad-input` naming line and field; `bad-file` for too much content */
  read(line: string, where: string): FileAnswer[] {
    const value = lineValue(line, where)
    if (this.reader === null && HarnessLine.safeParse(value).success) {
      this.format = 'lm-evaluation-harness samples'
    }
    this.reader ??= this.format === 'JSON lines' ? readOwnLine : harnessReader()
    return this.reader(value, where)
  }
}

/** Reports whether a file is a log of Inspect, which is one JSON object. @param first line; null if it is too long */
export function isLogStart(first: string | null): boolean {
  if (first === null) return true
  const bounds = { names: MAX_LINE_NAMES, values: MAX_LINE_VALUES }
  const value = parseIfJson(first, 'The first line', bounds)
  return (value === undefined && first !== '') || InspectLog.safeParse(value).success
}

/** A sample of an Inspect log as a line of JSON: the possible texts of its prompt, and all its answers. */
const LogSample = z.object({
  of: z.string().nullable(),
  prompts: z.array(z.string()),
  choices: z.array(z.tuple([z.string(), AnswerFinish]))
})

/** Converts the samples of an Inspect log to lines of JSON. @throws WorkbenchError `bad-input` naming the field */
export function logLines(value: unknown, file: string): string[] {
  const log = InspectLog.safeParse(value)
  if (!log.success) throw inputError(`${file} is no file of answers.`, EXPECTED_ANSWERS)
  return log.data.samples.map((sample, index) => {
    const { input, output } = parseRecord(InspectSample, sample, `${file}, sample ${index + 1}`)
    const sampleLine: z.infer<typeof LogSample> = {
      of: output.model ?? log.data.eval.model ?? null,
      prompts: typeof input === 'string' ? [input] : turnTexts(input),
      choices: output.choices.map(({ message, stop_reason }) => [
        contentText(message.content),
        CUT_OFF.includes(stop_reason ?? '') ? 'length' : Finish.parse(stop_reason)
      ])
    }
    return JSON.stringify(sampleLine)
  })
}

/** Reads the answers in a line of {@link logLines}. */
export function logLineAnswers(line: string, where: string): FileAnswer[] {
  const { of, prompts, choices } = LogSample.parse(lineValue(line, where))
  return choices.map(([text, finish]) => ({ of, prompts, promptIndex: null, text, finish, tokens: null }))
}

/** Counts answers by model, and refuses a file with more than any run uses. */
export class AnswerCounts {
  private readonly counts = new Map<string | null, number>()
  private total = 0

  constructor(private readonly file: string) {}

  add({ of }: FileAnswer): void {
    this.total += 1
    this.counts.set(of, (this.counts.get(of) ?? 0) + 1)
    if (this.total > MAX_ANSWERS) throw this.tooMany(`more than ${MAX_ANSWERS} answers`)
    if (this.counts.size > MAX_NAMES) throw this.tooMany(`answers of more than ${MAX_NAMES} models`)
  }

  all(): { of: string | null; answers: number }[] {
    if (this.total === 0) throw inputError(`${this.file} holds no answer.`, EXPECTED_ANSWERS)
    return [...this.counts].map(([of, answers]) => ({ of, answers }))
  }

  private tooMany(what: string): WorkbenchError {
    const hint = 'Split it, and add each part as a variant.'
    return inputError(`${this.file} holds ${what}.`, hint)
  }
}

function parseRecord<Value>(schema: z.ZodType<Value>, value: unknown, where: string): Value {
  return requireValid(schema.safeParse(value), (issue) => recordError(where, issue))
}

const recordError = (where: string, what: string): WorkbenchError => inputError(`${where}: ${what}.`)
