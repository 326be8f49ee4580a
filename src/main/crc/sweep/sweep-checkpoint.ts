import { type FileHandle, open, rm } from 'node:fs/promises'
import { WorkbenchError } from '../../../contract/model/problem'
import type { KnownPart } from '../../../contract/documents/known-part'
import { errorMessage } from '../../base/files/bounded-file'
import { writeFileAtomic, writeProblem } from '../../base/files/atomic-file'
import { type Scorer, scorerOf } from '../task/scorer'
import {
  type CheckpointHeader,
  headerLine,
  headerOf,
  MAX_CHECKPOINT_BYTES,
  promptLine,
  type PromptResults,
  readCheckpoint,
  sha256,
  wasCheckpoint
} from './checkpoint-file'
import {
  type ComputedIn,
  type EarlierResults,
  type KeyedSplit,
  knownPart,
  type ScoresByModel,
  type SweepIdentity
} from './earlier-results'

/** At most this often what has come is written: the disk has to confirm it each time. */
const WRITE_INTERVAL_MS = 1000

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

/** What a checkpoint that fills the disk is, to whoever looks for room. */
const KEPT_HERE =
  'That file holds what the sweep has computed, which goes on from there; without it, it begins anew.'

/** The file a checkpoint is being written to. */
interface OpenFile {
  name: string
  path: string
  handle: FileHandle
  bytes: number
}

/** Keeps what a sweep has computed, so that a later one need not compute it again when this one does not get to its end. */
export class SweepCheckpoint {
  private found: EarlierResults[] = []
  /** Files of this sweep alone, which are of no use once it is finished. */
  private readonly files = new Set<string>()
  private content: {
    header: CheckpointHeader
    split: KeyedSplit
    carried: readonly PromptResults[]
    name: string
    scorer: Scorer
  } | null = null
  private file: OpenFile | null = null
  private path: string | null = null
  private readonly written = new WrittenScores()
  /** What is to be written with the next that comes. */
  private waiting: PromptResults[] = []
  private writtenMs = -Infinity

  constructor(private readonly place: CheckpointPlace) {}

  /** What a later sweep will find, and where. Null when nothing is kept. */
  get kept(): { path: string; known: KnownPart } | null {
    const { path } = this
    const known = this.written.known(this.content?.split ?? null)
    return path === null || (known.prompts === 0 && known.begun === null) ? null : { path, known }
  }

  /**
   * What is kept of a sweep, and remarks on what could not be used.
   *
   * @param fresh whether the sweep begins anew: a damaged checkpoint is then replaced as a whole one is
   * @throws WorkbenchError `bad-file` when a file is in the way that is no checkpoint
   */
  async find(
    identity: SweepIdentity,
    fresh: boolean
  ): Promise<{ results: EarlierResults[]; notices: string[] }> {
    const notices: string[] = []
    this.found = []
    this.written.of(identity)
    for (const file of await this.place.list()) {
      try {
        const read = await readCheckpoint(file, identity)
        if (read === null) continue
        if (read.damagedLines > 0) {
          notices.push(
            `${file}: ${read.damagedLines} damaged lines were left out; what they held is computed again.`
          )
        }
        if (read.results !== null) {
          this.found.push(read.results)
          this.path = file
          for (const [key, scores] of read.results.scores) this.written.add(key, scores)
          if (!read.hasOthers) this.files.add(file)
        } else if (!this.place.owned) {
          notices.push(`${file} is of another sweep; it will be replaced by what this one computes.`)
        }
      } catch (error) {
        if (!this.place.owned && !(fresh && (await wasCheckpoint(file)))) throw error
        notices.push(`A checkpoint was left out. ${errorMessage(error)}`)
      }
    }
    return { results: [...this.found], notices }
  }

  /**
   * Says what will be kept. Nothing is written before there is something to keep.
   *
   * @param split how the sweep splits its prompts, whose results are to be the same when it goes on
   * @param resumes whether what was found is a part of this sweep; otherwise the sweep begins anew
   */
  begin(
    identity: SweepIdentity,
    { device, precision }: ComputedIn,
    split: KeyedSplit,
    resumes: boolean
  ): void {
    const header = headerOf(identity, { device, precision })
    const name = sha256(JSON.stringify([header, identity.prompts])).slice(0, 16)
    // The engine may have been started again.
    if (this.content?.name === name) return
    const useful = this.found.filter((found) => found.device === device && found.precision === precision)
    const carried = useful.flatMap(({ scores }) =>
      Array.from(scores, ([promptKey, scores]) => ({ promptKey, scores }))
    )
    const scorer = scorerOf(identity.scoredBy)
    this.content = { header, split, carried: resumes ? carried : [], name, scorer }
    this.written.of(identity)
    for (const { promptKey, scores } of this.content.carried) this.written.add(promptKey, scores)
  }

  /**
   * Adds scores. They are on the disk soon, with those that come meanwhile, and at the latest when this is closed: a power cut
   * loses a moment more than what was being computed. What could not be written is written with the next that comes.
   *
   * @throws WorkbenchError `read-only`, `bad-input`
   */
  async keep(results: readonly PromptResults[]): Promise<void> {
    this.waiting.push(...results)
    if (performance.now() - this.writtenMs >= WRITE_INTERVAL_MS) await this.write()
  }

  /** Writes what waits, if it can. */
  async close(): Promise<void> {
    try {
      await this.write()
    } catch (error) {
      // The sweep has ended for its own reason, and what is not written is not said to be kept.
      if (!(error instanceof WorkbenchError)) throw error
    } finally {
      await this.file?.handle.close()
      this.file = null
    }
  }

  /** Removes what the finished sweep makes useless; to be called when its result is saved. */
  async remove(): Promise<void> {
    await this.close()
    for (const file of this.files) await rm(file, { force: true })
  }

  private async write(): Promise<void> {
    const results = [...this.waiting]
    if (results.length === 0) return
    const { file, lines } = await this.open(results)
    if (file.bytes + lines.byteLength > MAX_CHECKPOINT_BYTES) {
      throw new WorkbenchError(
        'bad-input',
        `${file.path} would have more than ${MAX_CHECKPOINT_BYTES} bytes.`
      )
    }
    try {
      await file.handle.appendFile(lines)
      await file.handle.sync()
    } catch (error) {
      // Half a line would run into the next one that is written.
      await file.handle.truncate(file.bytes).catch(() => undefined)
      throw writeProblem(file.path, error, KEPT_HERE)
    }
    file.bytes += lines.byteLength
    this.waiting = this.waiting.slice(results.length)
    for (const { promptKey, scores } of results) this.written.add(promptKey, scores)
    this.writtenMs = performance.now()
  }

  /** The file, and results as lines of it. */
  private async open(results: readonly PromptResults[]): Promise<{ file: OpenFile; lines: Buffer }> {
    if (this.content === null) throw new Error('a checkpoint is kept before it has begun')
    const { header, split, carried, name, scorer } = this.content
    const linesOf = (some: readonly PromptResults[]): string =>
      some.map((result) => promptLine(result, header, scorer)).join('')
    const lines = Buffer.from(linesOf(results))
    if (this.file?.name === name) return { file: this.file, lines }
    await this.file?.handle.close()
    const path = await this.place.fileFor(name)
    await writeFileAtomic(path, headerLine(header, split) + linesOf(carried))
    this.files.add(path)
    this.path = path
    try {
      const handle = await open(path, 'a')
      this.file = { name, path, handle, bytes: (await handle.stat()).size }
      return { file: this.file, lines }
    } catch (error) {
      throw writeProblem(path, error)
    }
  }
}

/** Which models of which prompts a sweep's files hold. */
class WrittenScores {
  private identity: SweepIdentity | null = null
  private readonly models = new Map<string, Set<number>>()

  /** Of this sweep, and nothing of it yet. */
  of(identity: SweepIdentity): void {
    this.identity = identity
    this.models.clear()
  }

  add(promptKey: string, scores: ScoresByModel): void {
    this.models.set(promptKey, new Set([...(this.models.get(promptKey) ?? []), ...scores.keys()]))
  }

  known(split: KeyedSplit | null): KnownPart {
    if (this.identity === null) return { prompts: 0, of: 0, begun: null }
    return knownPart(this.identity, (key) => this.models.get(key), split)
  }
}
