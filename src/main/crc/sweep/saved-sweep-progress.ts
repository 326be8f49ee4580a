import { type FileHandle, open, rm } from 'node:fs/promises'
import { inputError, WorkbenchError } from '../../../contract/model/problem'
import type { KnownPart } from '../../../contract/documents/known-part'
import { errorMessage } from '../../base/files/bounded-file'
import { writeFileAtomic, writeProblem } from '../../base/files/atomic-file'
import { type Scorer, scorerOf } from '../task/scorer'
import {
  type ProgressHeader,
  headerLine,
  headerOf,
  MAX_PROGRESS_BYTES,
  promptLine,
  type PromptResults,
  readProgressFile,
  sha256,
  beginsAsProgress
} from './progress-file'
import {
  type ComputedIn,
  type EarlierResults,
  knownPart,
  type ScoresByModel,
  type SweepIdentity
} from './earlier-results'
import type { KeyedSplit } from './keyed-split'

/** Shortest time between two writes, because the disk must confirm each one. */
const WRITE_INTERVAL_MS = 1000

/** Folder or file in which sweeps save their progress. */
export interface ProgressFiles {
  /** True if unreadable files may be replaced. Otherwise they may belong to the user. */
  readonly owned: boolean
  list(): Promise<string[]>
  /** Gives the file for a sweep of this name and makes room for it. @throws WorkbenchError `read-only`, `bad-file` */
  fileFor(name: string): Promise<string>
}

/** Saves the progress of a sweep beside its result `file`, with the ending `.partial`. */
export function progressBeside(file: string): ProgressFiles {
  const partial = `${file}.partial`
  return { owned: false, list: async () => [partial], fileFor: async () => partial }
}

/** Explains saved progress to a user whose disk is full. */
const PROGRESS_MEANING =
  'That file holds the scores of the sweep so far. The sweep continues from them; without the file it starts again.'

/** The file that is being written. */
interface OpenFile {
  name: string
  path: string
  handle: FileHandle
  bytes: number
}

/** Stores the scores of a running sweep, so that an interrupted sweep continues from them. */
export class SavedSweepProgress {
  /** Results that {@link find} loaded. */
  private earlier: EarlierResults[] = []
  /** Files that hold only this sweep; they are removed once it is finished. */
  private readonly files = new Set<string>()
  /** The file's first lines and form; null before {@link begin}. */
  private content: {
    header: ProgressHeader
    split: KeyedSplit
    /** Loaded results, which a new file contains from the start. */
    carried: readonly PromptResults[]
    name: string
    scorer: Scorer
  } | null = null
  private file: OpenFile | null = null
  private path: string | null = null
  private readonly written = new WrittenScores()
  /** Results that are written at the next write. */
  private waiting: PromptResults[] = []
  private writtenMs = -Infinity

  constructor(private readonly location: ProgressFiles) {}

  /** Path and number of stored results; null if no results are stored. */
  get stored(): { path: string; known: KnownPart } | null {
    const { path } = this
    const share = this.written.share(this.content?.split ?? null)
    return path === null || (share.prompts === 0 && share.begun === null) ? null : { path, known: share }
  }

  /** Loads stored scores of a sweep, with notices on unusable files. @throws WorkbenchError `bad-file` */
  async find(identity: SweepIdentity, fresh: boolean): Promise<{ results: EarlierResults[]; notices: string[] }> {
    const notices: string[] = []
    this.earlier = []
    this.written.reset(identity)
    for (const file of await this.location.list()) {
      try {
        const progress = await readProgressFile(file, identity)
        if (progress === null) continue
        if (progress.damagedLines > 0) {
          notices.push(
            `${file}: ${progress.damagedLines} damaged lines were left out. Their scores are computed again.`
          )
        }
        if (progress.results !== null) {
          this.earlier.push(progress.results)
          this.path = file
          for (const [key, scores] of progress.results.scores) this.written.add(key, scores)
          if (!progress.hasOthers) this.files.add(file)
        } else if (!this.location.owned) {
          notices.push(`${file} is of another sweep. This sweep replaces it.`)
        }
      } catch (error) {
        if (!this.location.owned && !(fresh && (await beginsAsProgress(file)))) throw error
        notices.push(`Saved progress was left out. ${errorMessage(error)}`)
      }
    }
    return { results: [...this.earlier], notices }
  }

  /** Prepares the file, which is written with the first scores. @param resumes true if the sweep uses loaded scores */
  begin(identity: SweepIdentity, { device, precision }: ComputedIn, split: KeyedSplit, resumes: boolean): void {
    const header = headerOf(identity, { device, precision })
    const name = sha256(JSON.stringify([header, identity.prompts])).slice(0, 16)
    // A restarted engine plans the same sweep again.
    if (this.content?.name === name) return
    const matching = this.earlier.filter((results) => results.device === device && results.precision === precision)
    const carriedOver = matching.flatMap(({ scores }) =>
      Array.from(scores, ([promptKey, scores]) => ({ promptKey, scores }))
    )
    const scorer = scorerOf(identity.scoredBy)
    this.content = { header, split, carried: resumes ? carriedOver : [], name, scorer }
    this.written.reset(identity)
    for (const { promptKey, scores } of this.content.carried) this.written.add(promptKey, scores)
  }

  /** Adds scores, written within a second or at the end. Failed writes are repeated with the next scores. */
  async add(results: readonly PromptResults[]): Promise<void> {
    this.waiting.push(...results)
    if (performance.now() - this.writtenMs >= WRITE_INTERVAL_MS) await this.write()
  }

  /** Writes the last scores and closes the file. */
  async close(): Promise<void> {
    try {
      await this.write()
    } catch (error) {
      // The sweep has already ended with its own error, and unwritten results are not reported as stored.
      if (!(error instanceof WorkbenchError)) throw error
    } finally {
      await this.file?.handle.close()
      this.file = null
    }
  }

  /** Removes the files of the finished sweep; call it when the result is saved. */
  async remove(): Promise<void> {
    await this.close()
    for (const file of this.files) await rm(file, { force: true })
  }

  /** Appends the waiting scores to the file. */
  private async write(): Promise<void> {
    const results = [...this.waiting]
    if (results.length === 0) return
    const { file, lines } = await this.open(results)
    if (file.bytes + lines.byteLength > MAX_PROGRESS_BYTES) {
      throw inputError(`${file.path} would have more than ${MAX_PROGRESS_BYTES} bytes.`)
    }
    try {
      await file.handle.appendFile(lines)
      await file.handle.sync()
    } catch (error) {
      // The next line must not continue half a line.
      await file.handle.truncate(file.bytes).catch(() => undefined)
      throw writeProblem(file.path, error, PROGRESS_MEANING)
    }
    file.bytes += lines.byteLength
    this.waiting = this.waiting.slice(results.length)
    for (const { promptKey, scores } of results) this.written.add(promptKey, scores)
    this.writtenMs = performance.now()
  }

  /** Opens the file and encodes results as its lines. */
  private async open(results: readonly PromptResults[]): Promise<{ file: OpenFile; lines: Buffer }> {
    if (this.content === null) throw new Error('progress is saved before the sweep has begun')
    const { header, split, carried, name, scorer } = this.content
    const linesOf = (list: readonly PromptResults[]): string =>
      list.map((result) => promptLine(result, header, scorer)).join('')
    const lines = Buffer.from(linesOf(results))
    if (this.file?.name === name) return { file: this.file, lines }
    await this.file?.handle.close()
    const path = await this.location.fileFor(name)
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

/** Records the models of each prompt that the files of a sweep hold. */
class WrittenScores {
  private identity: SweepIdentity | null = null
  private readonly models = new Map<string, Set<number>>()

  reset(identity: SweepIdentity): void {
    this.identity = identity
    this.models.clear()
  }

  add(promptKey: string, scores: ScoresByModel): void {
    this.models.set(promptKey, new Set([...(this.models.get(promptKey) ?? []), ...scores.keys()]))
  }

  share(split: KeyedSplit | null): KnownPart {
    if (this.identity === null) return { prompts: 0, of: 0, begun: null }
    return knownPart(this.identity, (key) => this.models.get(key), split)
  }
}
