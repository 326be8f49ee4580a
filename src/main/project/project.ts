import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import type { CrcPrompts } from '../../contract/documents/crc'
import {
  type PairDocument,
  type PairId,
  type PairLocation,
  type ProjectChanges,
  type ProjectDocument,
  type ProjectWriter
} from '../../contract/documents/project'
import type { SamplePrompts } from '../../contract/documents/task'
import type { WorkListDocument } from '../../contract/work/work-list'
import { elementAt, mapGet } from '../../contract/model/look-up'
import { notFoundError, WorkbenchError } from '../../contract/model/problem'
import { definedFields } from '../base/defined-fields'
import { flushLines } from '../base/files/line-file'
import { type Lock, writerOf } from '../base/files/lock'
import { type RunChange, SerialQueue } from '../base/files/serial-queue'
import { ensurePairFolder, pairFolder } from './pair/pair-folders'
import {
  newPair,
  pairIndex,
  withDuplicate,
  withoutPair,
  withPair,
  withPairChanged,
  withPairMoved,
  withPairNamed
} from './documents/pair-list'
import { noResults, type PairResults } from './pair/pair-results'
import { type ProjectDocuments, removeSamplePrompts, writePrompts, writeSamplePrompts } from './documents/project-file'
import { type ProjectOfPair, ProjectPair, savedPrompts, savedSamplePrompts } from './pair/project-pair'
import { ProjectReadings } from './pair/project-readings'
import { ProjectTasks } from './pair/project-tasks'
import { ProjectWork } from './pair/project-work'
import { ProjectRecord } from './project-record'
import type { PartChange, StoredPart } from './documents/stored-part'

export interface ProjectContent extends Omit<ProjectDocuments, 'foundVersion'> {
  results: ReadonlyMap<PairId, PairResults>
  workList: WorkListDocument
  warnings: string[]
}

/** The right of this program to write a project, and the state of another program that writes it. */
export interface ProjectAccess {
  /** Lock of the project; null for a read-only project. */
  lock: Lock | null
  /** Reason why changes cannot be saved; null if they can. */
  readOnly: string | null
  /** State of another program that writes the project; null if the project is not followed. */
  writer: ProjectWriter | null
}

interface AddedPair {
  readonly pair: ProjectPair
  /** Revision to undo the addition. */
  readonly change: number | null
}

/**
 * An open project. Its changes run one after the other. The promise of a change resolves when the change is on disk. A
 * change that fails leaves the project as it was.
 */
export class Project implements ProjectOfPair {
  /** The project folder, absolute and without links. */
  readonly path: string
  readonly change: RunChange
  readonly tasks: ProjectTasks
  readonly readings: ProjectReadings
  readonly work: ProjectWork
  readonly #record: ProjectRecord
  #prompts: CrcPrompts
  #samplePrompts: SamplePrompts | null
  #savedTasks = 0
  /** Pairs, including removed ones, because a removal can be undone until the project is closed. */
  readonly #pairs = new Map<PairId, ProjectPair>()
  #access: ProjectAccess
  #warnings: readonly string[]
  #closed = false
  readonly #changes = new SerialQueue()
  readonly #news = new EventEmitter().setMaxListeners(0)

  constructor(path: string, content: ProjectContent, access: ProjectAccess) {
    this.path = path
    this.#warnings = content.warnings
    this.#access = access
    this.#record = new ProjectRecord(path, content.document, () => this.notifySubscribers())
    this.#prompts = content.prompts
    this.#samplePrompts = content.samplePrompts
    this.change = (task) => this.#change(task)
    this.tasks = new ProjectTasks(this.path, this.change, () => {
      this.#savedTasks += 1
      this.notifySubscribers()
    })
    this.readings = new ProjectReadings(this.path, this.change)
    this.work = new ProjectWork(this.path, this.change, content.workList)
    for (const [id, results] of content.results) this.#pairs.set(id, new ProjectPair(this, id, results))
  }

  get document(): ProjectDocument {
    return this.#record.document
  }

  get warnings(): readonly string[] {
    return this.#warnings
  }

  get readOnly(): string | null {
    return this.#access.readOnly
  }

  get writer(): ProjectWriter | null {
    return this.#access.writer
  }

  /** Token of the project's lock. @throws RangeError for a read-only project */
  get lockToken(): string {
    if (this.#access.lock === null) throw new RangeError(`${this.path} is not written here`)
    return this.#access.lock.token
  }

  /** False if the project's folder lacks the lock of this program, as another folder in its place does. */
  get isInPlace(): boolean {
    return this.readOnly !== null || writerOf(this.path)?.token === this.lockToken
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Replaces everything after another program has changed the project, or has stopped writing it. */
  replaceContent(
    { document, prompts, samplePrompts, results, workList, warnings }: ProjectContent,
    access: ProjectAccess
  ): void {
    this.#record.replace(document)
    this.#prompts = prompts
    this.#samplePrompts = samplePrompts
    this.#warnings = warnings
    this.#access = access
    this.#savedTasks += 1
    this.work.replaceWork(workList)
    for (const [id, pairResults] of results) {
      const pair = this.#pairs.get(id)
      if (pair === undefined) this.#pairs.set(id, new ProjectPair(this, id, pairResults))
      else pair.replaceResults(pairResults)
    }
    this.notifySubscribers()
  }

  /** Sets whether the project can be written, after another program began or stopped writing it. */
  allow(access: ProjectAccess): void {
    this.#access = access
    this.work.notify()
    this.notifySubscribers()
  }

  get name(): string {
    return this.document.name
  }

  get notes(): string {
    return this.document.notes
  }

  get createdAt(): string {
    return this.document.createdAt
  }

  /** Number of changes of the document and the prompts. */
  get revision(): number {
    return this.document.revision
  }

  get pairs(): readonly ProjectPair[] {
    return this.document.pairs.map(({ id }) => mapGet(this.#pairs, id, 'pair'))
  }

  get firstPair(): ProjectPair {
    return elementAt(this.pairs, 0, 'pair')
  }

  pair(id: PairId): ProjectPair {
    pairIndex(this.document, id)
    return mapGet(this.#pairs, id, 'pair')
  }

  /** Prompts of the character task, for all pairs. */
  get prompts(): CrcPrompts {
    return this.#prompts
  }

  /** Saved sample prompts; null if none are saved, see `samplePromptsOf`. */
  get samplePrompts(): SamplePrompts | null {
    return this.#samplePrompts
  }

  get savedTasks(): number {
    return this.#savedTasks
  }

  documentOf(id: PairId): PairDocument {
    return this.#record.documentOf(id)
  }

  /**
   * Sets values of the project.
   *
   * @param seen revision that the caller has seen
   * @throws WorkbenchError `stale` if one of the values changed after that revision
   */
  async update(changes: ProjectChanges, seen?: number): Promise<number | null> {
    const values = definedFields(changes)
    return this.#edit(Object.keys(values), seen, () => values)
  }

  /**
   * Undoes changes, oldest first. @param requireIdle throws while a pair that the undo would remove has a job
   *
   * @returns revision to redo them; null if nothing changed
   */
  async revert(changes: readonly number[], requireIdle: (pair: ProjectPair) => void): Promise<number | null> {
    return this.#change(async () => {
      const { document, fields, parts } = await this.#record.revert(changes)
      for (const pair of this.pairs) if (document.pairs.every(({ id }) => id !== pair.id)) requireIdle(pair)
      return this.#record.advance(fields, undefined, document, parts)
    })
  }

  async editPair(
    id: PairId,
    fields: readonly string[],
    seen: number | undefined,
    change: (document: PairDocument) => Partial<PairDocument>
  ): Promise<number | null> {
    const paths = fields.map((field) => `${id}/${field}`)
    return this.#edit(paths, seen, (document) => withPairChanged(document, id, change(this.pair(id).document)))
  }

  addPair(location: PairLocation, name?: string): Promise<AddedPair> {
    return this.#add((document) => withPair(document, newPair(location, name)), null)
  }

  /** Adds a pair with the settings of another pair, without its results. */
  async duplicatePair(id: PairId): Promise<AddedPair> {
    return this.#add((document) => withDuplicate(document, id), this.pair(id).separatePrompts)
  }

  renamePair(id: PairId, name: string): Promise<number | null> {
    return this.#edit([], undefined, (document) => withPairNamed(document, id, name))
  }

  /**
   * Moves a pair.
   *
   * @param position index in the list without the pair
   * @throws WorkbenchError `not-found`, `read-only`
   */
  movePair(id: PairId, position: number): Promise<number | null> {
    return this.#edit([], undefined, (document) => withPairMoved(document, id, position))
  }

  removePair(id: PairId): Promise<number | null> {
    return this.#edit([], undefined, (document) => withoutPair(document, id))
  }

  async savePrompts(prompts: CrcPrompts, seen?: number): Promise<number | null> {
    return this.savePart({ stored: this.#promptsPart, value: savedPrompts(prompts) }, seen)
  }

  readonly #promptsPart: StoredPart = {
    name: 'prompts',
    read: () => this.#prompts,
    write: async (value) => {
      const prompts = savedPrompts(value)
      await writePrompts(this.path, prompts)
      this.#prompts = prompts
    }
  }

  async saveSamplePrompts(prompts: SamplePrompts, seen?: number): Promise<number | null> {
    return this.savePart({ stored: this.#samplePromptsPart, value: savedSamplePrompts(prompts) }, seen)
  }

  readonly #samplePromptsPart: StoredPart = {
    name: 'samplePrompts',
    read: () => this.#samplePrompts,
    write: async (value) => {
      const prompts = value === null ? null : savedSamplePrompts(value)
      if (prompts === null) await removeSamplePrompts(this.path)
      else await writeSamplePrompts(this.path, prompts)
      this.#samplePrompts = prompts
    }
  }

  /** @param fields that the change sets; the value itself by default */
  async savePart(
    part: PartChange,
    seen: number | undefined,
    fields: readonly string[] = [part.stored.name]
  ): Promise<number | null> {
    return this.#change(() => this.#record.advance(fields, seen, {}, [part]))
  }

  onChange(listener: () => void): () => void {
    this.#news.on('change', listener)
    return () => void this.#news.off('change', listener)
  }

  notifySubscribers(): void {
    this.#news.emit('change')
  }

  /** Waits for running changes, and then releases the lock. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#changes.run(async () => {
      await flushLines()
      this.#access.lock?.release()
    })
  }

  async #add(
    change: (document: ProjectDocument) => { changed: Partial<ProjectDocument>; added: PairDocument },
    separatePrompts: CrcPrompts | null
  ): Promise<AddedPair> {
    return this.#change(async () => {
      const { changed, added } = change(this.document)
      const { id } = added
      await ensurePairFolder(this.path, id)
      const folder = pairFolder(this.path, id)
      if (separatePrompts !== null) await writePrompts(folder, separatePrompts)
      const pair = new ProjectPair(this, id, noResults(folder, separatePrompts))
      this.#pairs.set(id, pair)
      return { pair, change: await this.#record.advance([], undefined, changed) }
    })
  }

  async #edit(
    fields: readonly string[],
    seen: number | undefined,
    change: (document: ProjectDocument) => Partial<ProjectDocument>
  ): Promise<number | null> {
    return this.#change(() => this.#record.advance(fields, seen, change(this.document)))
  }

  /** Runs a change after all earlier changes. @throws WorkbenchError `read-only`; `not-found` for a replaced folder */
  async #change<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new WorkbenchError('read-only', `${this.path} was closed; open it again to change it.`)
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
    return this.#changes.run(async () => {
      // Writing reports a folder that is gone.
      if (existsSync(this.path) && !this.isInPlace) {
        throw notFoundError(
          `${this.path} no longer has the lock of this program, so nothing is saved in it.`,
          'Another folder took its place, or its file .lock was removed. Open the project again to go on in it.'
        )
      }
      return task()
    })
  }
}
