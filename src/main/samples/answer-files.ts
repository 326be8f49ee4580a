import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import type { SampleSettings } from '../../contract/documents/samples'
import type { AnswerFileFacts, ExternalModel } from '../../contract/model/external-model'
import { inputError, mismatchError } from '../../contract/model/problem'
import { plural } from '../../contract/words/format'
import {
  AnswerCounts,
  AnswerLines,
  EXPECTED_ANSWERS,
  type FileAnswer,
  isLogStart,
  logLineAnswers
} from '../answers/file-formats'
import { withHint, readProblem } from '../base/files/bounded-file'
import { yieldEvery20ms } from '../base/files/yield-every-20ms'
import { linesOfFile, MAX_LINE_BYTES } from '../base/files/line-file'
import { requireNamedHost } from '../base/files/network-path'
import { regularFilePieces } from '../base/files/regular-file'
import { askSandbox } from '../sandbox/host'
import { promptName } from '../text/prompt-name'
import { multimap } from '../../contract/model/multimap'

/** Limit of a file, as for a run's own answers. */
const MAX_FILE_BYTES = 256_000_000

type FileModel = Extract<ExternalModel, { kind: 'file' }>

/**
 * Reads the answers of a file one by one, in pieces. A log of Inspect is one JSON value and is read in the sandbox.
 *
 * @param visit called with each answer, in order
 */
export async function eachAnswer(path: string, visit: (answer: FileAnswer) => void): Promise<AnswerFileFacts> {
  if (extname(path).toLowerCase() === '.eval') {
    throw inputError(
      `${path} is an Inspect log in its packed form.`,
      `Write it as JSON first: inspect log convert --to json --output-dir . ${path}`
    )
  }
  await requireNamedHost(path)
  const counts = new AnswerCounts(path)
  const visitAndCount = (answer: FileAnswer): void => {
    counts.add(answer)
    visit(answer)
  }
  const facts = isLogStart(await firstLine(path))
    ? await eachOfLog(path, visitAndCount)
    : await eachOfLines(path, visitAndCount)
  return { ...facts, by: counts.all() }
}

/** Reads the first line that is not blank; null if the line is too long. */
async function firstLine(path: string): Promise<string | null> {
  let buffered = Buffer.alloc(0)
  try {
    for await (const piece of regularFilePieces(path, MAX_FILE_BYTES)) {
      buffered = Buffer.concat([buffered, piece])
      const [line = '', next] = buffered
        .toString('utf8')
        .replace(/^\uFEFF/, '')
        .trimStart()
        .split('\n', 2)
      if (next !== undefined) return line
      if (buffered.byteLength > MAX_LINE_BYTES) return null
    }
  } catch (error) {
    throw readProblem(path, error)
  }
  return buffered
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trim()
}

async function eachOfLines(
  path: string,
  visit: (answer: FileAnswer) => void
): Promise<Pick<AnswerFileFacts, 'format' | 'fingerprint'>> {
  const hash = createHash('sha256')
  const lines = new AnswerLines()
  for await (const { text, where } of linesOfFile(path, MAX_FILE_BYTES, (piece) => hash.update(piece))) {
    const line = text.replace(/^\uFEFF/, '')
    if (line.trim() !== '') for (const answer of lines.read(line, where)) visit(answer)
  }
  return { format: lines.format, fingerprint: hash.digest('hex') }
}

async function eachOfLog(
  path: string,
  visit: (answer: FileAnswer) => void
): Promise<Pick<AnswerFileFacts, 'format' | 'fingerprint'>> {
  const request = { kind: 'answer-log', file: path } as const
  const reply = await withHint(EXPECTED_ANSWERS, () => askSandbox(request, 'answer-log'))
  const yieldTurn = yieldEvery20ms()
  const bytes = Buffer.from(reply.lines.buffer, reply.lines.byteOffset, reply.lines.byteLength)
  let start = 0
  for (let sample = 1; start < bytes.byteLength; sample++) {
    await yieldTurn()
    const end = bytes.indexOf('\n', start)
    for (const answer of logLineAnswers(bytes.toString('utf8', start, end), `${path}, sample ${sample}`)) visit(answer)
    start = end + 1
  }
  return { format: 'Inspect log', fingerprint: reply.fingerprint }
}

/** Lists the models whose answers a file contains. */
export const readAnswerFacts = (path: string): Promise<AnswerFileFacts> => eachAnswer(path, () => undefined)

/** Builds a variant from a file of answers. If the file has answers of several models, `name` selects one. */
export async function answerFileModel(name: string, path: string): Promise<FileModel> {
  const { fingerprint, by } = await readAnswerFacts(path)
  const model: FileModel = { kind: 'file', name, path, fingerprint }
  if (by.length === 1) return model
  if (by.some(({ of }) => of === name)) return { ...model, of: name }
  const models = by.map(({ of }) => (of === null ? 'one without a name' : `"${of}"`)).join(', ')
  throw inputError(`${path} holds answers of ${models}.`, 'Name the variant as the one whose answers are to be taken.')
}

/** A prompt of a run, with the texts that a file may use for it. */
export interface NamedPrompt {
  text: string
  /** The task's prompt without the variant's additions, and the text that the models see. */
  otherTexts: readonly string[]
}

/** Assigns answers of a file to prompts in order, as many as the run requires. @returns the answers of each prompt */
export async function answersFromFile(
  model: FileModel,
  prompts: readonly NamedPrompt[],
  { sampleCount }: Pick<SampleSettings, 'sampleCount'>
): Promise<{ format: string; by: (string | null)[]; answers: FileAnswer[][] }> {
  const matcher = new PromptMatcher(prompts, sampleCount)
  const file = await eachAnswer(model.path, (answer) => {
    if (model.of === undefined || answer.of === model.of) matcher.add(answer)
  })
  if (file.fingerprint !== model.fingerprint) {
    throw mismatchError(
      `${model.path} is not the file that the variant "${model.name}" was made from.`,
      'Put that file back, or create the variant again.'
    )
  }
  const { answers } = matcher
  const short = answers.findIndex(({ length }) => length < sampleCount)
  const prompt = prompts[short]
  if (prompt !== undefined) {
    const count = answers[short]?.length ?? 0
    throw inputError(
      `${promptName(prompt, short)} has ${count === 0 ? 'no answer' : plural(count, 'answer')} in ${model.path}; ` +
        `the run asks for ${sampleCount} to each prompt.`,
      count === 0
        ? 'Answers are matched by the text of their prompt: is it of the same prompts?'
        : 'Ask for fewer answers, so that all variants have as many.'
    )
  }
  return { format: file.format, by: file.by.map(({ of }) => of), answers }
}

/** Collects the answers of a file by prompt. */
class PromptMatcher {
  /** The answers of each prompt, at most as many as the run requires. */
  readonly answers: FileAnswer[][]
  private readonly promptsByText: ReadonlyMap<string, readonly number[]>

  constructor(
    prompts: readonly NamedPrompt[],
    private readonly sampleCount: number
  ) {
    this.answers = prompts.map(() => [])
    this.promptsByText = multimap(
      prompts.flatMap(({ text, otherTexts }, index) =>
        [...new Set([text, ...otherTexts].map((each) => each.trim()))].map((promptText) => [promptText, index] as const)
      )
    )
  }

  /** Adds an answer to the first of its prompts that still lacks answers. */
  add(answer: FileAnswer): void {
    const lists = promptsOf(answer, this.promptsByText, this.answers.length).map((index) => this.answers[index])
    const incomplete = lists.find((list) => list !== undefined && list.length < this.sampleCount)
    incomplete?.push(answer)
  }
}

/** Lists the indices of the prompts that an answer may belong to: prompts with its text, or the numbered prompt. */
function promptsOf(
  { prompts, promptIndex }: FileAnswer,
  promptsByText: ReadonlyMap<string, readonly number[]>,
  promptCount: number
): readonly number[] {
  for (const text of prompts) {
    const indices = promptsByText.get(text.trim())
    if (indices !== undefined) return indices
  }
  return promptIndex !== null && prompts.length === 0 && promptIndex < promptCount ? [promptIndex] : []
}
