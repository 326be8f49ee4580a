import type { EvaluationSummary } from '../../../contract/documents/evaluation'
import {
  type DeletionDocument,
  type HistoryRun,
  type PairHistory,
  type ResultFile,
  RUN_ANNOTATIONS_VERSION,
  type RunKey,
  RunAnnotationChanges,
  RunAnnotations,
  NO_ANNOTATIONS
} from '../../../contract/documents/history'
import type { SweepSummary } from '../../../contract/documents/project'
import type { SampleRunSummary } from '../../../contract/documents/samples'
import type { SearchSummary } from '../../../contract/documents/search'
import { fileError, inputError, notFoundError, requireValid } from '../../../contract/model/problem'
import { type RunKind, runKindFacts } from '../../../contract/model/run-kinds'
import { newestFirst } from '../../base/files/newest-first'
import { evaluationTitle, samplesTitle, searchTitle, sweepTitle } from '../../../contract/words/run-words'
import { SUMMARY } from '../documents/document-store'
import { EVALUATION_ENDINGS } from '../documents/evaluation-files'
import type { SavePart, StoredPart } from '../documents/stored-part'
import type { RunList } from '../runs/run-list'
import { runKey, type StoredAnnotations } from '../runs/run-annotations'
import { ANSWERS } from '../documents/sample-files'
import { destroyRun, trashRun, untrashRun } from '../runs/run-trash'
import { RUN_ANNOTATIONS } from '../documents/stored-documents'
import { SCORES_ENDINGS } from '../documents/sweep-store'

export interface PairRuns {
  readonly sweep: RunList<SweepSummary>
  readonly search: RunList<SearchSummary>
  readonly samples: RunList<SampleRunSummary>
  readonly evaluation: RunList<EvaluationSummary>
}

/** Names, notes and pins of runs as they are stored, and the trash. */
export interface StoredHistory extends StoredAnnotations {
  deleted: readonly DeletionDocument[]
}

export const NO_HISTORY: StoredHistory = { annotations: new Map(), unread: null, deleted: [] }

/** All runs of a pair with their names, notes and pins, and the deleted runs that can be restored. */
export class RunHistory {
  constructor(
    private readonly folder: string,
    private readonly runs: PairRuns,
    private stored: StoredHistory,
    private readonly save: SavePart
  ) {}

  replaceStored(stored: StoredHistory): void {
    this.stored = stored
  }

  get state(): PairHistory {
    const runs = [
      ...this.runs.sweep.runs.map((run) => this.entry('sweep', run, sweepTitle(run))),
      ...this.runs.search.runs.map((run) => this.entry('search', run, searchTitle(run))),
      ...this.runs.samples.runs.map((run) => this.entry('samples', run, samplesTitle(run))),
      ...this.runs.evaluation.runs.map((run) => this.entry('evaluation', run, evaluationTitle(run)))
    ]
    return {
      runs: newestFirst(runs).sort((a, b) => Number(b.pinned) - Number(a.pinned)),
      deleted: this.stored.deleted.map(({ deletion, deletedAt, run, searches }) => ({
        deletion,
        deletedAt,
        run,
        searches
      }))
    }
  }

  annotationsOf(key: RunKey): RunAnnotations {
    return this.stored.annotations.get(runKey(key)) ?? NO_ANNOTATIONS
  }

  /**
   * Names, notes or pins a run.
   *
   * @param seen revision that the caller has seen
   * @returns the written revision; null if nothing changed
   */
  async annotate(key: RunKey, changes: RunAnnotationChanges, seen?: number): Promise<number | null> {
    const name = `runs.${key.kind}.${key.id}`
    const part: StoredPart = {
      name,
      read: () => this.annotationsOf(key),
      write: async (value) => {
        this.requireRun(key)
        const parsed = RunAnnotations.safeParse({ ...this.annotationsOf(key), ...RunAnnotationChanges.parse(value) })
        const annotations = requireValid(parsed, (issue) => inputError(`The run cannot be changed: ${issue}`))
        await this.write(new Map([...this.stored.annotations, [runKey(key), annotations]]))
      }
    }
    const fields = Object.keys(changes).map((field) => `${name}.${field}`)
    return this.save({ stored: part, value: changes }, seen, fields)
  }

  /**
   * Moves a run to the trash, a sweep together with its searches and its check.
   *
   * @param requireIdle throws if a job uses the run
   * @returns id of the deletion, and the revision to undo it
   */
  async delete(
    key: RunKey,
    requireIdle: () => void = () => undefined
  ): Promise<{ deletion: string; change: number | null }> {
    requireIdle()
    const change = await this.save({ stored: this.deletionOf(key, requireIdle), value: true }, undefined, [])
    return { deletion: this.requiredDeletion(key).deletion, change }
  }

  /** Takes a run out of the trash. */
  async restore(deletion: string): Promise<void> {
    const { run } = this.deletedBy(deletion)
    await this.save({ stored: this.deletionOf(run, () => undefined), value: false }, undefined, [])
  }

  /** Removes a run from the trash, which cannot be undone. */
  async destroy(deletion: string): Promise<void> {
    const write = async (): Promise<void> => {
      const document = this.deletedBy(deletion)
      await destroyRun(this.folder, document)
      this.forgetDeletion(document)
    }
    await this.save({ stored: { name: 'deleted', read: () => null, write }, value: null }, undefined, [])
  }

  /** Represents the deletion of a run as a stored value, so that the deletion can be undone like other changes. */
  private deletionOf({ kind, id }: RunKey, requireIdle: () => void): StoredPart {
    const key = { kind, id }
    return {
      name: `deletion.${kind}.${id}`,
      read: () => this.stored.deleted.some(({ run }) => runKey(run) === runKey(key)),
      write: async (isDeleted) => {
        if (isDeleted !== true) return this.putBack(this.requiredDeletion(key))
        requireIdle()
        return this.moveToTrash(key)
      }
    }
  }

  private async moveToTrash(key: RunKey): Promise<void> {
    const run = this.requireRun(key)
    const searches = this.searchesFrom(key)
    this.requireReadableAnnotations()
    const files = [run, ...searches].flatMap(filesOf)
    const document = await trashRun(this.folder, run, searches, files)
    this.stored = { ...this.stored, deleted: [document, ...this.stored.deleted] }
    for (const { kind, id } of [run, ...searches]) this.runs[kind].drop(id)
    await this.write(this.stored.annotations)
  }

  private async putBack(document: DeletionDocument): Promise<void> {
    const { run, searches } = document
    if (run.sweepId !== null && this.runs.sweep.find(run.sweepId) === undefined) {
      throw inputError('The sweep that the search started from is deleted too.', 'Restore the sweep first.')
    }
    const restored = [run, ...searches]
    const entries = restored.map((entry): [string, RunAnnotations] => [runKey(entry), RunAnnotations.parse(entry)])
    // Annotations are written before the run is restored, so that its name is never missing.
    await this.write(new Map([...this.stored.annotations, ...entries]), restored)
    await untrashRun(this.folder, document)
    this.forgetDeletion(document)
    for (const { kind, id } of restored) await this.runs[kind].addRestored(id)
  }

  private entry(
    kind: RunKind,
    run: Pick<HistoryRun, 'id' | 'createdAt' | 'checkpoints' | 'computed'> & { sweepId?: string },
    title: string
  ): HistoryRun {
    const { id, createdAt, checkpoints, computed, sweepId = null } = run
    return { kind, id, createdAt, title, sweepId, checkpoints, computed, ...this.annotationsOf({ kind, id }) }
  }

  private requireRun(key: RunKey): HistoryRun {
    const run = this.state.runs.find((other) => runKey(other) === runKey(key))
    if (run !== undefined) return run
    throw notFoundError(
      `The pair has no ${runKindFacts(key.kind).one} ${key.id}: it was deleted.`,
      'Restore it from the history.'
    )
  }

  private deletedBy(deletion: string): DeletionDocument {
    return inTrash(this.stored.deleted.find((other) => other.deletion === deletion))
  }

  private requiredDeletion(key: RunKey): DeletionDocument {
    return inTrash(this.stored.deleted.find(({ run }) => runKey(run) === runKey(key)))
  }

  private forgetDeletion(document: DeletionDocument): void {
    this.stored = { ...this.stored, deleted: this.stored.deleted.filter((other) => other !== document) }
  }

  private searchesFrom({ kind, id }: RunKey): HistoryRun[] {
    return kind === 'sweep' ? this.state.runs.filter(({ sweepId }) => sweepId === id) : []
  }

  private requireReadableAnnotations(): void {
    if (this.stored.unread === null) return
    throw fileError(
      `Names and notes of runs cannot be saved, because the stored ones could not be read. ${this.stored.unread}`,
      'Repair that file, or move it away, and open the project again.'
    )
  }

  /** Stores the annotations of existing runs. @param restored runs that are about to be restored */
  private async write(
    annotations: ReadonlyMap<string, RunAnnotations>,
    restored: readonly RunKey[] = []
  ): Promise<void> {
    this.requireReadableAnnotations()
    const runs = [...this.state.runs, ...restored].flatMap(({ kind, id }) => {
      const ofRun = annotations.get(runKey({ kind, id }))
      return ofRun === undefined || hasNoAnnotations(ofRun) ? [] : [{ kind, id, ...ofRun }]
    })
    await RUN_ANNOTATIONS.write(this.folder, { schemaVersion: RUN_ANNOTATIONS_VERSION, runs })
    const written = new Map(runs.map(({ kind, id, ...annotation }) => [runKey({ kind, id }), annotation]))
    this.stored = { ...this.stored, annotations: written }
  }
}

const hasNoAnnotations = ({ name, note, pinned }: RunAnnotations): boolean => name === '' && note === '' && !pinned

/** Requires that a run is in the trash. @throws WorkbenchError `not-found` */
function inTrash(document: DeletionDocument | undefined): DeletionDocument {
  if (document !== undefined) return document
  throw notFoundError('The run is not in the trash of the pair any more.')
}

/** Lists the files that a run may have, its document first. */
function filesOf({ kind, id }: RunKey): ResultFile[] {
  const filesIn = (folder: ResultFile['folder'], endings: readonly string[]): ResultFile[] =>
    endings.map((ending) => ({ folder, name: `${id}${ending}` }))
  const resultEndings = ['.json', SUMMARY]
  switch (kind) {
    case 'sweep':
      return [...filesIn('sweeps', [...resultEndings, ...SCORES_ENDINGS]), ...filesIn('checks', ['.json'])]
    case 'search':
      return filesIn('searches', resultEndings)
    case 'samples':
      return filesIn('samples', [...resultEndings, ANSWERS])
    case 'evaluation':
      return filesIn('evaluations', [...resultEndings, ...EVALUATION_ENDINGS])
  }
}
