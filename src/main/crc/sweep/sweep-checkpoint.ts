import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import type { PromptScore } from '../../../contract/documents/crc'
import { DeviceName, Precision } from '../../../contract/model/device'
import { WorkbenchError } from '../../../contract/model/problem'
import { errorMessage, readBytes } from '../../base/files/bounded-file'
import { writeFileAtomic, writeProblem } from '../../base/files/atomic-file'
import { hasPlainFile } from '../../base/files/plain-paths'
import type { ComputedIn, EarlierResults, SweepIdentity } from './earlier-results'
import { type Scorer, scorerOf } from '../task/scorer'
import { at } from '../../base/look-up'

/*
 * A checkpoint holds what an unfinished sweep has computed: a line that says of which sweep, then a line for each prompt
 * of a finished group, with the probabilities of all models. Every line begins with the sha256 of the rest of it: what a
 * power cut left half-written, or a disk has damaged, does not count.
 */

/** 8,001 ranges (126 layers) over 40 prompts of 18 characters take some 60 MB. Text of more than 500 MB cannot be joined. */
const MAX_CHECKPOINT_BYTES = 400_000_000
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
  /** Keys of the models, in the order of every line's probabilities. */
  models: z.array(z.string()).min(1)
})
type Header = z.infer<typeof Header>

/** Probabilities of a prompt's groups, [models][groups], as little-endian float64 in base64. */
const Line = z.object({ prompt: z.string(), probabilities: z.base64() })

/** Where checkpoints lie. */
export interface CheckpointPlace {
  /** Whether files that are no checkpoints may be replaced; elsewhere they may be anyone's. */
  readonly owned: boolean
  /** Files that may be checkpoints. @throws WorkbenchError when they cannot be listed */
  list(): Promise<string[]>
  /** The file for a sweep of this name, with room made for it. @throws WorkbenchError `read-only`, `bad-file` */
  fileFor(name: string): Promise<string>
}

/** The one checkpoint of a sweep whose result is to be written to `file`: beside it, with `.partial` at its end. */
export function checkpointBeside(file: string): CheckpointPlace {
  const partial = `${file}.partial`
  return { owned: false, list: async () => [partial], fileFor: async () => partial }
}

/** The scores of all models on one prompt, in the order of the identity's models. */
export interface PromptResults {
  promptKey: string
  scores: readonly PromptScore[]
}

/** The file a checkpoint is being written to. */
interface OpenFile {
  name: string
  path: string
  handle: FileHandle
  bytes: number
  scorer: Scorer
}

/** Keeps what a sweep has computed, so that a later one need not compute it again when this one does not get to its end. */
export class SweepCheckpoint {
  private found: EarlierResults[] = []
  /** Files of this sweep alone, which are of no use once it is finished. */
  private readonly files = new Set<string>()
  private content: {
    header: Header
    carried: readonly PromptResults[]
    name: string
    scorer: Scorer
  } | null = null
  private file: OpenFile | null = null
  private path: string | null = null
  private readonly keptKeys = new Set<string>()
  private promptCount = 0

  constructor(private readonly place: CheckpointPlace) {}

  /** What a later sweep will find: of how many prompts, and where. Null when nothing is kept. */
  get kept(): { path: string; prompts: number; of: number } | null {
    const { path, keptKeys, promptCount } = this
    return path === null || keptKeys.size === 0 ? null : { path, prompts: keptKeys.size, of: promptCount }
  }

  /**
   * What is kept of a sweep, and remarks on what could not be used.
   *
   * @throws WorkbenchError `bad-file` when a file is in the way that is no checkpoint
   */
  async find(identity: SweepIdentity): Promise<{ results: EarlierResults[]; notices: string[] }> {
    const notices: string[] = []
    this.found = []
    this.promptCount = identity.prompts.length
    for (const file of await this.place.list()) {
      try {
        const read = await readCheckpoint(file, identity)
        if (read === null) continue
        if (read.damagedLines > 0) {
          notices.push(
            `${file}: ${read.damagedLines} damaged lines were left out; their prompts are computed again.`
          )
        }
        if (read.results !== null) {
          this.found.push(read.results)
          this.path = file
          for (const key of read.results.scores.keys()) this.keptKeys.add(key)
          if (!read.hasOthers) this.files.add(file)
        } else if (!this.place.owned) {
          notices.push(`${file} is of another sweep; it will be replaced by what this one computes.`)
        }
      } catch (error) {
        if (!this.place.owned) throw error
        notices.push(`A checkpoint was left out. ${errorMessage(error)}`)
      }
    }
    return { results: [...this.found], notices }
  }

  /**
   * Says what will be kept. Nothing is written before there is something to keep.
   *
   * @param resumes whether what was found is a part of this sweep; otherwise the sweep begins anew
   */
  begin(identity: SweepIdentity, { device, precision }: ComputedIn, resumes: boolean): void {
    const { programVersion, base, post, modelKeys: models } = identity
    const header: Header = {
      kind: 'sweep-checkpoint',
      schemaVersion: 1,
      programVersion,
      base,
      post,
      device,
      precision,
      models: [...models]
    }
    const useful = this.found.filter((found) => found.device === device && found.precision === precision)
    const carried = useful.flatMap(({ scores }) =>
      Array.from(scores, ([promptKey, scores]) => ({ promptKey, scores }))
    )
    const name = sha256(JSON.stringify([header, identity.prompts])).slice(0, 16)
    this.content = { header, carried: resumes ? carried : [], name, scorer: scorerOf(identity.scoredBy) }
    this.keptKeys.clear()
    for (const { promptKey } of this.content.carried) this.keptKeys.add(promptKey)
  }

  /** Adds finished prompts. They are on the disk when this resolves. @throws WorkbenchError `read-only`, `bad-input` */
  async keep(prompts: readonly PromptResults[]): Promise<void> {
    const file = await this.open()
    const lines = Buffer.from(prompts.map((results) => promptLine(results, file.scorer)).join(''))
    file.bytes += lines.byteLength
    if (file.bytes > MAX_CHECKPOINT_BYTES) {
      throw new WorkbenchError(
        'bad-input',
        `${file.path} would have more than ${MAX_CHECKPOINT_BYTES} bytes.`
      )
    }
    try {
      await file.handle.appendFile(lines)
      await file.handle.sync()
    } catch (error) {
      throw writeProblem(file.path, error)
    }
    for (const { promptKey } of prompts) this.keptKeys.add(promptKey)
  }

  async close(): Promise<void> {
    await this.file?.handle.close()
    this.file = null
  }

  /** Removes what the finished sweep makes useless; to be called when its result is saved. */
  async remove(): Promise<void> {
    await this.close()
    for (const file of this.files) await rm(file, { force: true })
  }

  private async open(): Promise<OpenFile> {
    if (this.content === null) throw new Error('a checkpoint is kept before it has begun')
    const { header, carried, name, scorer } = this.content
    if (this.file?.name === name) return this.file
    await this.close()
    const path = await this.place.fileFor(name)
    await writeFileAtomic(
      path,
      [line(header), ...carried.map((results) => promptLine(results, scorer))].join('')
    )
    this.files.add(path)
    this.path = path
    try {
      const handle = await open(path, 'a')
      this.file = { name, path, handle, bytes: (await handle.stat()).size, scorer }
      return this.file
    } catch (error) {
      throw writeProblem(path, error)
    }
  }
}

function promptLine({ promptKey, scores }: PromptResults, scorer: Scorer): string {
  const probabilities = Float64Array.from(scores.flatMap((score) => scorer.groupsOf(score)))
  const bytes = Buffer.from(probabilities.buffer)
  return line({ prompt: promptKey, probabilities: bytes.toString('base64') })
}

function line(content: unknown): string {
  const json = JSON.stringify(content)
  return `${sha256(json)} ${json}\n`
}

interface ReadCheckpoint {
  /** Null when it is of another sweep, or none of its prompts are of this one. */
  results: EarlierResults | null
  damagedLines: number
  /** Whether it holds prompts of other sweeps too. */
  hasOthers: boolean
}

/** Null when there is no such file. @throws WorkbenchError `bad-file` when it is no checkpoint */
async function readCheckpoint(file: string, identity: SweepIdentity): Promise<ReadCheckpoint | null> {
  if (!(await hasPlainFile(file))) return null
  const [first, ...rest] = completeLines(await readBytes(file, MAX_CHECKPOINT_BYTES))
  const header = Header.safeParse(first === undefined ? undefined : contentOf(first))
  if (!header.success) {
    throw new WorkbenchError(
      'bad-file',
      `${file} is in the place of a sweep's checkpoint and is none, or is damaged.`,
      `Remove it, or choose another output than ${basename(file, '.partial')}.`
    )
  }
  const { models, device, precision } = header.data
  const columns = identity.modelKeys.map((key) => models.indexOf(key))
  const isOfPair =
    header.data.programVersion === identity.programVersion &&
    header.data.base === identity.base &&
    header.data.post === identity.post
  if (!isOfPair || columns.includes(-1)) return { results: null, damagedLines: 0, hasOthers: true }

  const scorer = scorerOf(identity.scoredBy)
  const groupCounts = new Map(
    identity.prompts.map(({ key, validCount }) => [key, validCount + scorer.extraGroups])
  )
  const scores = new Map<string, readonly PromptScore[]>()
  let damagedLines = 0
  let hasOthers = false
  for (const bytes of rest) {
    const parsed = Line.safeParse(contentOf(bytes))
    const rows = parsed.success ? decodeRows(parsed.data.probabilities, models.length) : null
    const groupCount = parsed.success ? groupCounts.get(parsed.data.prompt) : undefined
    if (!parsed.success || rows === null) damagedLines++
    else if (groupCount === undefined) hasOthers = true
    else if (rows[0]?.length !== groupCount) damagedLines++
    else
      scores.set(
        parsed.data.prompt,
        columns.map((column) => scorer.score(at(rows, column, 'model')))
      )
  }
  return { results: scores.size === 0 ? null : { device, precision, scores }, damagedLines, hasOthers }
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
    return JSON.parse(json.toString('utf8'))
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

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}
