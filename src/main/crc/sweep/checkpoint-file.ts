import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { z } from 'zod'
import type { PromptScore } from '../../../contract/documents/crc'
import { DeviceName, Precision } from '../../../contract/model/device'
import { WorkbenchError } from '../../../contract/model/problem'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { readBytes } from '../../base/files/bounded-file'
import { hasPlainFile } from '../../base/files/plain-paths'
import { type Scorer, scorerOf } from '../task/scorer'
import type { EarlierResults, KeyedSplit, ScoresByModel, SweepIdentity } from './earlier-results'
import { parseJson } from '../../base/files/bounded-json'

/*
 * A checkpoint holds what an unfinished sweep has computed: a line that says of which sweep, then lines of a prompt and some
 * models each, with the probabilities of those. Every line begins with the sha256 of the rest of it: what a power cut left
 * half-written, or a disk has damaged, does not count.
 */

/** 8,001 ranges (126 layers) over 40 prompts of 18 characters take some 60 MB. Text of more than 500 MB cannot be joined. */
export const MAX_CHECKPOINT_BYTES = 400_000_000
const NEWLINE = 0x0a
const SHA256_LENGTH = 64

const Header = z.object({
  kind: z.literal('sweep-checkpoint'),
  schemaVersion: z.literal(1),
  programVersion: z.string(),
  /** Fingerprints. */
  base: z.string(),
  post: z.string(),
  device: DeviceName,
  precision: Precision,
  /** Keys of the models, to whose order lines refer. */
  models: z.array(z.string()).min(1),
  /** How the sweep split its prompts, whose keys these are. */
  split: z.object({ groups: z.array(z.array(z.string())), rowBound: z.number() }).optional()
})
export type CheckpointHeader = z.infer<typeof Header>

const Line = z.object({
  prompt: z.string(),
  /** Indices into the header's models; left out: all. */
  models: z.array(z.number().int().nonnegative()).min(1).optional(),
  /** Of the prompt's groups, [models][groups], as little-endian float64 in base64. */
  probabilities: z.base64(),
  /** Of each model, as its score keeps it, null of a rival that has a sampler of its own; left out where none are asked about. */
  whatIf: z.array(z.base64().nullable()).optional()
})

/** Scores of some models on one prompt. */
export interface PromptResults {
  promptKey: string
  scores: ScoresByModel
}

/** What a file of this sweep begins with; also names it, whatever prompts it splits how. */
export function headerOf(
  { programVersion, base, post, modelKeys }: SweepIdentity,
  { device, precision }: Pick<CheckpointHeader, 'device' | 'precision'>
): CheckpointHeader {
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

export function headerLine(header: CheckpointHeader, { groups, rowBound }: KeyedSplit): string {
  return line({ ...header, split: { groups, rowBound } })
}

export function promptLine(
  { promptKey, scores }: PromptResults,
  { models }: CheckpointHeader,
  scorer: Scorer
): string {
  const known = [...scores].sort(([a], [b]) => a - b)
  const columns = known.map(([column]) => column)
  const probabilities = Float64Array.from(known.flatMap(([, score]) => scorer.groupsOf(score)))
  const bytes = Buffer.from(probabilities.buffer)
  const whatIf = known.map(([, score]) => score.whatIf ?? null)
  return line({
    prompt: promptKey,
    ...(columns.length < models.length && { models: columns }),
    probabilities: bytes.toString('base64'),
    ...(whatIf.some((kept) => kept !== null) && { whatIf })
  })
}

function line(content: unknown): string {
  const json = JSON.stringify(content)
  return `${sha256(json)} ${json}\n`
}

/** Whether a file begins as checkpoints do, however damaged the rest of it is: then it is no file of anyone else's. */
export async function wasCheckpoint(file: string): Promise<boolean> {
  const bytes = await readBytes(file, MAX_CHECKPOINT_BYTES)
  return /^[0-9a-f]{64} \{"kind":"sweep-checkpoint"/.test(
    bytes.subarray(0, 2 * SHA256_LENGTH).toString('latin1')
  )
}

export interface ReadCheckpoint {
  /** Null when it is of another sweep, or none of its prompts are of this one. */
  results: EarlierResults | null
  damagedLines: number
  /** Whether it holds prompts of other sweeps too. */
  hasOthers: boolean
}

/** Null when there is no such file. @throws WorkbenchError `bad-file` when it is no checkpoint */
export async function readCheckpoint(file: string, identity: SweepIdentity): Promise<ReadCheckpoint | null> {
  if (!(await hasPlainFile(file))) return null
  const [first, ...rest] = completeLines(await readBytes(file, MAX_CHECKPOINT_BYTES))
  const header = Header.safeParse(first === undefined ? undefined : contentOf(first))
  if (!header.success) {
    const isDamaged = await wasCheckpoint(file)
    throw new WorkbenchError(
      'bad-file',
      `${file} is in the place of a sweep's checkpoint and ${isDamaged ? 'is damaged' : 'is none'}.`,
      `${isDamaged ? 'Begin anew with --fresh' : 'Remove it'}, or choose another output than ${basename(file, '.partial')}.`
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
  const groupCounts = new Map(
    identity.prompts.map(({ key, validCount }) => [key, validCount + scorer.extraGroups])
  )
  const scores = new Map<string, Map<number, PromptScore>>()
  let damagedLines = 0
  let hasOthers = false
  for (const bytes of rest) {
    const parsed = Line.safeParse(contentOf(bytes))
    const ofLine = parsed.data?.models ?? [...models.keys()]
    const rows = parsed.success ? decodeRows(parsed.data.probabilities, ofLine.length) : null
    const groupCount = parsed.success ? groupCounts.get(parsed.data.prompt) : undefined
    if (!parsed.success || rows === null) damagedLines++
    else if (groupCount === undefined) hasOthers = true
    else if (rows[0]?.length !== groupCount) damagedLines++
    else {
      const known = scores.get(parsed.data.prompt) ?? new Map<number, PromptScore>()
      const rowOf = new Map(ofLine.map((column, row) => [column, row]))
      for (const [model, column] of columns.entries()) {
        const row = rowOf.get(column)
        if (row === undefined) continue
        const whatIf = parsed.data.whatIf?.[row] ?? undefined
        known.set(model, scorer.score(elementAt(rows, row, 'model'), whatIf))
      }
      scores.set(parsed.data.prompt, known)
    }
  }
  const { split = null } = header.data
  return {
    results: scores.size === 0 ? null : { device, precision, scores, split },
    damagedLines,
    hasOthers
  }
}

/** The lines of a file without their line breaks; a last one that has none was cut off and is left out. */
function completeLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; ;) {
    const end = bytes.indexOf(NEWLINE, start)
    if (end === -1) return lines
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
}

/** What a line holds; undefined when it is damaged. */
function contentOf(bytes: Buffer): unknown {
  const json = bytes.subarray(SHA256_LENGTH + 1)
  if (bytes.subarray(0, SHA256_LENGTH).toString('latin1') !== sha256(json)) return undefined
  try {
    return parseJson(json.toString('utf8'), 'a line of a checkpoint')
  } catch {
    return undefined
  }
}

/** Probabilities of every model; null when they are none. */
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
