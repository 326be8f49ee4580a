import { EventEmitter } from 'node:events'
import type { CrcPrompts } from '../../contract/documents/crc'
import {
  type PairDocument,
  type PairId,
  type PairLocation,
  type ProjectChanges,
  ProjectDocument,
  type ProjectWriter
} from '../../contract/documents/project'
import type { QueuedJob } from '../../contract/documents/queue'
import { SamplePrompts } from '../../contract/documents/task'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import { flushLines } from '../base/files/line-file'
import type { Lock } from '../base/files/lock'
import { type RunChange, SerialQueue } from '../base/files/serial-queue'
import { ensurePairFolder, pairFolder } from './pair/pair-folders'
import {
  newPair,
  pairIndex,
  withDuplicate,
  withoutPair,
  withPair,
  withPairBack,
  withPairChanged,
  withPairMoved,
  withPairNamed
} from './documents/pair-list'
import { noResults, type PairResults } from './pair/pair-results'
import {
  type ProjectDocuments,
  writeProjectDocument,
  writePrompts,
  writeSamplePrompts
} from './documents/project-file'
import { given, type ProjectOfPair, ProjectPair, savedPrompts } from './pair/project-pair'
import { ProjectQueue } from './pair/project-queue'
import { ProjectReadings } from './pair/project-readings'
import { ProjectTasks } from './pair/project-tasks'
import { ChangeLog } from './change-log'
import { Revisions } from './revisions'

/** What the folder of a project holds. */
export interface ProjectContent extends Omit<ProjectDocuments, 'foundVersion'> {
  /** Of each pair. */
  results: ReadonlyMap<PairId, PairResults>
  queued: readonly QueuedJob[]
  warnings: string[]
}

/** What may be done with a project. */
export interface ProjectAccess {
  /** Null: it is only looked at. */
  lock: Lock | null
  /** Why changes cannot be saved; null when they can. */
  readOnly: string | null
  /** Of a project that another program writes, and that is followed here. */
  writer: ProjectWriter | null
}

/**
 * An open project: its pairs, and what they share. Every change is on the disk when its promise resolves, and changes are made
 * one after the other; one that fails leaves both the files and this object as they were.
 */
export class Project implements ProjectOfPair {
  /** The project folder, absolute and without links. */
  readonly path: string
  readonly change: RunChange
  readonly tasks: ProjectTasks
  readonly readings: ProjectReadings
  readonly queue: ProjectQueue
  #document: ProjectDocument
  #prompts: CrcPrompts
  #samplePrompts: SamplePrompts | null
  #savedTasks = 0
  /** All that there are and those that were removed, for as long as that can be undone. */
  readonly #pairs = new Map<PairId, ProjectPair>()
  readonly #removed = new Map<PairId, PairDocument>()
  #access: ProjectAccess
  #warnings: readonly string[]
  #closed = false
  readonly #changes = new SerialQueue()
  #revisions: Revisions
  readonly #log = new ChangeLog()
  readonly #news = new EventEmitter().setMaxListeners(0)

  /** @param path the project folder, absolute and without links */
  constructor(path: string, content: ProjectContent, access: ProjectAccess) {
    this.path = path
    this.#warnings = content.warnings
    this.#access = access
    this.#document = content.document
    this.#prompts = content.prompts
    this.#samplePrompts = content.samplePrompts
    this.#revisions = new Revisions(content.document.revision)
    this.change = (task) => this.#change(task)
    this.tasks = new ProjectTasks(this.path, this.change, () => {
      this.#savedTasks += 1
      this.tell()
    })
    this.readings = new ProjectReadings(this.path, this.change)
    this.queue = new ProjectQueue(this.path, this.change, content.queued)
    for (const [id, results] of content.results) this.#pairs.set(id, new ProjectPair(this, id, results))
  }

  get document(): ProjectDocument {
    return this.#document
  }

  /** What was left out or changed when the project was opened, for the user to read. */
  get warnings(): readonly string[] {
    return this.#warnings
  }

  /** Why changes cannot be saved; null when they can. */
  get readOnly(): string | null {
    return this.#access.readOnly
  }

  /** Of a project that another program writes, and that is followed here; null for others. */
  get writer(): ProjectWriter | null {
    return this.#access.writer
  }

  /** Of the lock under which the project is written. @throws RangeError where it is only looked at */
  get lockToken(): string {
    if (this.#access.lock === null) throw new RangeError(`${this.path} is not written here`)
    return this.#access.lock.token
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Takes what another program has made of the folder, and what may now be done with it. */
  take(
    { document, prompts, samplePrompts, results, queued, warnings }: ProjectContent,
    access: ProjectAccess
  ): void {
    this.#document = document
    this.#prompts = prompts
    this.#samplePrompts = samplePrompts
    this.#warnings = warnings
    this.#access = access
    // Whoever has seen an earlier revision may not know what came of any value.
    this.#revisions = new Revisions(document.revision)
    this.#savedTasks += 1
    this.queue.take(queued)
    for (const [id, found] of results) {
      const known = this.#pairs.get(id)
      if (known === undefined) this.#pairs.set(id, new ProjectPair(this, id, found))
      else known.take(found)
    }
    this.tell()
  }

  /** Notes that who writes the project has come or gone. */
  allow(access: ProjectAccess): void {
    this.#access = access
    this.tell()
  }

  get name(): string {
    return this.#document.name
  }

  /** Markdown. */
  get notes(): string {
    return this.#document.notes
  }

  /** ISO time. */
  get createdAt(): string {
    return this.#document.createdAt
  }

  /** Counts the changes of the document and the prompts. */
  get revision(): number {
    return this.#document.revision
  }

  /** In the order of the list. */
  get pairs(): readonly ProjectPair[] {
    return this.#document.pairs.map(({ id }) => mapGet(this.#pairs, id, 'pair'))
  }

  /** The first of the list. */
  get firstPair(): ProjectPair {
    return elementAt(this.pairs, 0, 'pair')
  }

  /** @throws WorkbenchError `not-found` when the project has it no more */
  pair(id: PairId): ProjectPair {
    pairIndex(this.#document, id)
    return mapGet(this.#pairs, id, 'pair')
  }

  /** Of the character task, for all pairs. */
  get prompts(): CrcPrompts {
    return this.#prompts
  }

  /** Null until some are saved; see samplePromptsOf. */
  get samplePrompts(): SamplePrompts | null {
    return this.#samplePrompts
  }

  /** How often a task was saved. */
  get savedTasks(): number {
    return this.#savedTasks
  }

  documentOf(id: PairId): PairDocument {
    const known = this.#document.pairs.find((pair) => pair.id === id)
    return known ?? mapGet(this.#removed, id, 'pair')
  }

  /**
   * Sets values.
   *
   * @param seen the revision that whoever asks for it knows; left out: the one there is
   * @throws WorkbenchError `bad-input` naming the field that is wrong; `stale` when one of the values changed since; `read-only`
   */
  async update(changes: ProjectChanges, seen?: number): Promise<number | null> {
    const values = given(changes)
    return this.#edit(Object.keys(values), seen, () => values)
  }

  /**
   * Undoes changes of the document.
   *
   * @param changes revisions that they wrote, oldest first
   * @returns revision that can be undone in turn; null if nothing changed
   * @throws WorkbenchError `stale` when one of the values changed since; `not-found` for an old revision; `read-only`
   */
  async revert(changes: readonly number[]): Promise<number | null> {
    return this.#change(() => {
      const { document, fields } = this.#log.revert(this.#document, changes)
      return this.#advance(fields, undefined, document)
    })
  }

  async editPair(
    id: PairId,
    fields: readonly string[],
    seen: number | undefined,
    change: (document: PairDocument) => Partial<PairDocument>
  ): Promise<number | null> {
    const paths = fields.map((field) => `${id}/${field}`)
    return this.#edit(paths, seen, (document) =>
      withPairChanged(document, id, change(this.pair(id).document))
    )
  }

  /** Adds a pair at the end of the list. @throws WorkbenchError `bad-input`, `read-only` */
  addPair(location: PairLocation, name?: string): Promise<ProjectPair> {
    return this.#add((document) => withPair(document, newPair(location, name)), null)
  }

  /** Adds a pair with all that is set for another, but none of its results. @throws WorkbenchError `not-found`, `read-only` */
  async duplicatePair(id: PairId): Promise<ProjectPair> {
    return this.#add((document) => withDuplicate(document, id), this.pair(id).ownPrompts)
  }

  /** @throws WorkbenchError `not-found`, `bad-input`, `read-only` */
  async renamePair(id: PairId, name: string): Promise<void> {
    await this.#edit([], undefined, (document) => withPairNamed(document, id, name))
  }

  /** @param place in the list without it @throws WorkbenchError `not-found`, `read-only` */
  async movePair(id: PairId, place: number): Promise<void> {
    await this.#edit([], undefined, (document) => withPairMoved(document, id, place))
  }

  /**
   * Takes a pair off the list. Its results stay until the project is opened the next time.
   *
   * @throws WorkbenchError `not-found`; `bad-input` for the only pair; `read-only`
   */
  async removePair(id: PairId): Promise<void> {
    await this.#edit([], undefined, (document) => {
      const { pairs } = withoutPair(document, id)
      this.#removed.set(id, this.documentOf(id))
      return { pairs }
    })
  }

  /** Puts a removed pair in its place again. @throws WorkbenchError `not-found` when it is gone for good; `read-only` */
  async restorePair(id: PairId, place: number): Promise<void> {
    await this.#edit([], undefined, (document) => {
      if (!this.#removed.has(id)) {
        throw new WorkbenchError(
          'not-found',
          'The pair was removed before the project was opened: its results are deleted.',
          'Add it anew.'
        )
      }
      return withPairBack(document, this.documentOf(id), place)
    })
  }

  /** @param seen see {@link update} @throws WorkbenchError `bad-input` naming the field that is wrong; `stale`; `read-only` */
  async savePrompts(prompts: CrcPrompts, seen?: number): Promise<void> {
    const checked = savedPrompts(prompts)
    await this.saveBeside(['prompts'], seen, async () => {
      await writePrompts(this.path, checked)
      this.#prompts = checked
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
    await this.saveBeside(['samplePrompts'], seen, async () => {
      await writeSamplePrompts(this.path, parsed.data)
      this.#samplePrompts = parsed.data
    })
  }

  async saveBeside(
    fields: readonly string[],
    seen: number | undefined,
    write: () => Promise<void>
  ): Promise<void> {
    await this.#change(async () => {
      await this.#advance(fields, seen, {})
      await write()
      this.tell()
    })
  }

  /** Calls `hear` after every change of what this object shows or counts, answers that are added to runs left out, until the returned function is called. */
  onChange(hear: () => void): () => void {
    this.#news.on('change', hear)
    return () => void this.#news.off('change', hear)
  }

  tell(): void {
    this.#news.emit('change')
  }

  /** Waits for changes under way, then lets others write the project. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#changes.run(async () => {
      await flushLines()
      this.#access.lock?.release()
    })
  }

  async #add(
    change: (document: ProjectDocument) => { changed: Partial<ProjectDocument>; added: PairDocument },
    ownPrompts: CrcPrompts | null
  ): Promise<ProjectPair> {
    return this.#change(async () => {
      const { changed, added } = change(this.#document)
      const { id } = added
      await ensurePairFolder(this.path, id)
      const folder = pairFolder(this.path, id)
      if (ownPrompts !== null) await writePrompts(folder, ownPrompts)
      const pair = new ProjectPair(this, id, noResults(folder, ownPrompts))
      this.#pairs.set(id, pair)
      await this.#advance([], undefined, changed)
      return pair
    })
  }

  async #edit(
    fields: readonly string[],
    seen: number | undefined,
    change: (document: ProjectDocument) => Partial<ProjectDocument>
  ): Promise<number | null> {
    return this.#change(() => this.#advance(fields, seen, change(this.#document)))
  }

  /**
   * Writes changes of the document, none of which may be of a value that changed after the revision that was seen.
   *
   * @returns the revision that was written; null if the document is as before
   */
  async #advance(
    fields: readonly string[],
    seen: number | undefined,
    changes: Partial<ProjectDocument>
  ): Promise<number | null> {
    this.#revisions.require(fields, seen ?? this.#document.revision)
    const before = this.#document
    await this.#write(changes)
    this.#revisions.note(fields, this.#document.revision)
    return this.#log.add(before, this.#document, fields)
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
    this.tell()
  }

  async #change<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closed)
      throw new WorkbenchError('read-only', `${this.path} was closed; open it again to change it.`)
    const { readOnly, writer } = this.#access
    if (readOnly !== null) {
      throw new WorkbenchError(
        'read-only',
        `${this.path} is open for viewing only. ${readOnly}`,
        writer === null
          ? 'To change it, copy the folder to a place that you can write to and open the copy.'
          : 'To change it, wait for that program, or close the project there.'
      )
    }
    return this.#changes.run(task)
  }
}
