import { EventEmitter } from 'node:events'
import { access, constants, lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { AnswerCheck } from '../../contract/documents/answer-check'
import { CrcPrompts, type SweepDocument } from '../../contract/documents/crc'
import type { ChecksumsDocument } from '../../contract/documents/checksums'
import type { DistancesDocument } from '../../contract/documents/distances'
import type { CheckpointIdentity } from '../../contract/documents/pair'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import {
  type PairCheckpoints,
  PROJECT_VERSION,
  type ProjectChanges,
  ProjectDocument,
  type SavedCounts,
  type SweepSummary
} from '../../contract/documents/project'
import { type SampleRunSummary } from '../../contract/documents/samples'
import { SamplePrompts } from '../../contract/documents/task'
import type { SearchDocument } from '../../contract/documents/search'
import { errorMessage, readTextFile } from '../base/files/bounded-file'
import { readPromptFile } from '../crc/task/prompt-file'
import { readSamplePrompts } from '../samples/prompts'
import { removeUnfinished, errorCode, writeFileAtomic } from '../base/files/atomic-file'
import { formatJson } from '../base/files/json-format'
import { type Lock, lockProject } from '../base/files/lock'
import { type DocumentFormat, migrateFile, readDocument } from '../base/files/migrate'
import { isFile, isFolder } from '../base/files/path-kinds'
import { absolutePath } from '../base/files/places'
import { ensurePlainFolder, hasPlainFolder, hasPlainFile, requirePlainFile } from '../base/files/plain-paths'
import { readChecksums, readDistances, readNewestDistances } from './reading-files'
import { listSampleRuns } from './sample-files'
import { newestFirst } from '../base/files/newest-first'
import { ProjectEvaluations } from './project-evaluations'
import { ProjectSamples } from './project-samples'
import { type Change, SerialQueue } from '../base/files/serial-queue'
import { identifyKept } from './project-migrations'
import { Revisions } from './revisions'
import { ANSWER_CHECKS, CHECKSUMS, DISTANCES, SEARCHES, SWEEPS } from './stored-documents'
import { summarizeSweep } from './sweep-files'

const PROJECT_FILE = 'project.json'
const CRC_PROMPTS = 'crc.json'
const SAMPLE_PROMPTS = 'samples.json'

const PROJECT_FORMAT: DocumentFormat<ProjectDocument> = {
  name: 'project',
  schema: ProjectDocument,
  version: PROJECT_VERSION,
  migrations: { 1: identifyKept },
  maxBytes: 50_000_000
}

/** Prompts of a few hundred characters come to a few MB. */
const MAX_SAMPLE_PROMPT_BYTES = 100_000_000

interface ProjectDocuments {
  document: ProjectDocument
  prompts: CrcPrompts
  /** Null until some are saved. */
  samplePrompts: SamplePrompts | null
}

interface ProjectContent extends ProjectDocuments {
  path: string
  sweeps: SweepSummary[]
  sampleRuns: SampleRunSummary[]
  warnings: string[]
}

/**
 * An open project. Every change is on the disk when its promise resolves, and changes are made one after the other; one
 * that fails leaves both the files and this object as they were.
 */
export class Project {
  /** The project folder, absolute and without links. */
  readonly path: string
  /** What was left out or changed when the project was opened, for the user to read. */
  readonly warnings: readonly string[]
  /** Why changes cannot be saved; null when they can. */
  readonly readOnly: string | null
  readonly samples: ProjectSamples
  readonly evaluations: ProjectEvaluations
  #document: ProjectDocument
  #prompts: CrcPrompts
  #samplePrompts: SamplePrompts | null
  #sweeps: readonly SweepSummary[]
  /** The sweep that was last asked about what it would be: one slider asks dozens of times, and it is megabytes of text. */
  #asked: SweepDocument | null = null
  #saved: SavedCounts = { answerChecks: 0, searches: 0, tasks: 0 }
  readonly #lock: Lock | null
  #closed = false
  readonly #changes = new SerialQueue()
  readonly #revisions: Revisions
  readonly #news = new EventEmitter().setMaxListeners(0)

  constructor(content: ProjectContent, lock: Lock | null, readOnly: string | null) {
    this.path = content.path
    this.warnings = content.warnings
    this.readOnly = readOnly
    this.#document = content.document
    this.#prompts = content.prompts
    this.#samplePrompts = content.samplePrompts
    this.#sweeps = content.sweeps
    this.#lock = lock
    this.#revisions = new Revisions(content.document.revision)
    const change: Change = (task) => this.#change(task)
    this.samples = new ProjectSamples(this.path, change, () => this.#tell(), content.sampleRuns)
    this.evaluations = new ProjectEvaluations(this.path, change, () => this.#count('tasks'))
  }

  get document(): ProjectDocument {
    return this.#document
  }

  get prompts(): CrcPrompts {
    return this.#prompts
  }

  /** Null until some are saved; see samplePromptsOf. */
  get samplePrompts(): SamplePrompts | null {
    return this.#samplePrompts
  }

  /** How often what this object does not hold was saved. */
  get saved(): SavedCounts {
    return this.#saved
  }

  /** Newest first. */
  get sweeps(): readonly SweepSummary[] {
    return this.#sweeps
  }

  /**
   * Sets values.
   *
   * @param seen the revision that whoever asks for it knows; left out: the one there is
   * @throws WorkbenchError `bad-input` naming the field that is wrong; `stale` when one of the values changed since; `read-only`
   */
  async update(changes: ProjectChanges, seen?: number): Promise<void> {
    // A field that is present but undefined, as the bridge may deliver it, is a field that was not given.
    const given = (fields: object): object =>
      Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
    const { rendering = {}, settings = {}, ...values } = changes
    const fields = [
      ...Object.keys(given(values)),
      ...Object.keys(given(rendering)).map((field) => `rendering.${field}`),
      ...Object.keys(given(settings)).map((field) => `settings.${field}`)
    ]
    await this.#edit(fields, seen, (document) => ({
      ...given(values),
      rendering: { ...document.rendering, ...given(rendering) },
      settings: { ...document.settings, ...given(settings) }
    }))
  }

  /**
   * Changes lists of the project by what they hold when it is the change's turn, so that no change made elsewhere is lost.
   *
   * @throws WorkbenchError whatever `change` throws; `bad-input` naming the field that is wrong; `read-only`
   */
  async edit(change: (document: ProjectDocument) => Partial<ProjectDocument>): Promise<void> {
    await this.#edit([], undefined, change)
  }

  /**
   * Changes a kept recipe as a whole.
   *
   * @param seen see {@link update}
   * @throws WorkbenchError as {@link edit}; `stale` when it changed since
   */
  async editRecipe(
    id: string,
    seen: number,
    change: (document: ProjectDocument) => Partial<ProjectDocument>
  ): Promise<void> {
    await this.#edit([`recipes.${id}`], seen, change)
  }

  /** Names other folders as those of the pair, whose checkpoints are still to be seen. @throws WorkbenchError `bad-input` for the built-in pair; `read-only` */
  async relocate(base: string, post: string): Promise<void> {
    await this.#change(async () => {
      if (this.#document.pair.kind === 'demo') {
        throw new WorkbenchError(
          'bad-input',
          'The built-in pair comes with the program: it cannot be relocated.'
        )
      }
      await this.#write({ pair: { kind: 'folders', base, post }, checkpoints: null })
    })
  }

  /** Takes these checkpoints for the project's own. @throws WorkbenchError `read-only` */
  async rememberCheckpoints(checkpoints: PairCheckpoints): Promise<void> {
    await this.#change(() => this.#write({ checkpoints }))
  }

  /** @param seen see {@link update} @throws WorkbenchError `bad-input` naming the field that is wrong; `stale`; `read-only` */
  async savePrompts(prompts: CrcPrompts, seen?: number): Promise<void> {
    const parsed = CrcPrompts.safeParse(prompts)
    if (!parsed.success) {
      throw new WorkbenchError('bad-input', `The prompts cannot be saved: ${describeIssue(parsed.error)}`)
    }
    await this.#change(async () => {
      await this.#advance(['prompts'], seen, {})
      await writePrompts(this.path, parsed.data)
      this.#prompts = parsed.data
      this.#tell()
    })
  }

  /** @param seen see {@link update} @throws WorkbenchError `bad-input` naming the field that is wrong; `stale`; `read-only` */
  async saveSamplePrompts(prompts: SamplePrompts, seen?: number): Promise<void> {
    const parsed = SamplePrompts.safeParse(prompts)
    if (!parsed.success) {
      throw new WorkbenchError(
        'bad-input',
        `The sample prompts cannot be saved: ${describeIssue(parsed.error)}`
      )
    }
    await this.#change(async () => {
      await this.#advance(['samplePrompts'], seen, {})
      await writePromptFile(this.path, SAMPLE_PROMPTS, parsed.data)
      this.#samplePrompts = parsed.data
      this.#tell()
    })
  }

  /** Adds a sweep, or replaces the one of the same id. @throws WorkbenchError `bad-input`, `read-only` */
  async saveSweep(sweep: SweepDocument): Promise<void> {
    await this.#change(async () => {
      this.#asked = null
      await SWEEPS.write(this.path, sweep)
      const others = this.#sweeps.filter((summary) => summary.id !== sweep.id)
      this.#sweeps = newestFirst([...others, summarizeSweep(sweep)])
      this.#tell()
    })
  }

  /** @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
  async readSweep(id: string): Promise<SweepDocument> {
    return SWEEPS.read(this.path, id)
  }

  /** The same, kept in memory until another is asked for or one is saved; not to be changed. @throws WorkbenchError as `readSweep` */
  async askedSweep(id: string): Promise<SweepDocument> {
    if (this.#asked?.id !== id) this.#asked = await this.readSweep(id)
    return this.#asked
  }

  /** Keeps a search, in place of an earlier one from the same sweep. @throws WorkbenchError `bad-input`, `read-only` */
  async saveSearch(search: SearchDocument): Promise<void> {
    await this.#change(() => SEARCHES.write(this.path, search))
    this.#count('searches')
  }

  /** The latest search from a sweep; null when there is none. @throws WorkbenchError `bad-file` or `newer-version` */
  async readSearch(sweepId: string): Promise<SearchDocument | null> {
    return SEARCHES.readIfAny(this.path, sweepId)
  }

  /** Keeps a check on whole answers, in place of an earlier one of the same sweep. @throws WorkbenchError `bad-input`, `read-only` */
  async saveAnswerCheck(check: AnswerCheck): Promise<void> {
    await this.#change(() => ANSWER_CHECKS.write(this.path, check))
    this.#count('answerChecks')
  }

  /** The check of a sweep on whole answers; null when there is none. @throws WorkbenchError `bad-file` or `newer-version` */
  async readAnswerCheck(sweepId: string): Promise<AnswerCheck | null> {
    return ANSWER_CHECKS.readIfAny(this.path, sweepId)
  }

  /** Of exactly these checkpoints, by their fingerprints; null when none are stored. */
  async readDistances(base: string, post: string): Promise<DistancesDocument | null> {
    return readDistances(this.path, base, post)
  }

  /** Of whatever checkpoints; null when none are stored. */
  async readNewestDistances(): Promise<DistancesDocument | null> {
    return readNewestDistances(this.path)
  }

  /** @throws WorkbenchError `read-only` */
  async saveDistances(distances: DistancesDocument): Promise<void> {
    await this.#change(() => DISTANCES.write(this.path, distances))
  }

  /** Of exactly these files; null when none are stored. */
  async readChecksums(checkpoint: CheckpointIdentity): Promise<ChecksumsDocument | null> {
    return readChecksums(this.path, checkpoint)
  }

  /** @throws WorkbenchError `read-only` */
  async saveChecksums(checksums: ChecksumsDocument): Promise<void> {
    await this.#change(() => CHECKSUMS.write(this.path, checksums))
  }

  /** Calls `hear` after every change of what this object shows or counts, answers that are added to runs left out, until the returned function is called. */
  onChange(hear: () => void): () => void {
    this.#news.on('change', hear)
    return () => void this.#news.off('change', hear)
  }

  /** Waits for changes under way, then lets others write the project. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#changes.run(async () => this.#lock?.release())
  }

  #count(what: keyof SavedCounts): void {
    this.#saved = { ...this.#saved, [what]: this.#saved[what] + 1 }
    this.#tell()
  }

  #tell(): void {
    this.#news.emit('change')
  }

  async #edit(
    fields: readonly string[],
    seen: number | undefined,
    change: (document: ProjectDocument) => Partial<ProjectDocument>
  ): Promise<void> {
    await this.#change(() => this.#advance(fields, seen, change(this.#document)))
  }

  /** Writes changes of the document, none of which may be of a value that changed after the revision that was seen. */
  async #advance(
    fields: readonly string[],
    seen: number | undefined,
    changes: Partial<ProjectDocument>
  ): Promise<void> {
    this.#revisions.require(fields, seen ?? this.#document.revision)
    await this.#write(changes)
    this.#revisions.note(fields, this.#document.revision)
  }

  async #write(changes: Partial<ProjectDocument>): Promise<void> {
    const revision = this.#document.revision + 1
    const parsed = ProjectDocument.safeParse({ ...this.#document, ...changes, revision })
    if (!parsed.success) {
      throw new WorkbenchError(
        'bad-input',
        `The project cannot be changed so: ${describeIssue(parsed.error)}`
      )
    }
    await writeProjectDocument(this.path, parsed.data)
    this.#document = parsed.data
    this.#tell()
  }

  async #change<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closed)
      throw new WorkbenchError('read-only', `${this.path} was closed; open it again to change it.`)
    if (this.readOnly !== null) {
      throw new WorkbenchError(
        'read-only',
        `${this.path} is open for viewing only. ${this.readOnly}`,
        'To change it, copy the folder to a place that you can write to and open the copy.'
      )
    }
    return this.#changes.run(task)
  }
}

/**
 * Opens a project, given its folder or the project.json in it. A folder that cannot be written opens for viewing.
 *
 * @param purpose to view needs no lock and changes nothing: somebody else may be writing it
 * @throws WorkbenchError `not-found` when it is no project; `bad-file` naming file and field; `newer-version`; `locked`.
 *   In all these cases nothing was changed.
 */
export async function openProject(path: string, purpose: 'change' | 'view' = 'change'): Promise<Project> {
  const folder = await projectFolder(absolutePath(path))
  // Read before locking: what cannot be opened must not be touched, not even by a lock.
  await readDocuments(folder)
  const { lock, readOnly } = purpose === 'view' ? VIEWED : await requestAccess(folder)
  try {
    // Read again: somebody else may have held the lock and saved in between.
    const backup = lock === null ? null : await migrateProject(folder)
    if (lock !== null) await removeUnfinished(folder, FOLDER_DEPTH)
    const documents = await readDocuments(folder)
    const { entries: sweeps, warnings } = await SWEEPS.list(folder, summarizeSweep)
    const { sampleRuns, warnings: sampleWarnings } = await listSampleRuns(folder)
    warnings.push(...sampleWarnings)
    if (backup !== null)
      warnings.unshift(`The project was of an older version; ${backup} is its file as it was.`)
    return new Project(
      { path: folder, ...documents, sweeps: newestFirst(sweeps), sampleRuns, warnings },
      lock,
      readOnly
    )
  } catch (error) {
    lock?.release()
    throw error
  }
}

/** Unfinished sweeps lie in a folder of the folder of sweeps. */
const FOLDER_DEPTH = 2

const VIEWED = { lock: null, readOnly: 'It was opened to be looked at only.' } as const

/** Whether a folder is a project; whether it can be opened is not asked. */
export async function isProject(folder: string): Promise<boolean> {
  return isFile(join(folder, PROJECT_FILE))
}

export async function writeProjectDocument(folder: string, document: ProjectDocument): Promise<void> {
  await writeFileAtomic(join(folder, PROJECT_FILE), formatJson(document))
}

export async function writePrompts(folder: string, prompts: CrcPrompts): Promise<void> {
  await writePromptFile(folder, CRC_PROMPTS, prompts)
}

async function writePromptFile(folder: string, name: string, prompts: unknown): Promise<void> {
  await ensurePlainFolder(join(folder, 'prompts'))
  await writeFileAtomic(promptFile(folder, name), formatJson(prompts))
}

async function readDocuments(folder: string): Promise<ProjectDocuments> {
  const { document } = await readDocument(join(folder, PROJECT_FILE), PROJECT_FORMAT)
  await hasPlainFolder(join(folder, 'prompts'))
  await requirePlainFile(promptFile(folder, CRC_PROMPTS))
  return {
    document,
    prompts: await readPromptFile(promptFile(folder, CRC_PROMPTS)),
    samplePrompts: await readSamplePromptFile(folder)
  }
}

async function readSamplePromptFile(folder: string): Promise<SamplePrompts | null> {
  const file = promptFile(folder, SAMPLE_PROMPTS)
  if (!(await hasPlainFile(file))) return null
  return readSamplePrompts(file, await readTextFile(file, MAX_SAMPLE_PROMPT_BYTES))
}

async function migrateProject(folder: string): Promise<string | null> {
  const { backup } = await migrateFile(join(folder, PROJECT_FILE), PROJECT_FORMAT)
  return backup
}

async function requestAccess(folder: string): Promise<{ lock: Lock | null; readOnly: string | null }> {
  try {
    // Asked first: whoever may only look is not in the way of the one who holds the lock.
    await access(folder, constants.W_OK)
    return { lock: await lockProject(folder), readOnly: null }
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    return { lock: null, readOnly: `The folder cannot be written: ${errorMessage(error)}.` }
  }
}

async function projectFolder(path: string): Promise<string> {
  const folder = basename(path) === PROJECT_FILE ? dirname(path) : path
  try {
    const real = await realpath(folder)
    await lstat(join(real, PROJECT_FILE))
    return real
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw new WorkbenchError('bad-file', `${folder} cannot be opened: ${errorMessage(error)}.`)
    }
    const complaint = (await isFolder(folder))
      ? `${folder} is not a project: it has no ${PROJECT_FILE}.`
      : `There is no folder ${folder}.`
    throw new WorkbenchError(
      'not-found',
      complaint,
      `A project is a folder NAME.slr that holds a ${PROJECT_FILE}.`
    )
  }
}

function promptFile(folder: string, name: string): string {
  return join(folder, 'prompts', name)
}
