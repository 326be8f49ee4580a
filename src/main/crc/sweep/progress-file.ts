import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { z } from 'zod'
import type { PromptScore } from '../../../contract/documents/crc'
import { DeviceName, Precision } from '../../../contract/model/device'
import { fileError } from '../../../contract/model/problem'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { readBytes } from '../../base/files/bounded-file'
import { hasPlainFile } from '../../base/files/plain-paths'
import { type Scorer, scorerOf } from '../task/scorer'
import type { EarlierResults, ScoresByModel, SweepIdentity } from './earlier-results'
import type { KeyedSplit } from './keyed-split'
import { parseJson } from '../../base/files/bounded-json'

/*
 * The file of saved progress. Its first line identifies the sweep, and each further line has the probabilities of one
 * prompt. Every line begins with its SHA-256, so that damaged lines are recognised.
 */

/** Limit of a file of progress. 126 layers on 40 prompts need 60 MB, and Node builds no string above 500 MB. */
export const MAX_PROGRESS_BYTES = 400_000_000
const NEWLINE = 0x0a
/** Length of a SHA-256 in hexadecimal characters. */
const SHA256_LENGTH = 64

const Header = z.object({
  /** The kind and the ending `.checkpoint` are older than the word progress. */
  kind: z.literal('sweep-checkpoint'),
  schemaVersion: z.literal(1),
  programVersion: z.string(),
  /** Fingerprints of the checkpoints of the pair. */
  base: z.string(),
  post: z.string(),
  device: DeviceName,
  precision: Precision,
  models: z.array(z.string()).min(1),
  /** Groups of prompts that the sweep computes together, as prompt keys. */
  split: z.object({ groups: z.array(z.array(z.string())), rowBound: z.number() }).optional()
})
export type ProgressHeader = z.infer<typeof Header>

const Line = z.object({
  prompt: z.string(),
  /** Indices into the header's models; all models if omitted. */
  models: z.array(z.number().int().nonnegative()).min(1).optional(),
  /** Probabilities of the prompt's groups as [models][groups], little-endian float64 in base64. */
  probabilities: z.base64(),
  /** Scores under other samplers for each model; null for a baseline with its own sampler. */
  whatIf: z.array(z.base64().nullable()).optional()
})

/** Scores of a prompt that are written as one line. */
export interface PromptResults {
  promptKey: string
  scores: ScoresByModel
}

/** Builds the header of saved progress without its groups. The header also gives the file its name. */
export function headerOf(
  { programVersion, base, post, modelKeys }: SweepIdentity,
  { device, precision }: Pick<ProgressHeader, 'device' | 'precision'>
): ProgressHeader {
  return {
    kind: 'sweep-checkpoint',
    schemaVersion: 1,
    programVersion,
    base,
    post,
    device,
    precision,
    models: [...modelKeys]
  }
}

/** Writes the first line. */
export function headerLine(header: ProgressHeader, { groups, rowBound }: KeyedSplit): string {
  return checkedLine({ ...header, split: { groups, rowBound } })
}

export function promptLine({ promptKey, scores }: PromptResults, { models }: ProgressHeader, scorer: Scorer): string {
  const sorted = [...scores].sort(([a], [b]) => a - b)
  const columns = sorted.map(([column]) => column)
  const probabilities = Float64Array.from(sorted.flatMap(([, score]) => scorer.groupsOf(score)))
  const bytes = Buffer.from(probabilities.buffer)
  const whatIf = sorted.map(([, score]) => score.whatIf ?? null)
  // JSON omits undefined fields.
  return checkedLine({
    prompt: promptKey,
    models: columns.length < models.length ? columns : undefined,
    probabilities: bytes.toString('base64'),
    whatIf: whatIf.some((stored) => stored !== null) ? whatIf : undefined
  })
}

/** Writes content as a line with its SHA-256. */
function checkedLine(content: unknown): string {
  const json = JSON.stringify(content)
  return `${sha256(json)} ${json}\n`
}

/** Reports whether a file begins like saved progress. Other files are not replaced. */
export async function beginsAsProgress(file: string): Promise<boolean> {
  const bytes = await readBytes(file, MAX_PROGRESS_BYTES)
  return /^[0-9a-f]{64} \{"kind":"sweep-checkpoint"/.test(bytes.subarray(0, 2 * SHA256_LENGTH).toString('latin1'))
}

/** Results that a sweep finds in a file of saved progress. */
interface ProgressFileContent {
  /** Scores that the sweep can reuse; null if the progress belongs to another sweep or has other prompts. */
  results: EarlierResults | null
  damagedLines: number
  /** True if the file has results of another sweep. */
  hasOthers: boolean
}

/** Reads saved progress; null if there is no file. @throws WorkbenchError `bad-file` for a file of another kind */
export async function readProgressFile(file: string, identity: SweepIdentity): Promise<ProgressFileContent | null> {
  if (!(await hasPlainFile(file))) return null
  const [first, ...lines] = completeLines(await readBytes(file, MAX_PROGRESS_BYTES))
  const header = Header.safeParse(first === undefined ? undefined : contentOf(first))
  if (!header.success) {
    const isDamaged = await beginsAsProgress(file)
    throw fileError(
      `${file} should hold the progress of a sweep, but ${isDamaged ? 'is damaged' : 'is another file'}.`,
      `${isDamaged ? 'Start again with --fresh' : 'Remove it'}, ` +
        `or choose another output than ${basename(file, '.partial')}.`
    )
  }
  const { models, device, precision } = header.data
  const columnOf = new Map(models.map((key, column) => [key, column]))
  const isOfPair =
    header.data.programVersion === identity.programVersion &&
    header.data.base === identity.base &&
    header.data.post === identity.post
  if (!isOfPair || identity.modelKeys.some((key) => !columnOf.has(key)))
    return { results: null, damagedLines: 0, hasOthers: true }
  const columns = identity.modelKeys.map((key) => mapGet(columnOf, key, 'model'))

  const scorer = scorerOf(identity.scoredBy)
  const groupCounts = new Map(identity.prompts.map(({ key, validCount }) => [key, validCount + scorer.extraGroups]))
  const scores = new Map<string, Map<number, PromptScore>>()
  let damagedLines = 0
  let hasOthers = false
  for (const bytes of lines) {
    const parsed = Line.safeParse(contentOf(bytes))
    const lineModels = parsed.data?.models ?? [...models.keys()]
    const rows = parsed.success ? decodeRows(parsed.data.probabilities, lineModels.length) : null
    const groupCount = parsed.success ? groupCounts.get(parsed.data.prompt) : undefined
    if (!parsed.success || rows === null) damagedLines++
    else if (groupCount === undefined) hasOthers = true
    else if (rows[0]?.length !== groupCount) damagedLines++
    else {
      const promptScores = scores.get(parsed.data.prompt) ?? new Map<number, PromptScore>()
      const rowOf = new Map(lineModels.map((column, row) => [column, row]))
      for (const [model, column] of columns.entries()) {
        const row = rowOf.get(column)
        if (row === undefined) continue
        const whatIf = parsed.data.whatIf?.[row] ?? undefined
        promptScores.set(model, scorer.score(elementAt(rows, row, 'model'), whatIf))
      }
      scores.set(parsed.data.prompt, promptScores)
    }
  }
  const { split = null } = header.data
  return { results: scores.size === 0 ? null : { device, precision, scores, split }, damagedLines, hasOthers }
}

/** Splits a file into lines without line breaks. A last line without a line break was cut off and is omitted. */
function completeLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; ;) {
    const end = bytes.indexOf(NEWLINE, start)
    if (end === -1) return lines
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
}

/** Parses the content of a line; undefined if the line is damaged. */
function contentOf(bytes: Buffer): unknown {
  const json = bytes.subarray(SHA256_LENGTH + 1)
  if (bytes.subarray(0, SHA256_LENGTH).toString('latin1') !== sha256(json)) return undefined
  try {
    return parseJson(json.toString('utf8'), 'a line of saved progress')
  } catch {
    return undefined
  }
}

/** Decodes probabilities as [models][groups]; null if a value is not a probability. */
function decodeRows(base64: string, modelCount: number): number[][] | null {
  const bytes = Buffer.from(base64, 'base64')
  const groups = bytes.byteLength / Float64Array.BYTES_PER_ELEMENT / modelCount
  if (!Number.isInteger(groups) || groups < 1) return null
  const rows = Array.from({ length: modelCount }, (_, model) =>
    Array.from({ length: groups }, (_, group) =>
      bytes.readDoubleLE((model * groups + group) * Float64Array.BYTES_PER_ELEMENT)
    )
  )
  return rows.flat().every((p) => p >= 0 && p <= 1 + 1e-4) ? rows : null
}

export function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}
