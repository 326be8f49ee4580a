import { definedFields } from '../../base/defined-fields'
import type { AnswerCheck } from '../../../contract/documents/answer-check'
import {
  CrcPrompts,
  type PromptScore,
  type Rendering,
  type RenderingChanges,
  type SweepDocument
} from '../../../contract/documents/crc'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import type { RunKind } from '../../../contract/model/run-kinds'
import { inputError, requireValid } from '../../../contract/model/problem'
import type {
  PairChanges,
  PairCheckpoints,
  PairDocument,
  PairId,
  ProjectWriter,
  SavedCounts,
  SweepSummary
} from '../../../contract/documents/project'
import type { LineageDocument } from '../../../contract/documents/lineage'
import type { SearchDocument, SearchSummary } from '../../../contract/documents/search'
import { SamplePrompts } from '../../../contract/documents/task'
import type { z } from 'zod'
import type { RunChange } from '../../base/files/serial-queue'
import type { PartChange, SavePart, StoredPart } from '../documents/stored-part'
import type { PairResults } from './pair-results'
import type { ProjectReadings } from './project-readings'
import { ProjectConversation } from './project-conversation'
import { ProjectEvaluations } from './project-evaluations'
import { ProjectSamples } from './project-samples'
import { removeOwnPrompts, writePrompts } from '../documents/project-file'
import type { ProjectTasks } from './project-tasks'
import type { ProjectWork } from './project-work'
import { EVALUATION_SUMMARIES } from '../documents/evaluation-files'
import { type PairRuns, RunHistory } from './pair-history'
import { RunList } from '../runs/run-list'
import { SAMPLE_SUMMARIES } from '../documents/sample-files'
import { SEARCH_SUMMARIES, summarizeSearch } from '../documents/search-files'
import { ANSWER_CHECKS, LINEAGE, SEARCHES } from '../documents/stored-documents'
import { SWEEPS } from '../documents/sweep-store'
import { summarizeChecked, summarizeStored, SWEEP_SUMMARIES } from '../documents/sweep-files'

/**
 * A project as its pairs see it, implemented by `Project`. A change of a value can bring `seen`, the revision that the
 * caller last saw. The change is refused as `stale` if the value has changed since.
 */
export interface ProjectOfPair {
  readonly path: string
  readonly name: string
  readonly notes: string
  readonly createdAt: string
  readonly revision: number
  /** Reason why changes cannot be saved; null if they can. */
  readonly readOnly: string | null
  /** State of another program that writes the project; null without one. */
  readonly writer: ProjectWriter | null
  readonly warnings: readonly string[]
  readonly pairs: readonly ProjectPair[]
  pair(id: PairId): ProjectPair
  readonly prompts: CrcPrompts
  readonly samplePrompts: SamplePrompts | null
  readonly tasks: ProjectTasks
  readonly readings: ProjectReadings
  readonly work: ProjectWork
  /** How often tasks were saved. Windows then read the tasks again. */
  readonly savedTasks: number
  /** Also returns the document of a removed pair. */
  documentOf(id: PairId): PairDocument
  /**
   * Changes the document of a pair.
   *
   * @param fields fields that are replaced as a whole, for the check of `seen`
   * @returns the written revision; null if nothing changed
   */
  editPair(
    id: PairId,
    fields: readonly string[],
    seen: number | undefined,
    change: (document: PairDocument) => Partial<PairDocument>
  ): Promise<number | null>
  readonly change: RunChange
  savePrompts(prompts: CrcPrompts, seen?: number): Promise<number | null>
  /** Writes a value that is stored beside the document, as a new revision. @param fields see `editPair` */
  savePart(part: PartChange, seen: number | undefined, fields?: readonly string[]): Promise<number | null>
  notifySubscribers(): void
  close(): Promise<void>
}

/** A pair of an open project: its settings and its results. */
export class ProjectPair {
  readonly conversation: ProjectConversation
  readonly samples: ProjectSamples
  readonly evaluations: ProjectEvaluations
  readonly folder: string
  readonly history: RunHistory
  readonly #runs: PairRuns
  #prompts: CrcPrompts | null
  #savedChecks = 0

  constructor(
    readonly project: ProjectOfPair,
    readonly id: PairId,
    { folder, sweeps, searches, sampleRuns, evaluations, history, prompts }: PairResults
  ) {
    this.folder = folder
    this.#prompts = prompts
    const runs: PairRuns = {
      sweep: new RunList(folder, SWEEP_SUMMARIES, sweeps),
      search: new RunList(folder, SEARCH_SUMMARIES, searches),
      samples: new RunList(folder, SAMPLE_SUMMARIES, sampleRuns),
      evaluation: new RunList(folder, EVALUATION_SUMMARIES, evaluations)
    }
    this.#runs = runs
    const save: SavePart = (part, seen, fields) =>
      project.savePart(
        { ...part, stored: { ...part.stored, name: `${id}/${part.stored.name}` } },
        seen,
        fields.map((field) => `${id}/${field}`)
      )
    this.conversation = new ProjectConversation(folder, save)
    this.history = new RunHistory(folder, runs, history, save)
    const storage = (kind: RunKind) => ({
      folder,
      change: project.change,
      notify: () => project.notifySubscribers(),
      isPinned: (id: string) => this.history.annotationsOf({ kind, id }).pinned
    })
    this.samples = new ProjectSamples({ ...storage('samples'), list: runs.samples }, save)
    this.evaluations = new ProjectEvaluations({ ...storage('evaluation'), list: runs.evaluation })
  }

  /** Replaces the results after another program has changed the project. */
  replaceResults({ sweeps, searches, sampleRuns, evaluations, history, prompts }: PairResults): void {
    this.#prompts = prompts
    this.#savedChecks += 1
    this.conversation.savedCount += 1
    this.#runs.sweep.replaceRuns(sweeps)
    this.#runs.search.replaceRuns(searches)
    this.#runs.samples.replaceRuns(sampleRuns)
    this.#runs.evaluation.replaceRuns(evaluations)
    this.history.replaceStored(history)
  }

  get document(): PairDocument {
    return this.project.documentOf(this.id)
  }

  /** Name for errors: the project's name, with the pair's name if there are several. */
  get title(): string {
    const { name, pairs } = this.project
    return pairs.length === 1 ? name : `${name}, ${this.document.name}`
  }

  /** Unique among the pairs of all projects. */
  get key(): string {
    return `${this.id} ${this.project.path}`
  }

  /** Reason why changes cannot be saved; null if they can. */
  get readOnly(): string | null {
    return this.project.readOnly
  }

  /** Prompts of the character task: the pair's separate prompts if it has them, else the project's. */
  get prompts(): CrcPrompts {
    return this.#prompts ?? this.project.prompts
  }

  /** Prompts for this pair only; null if the pair uses the project's prompts. */
  get separatePrompts(): CrcPrompts | null {
    return this.#prompts
  }

  /** How often documents were saved that this object does not cache. Windows then read those documents again. */
  get saved(): SavedCounts {
    return {
      answerChecks: this.#savedChecks,
      conversation: this.conversation.savedCount,
      tasks: this.project.savedTasks
    }
  }

  /** Newest first. */
  get sweeps(): readonly SweepSummary[] {
    return this.#runs.sweep.runs
  }

  /**
   * Sets values of the pair.
   *
   * @param seen revision that the caller has seen
   * @throws WorkbenchError `stale` if one of the values changed after that revision
   */
  async update(changes: PairChanges, seen?: number): Promise<number | null> {
    const { rendering = {}, settings = {}, ...values } = changes
    const fields = [
      ...Object.keys(definedFields(values)),
      ...Object.keys(definedFields(rendering)).map((field) => `rendering.${field}`),
      ...Object.keys(definedFields(settings)).map((field) => `settings.${field}`)
    ]
    return this.project.editPair(this.id, fields, seen, (document) => ({
      ...definedFields(values),
      rendering: changedRendering(document.rendering, rendering),
      settings: { ...document.settings, ...definedFields(settings) }
    }))
  }

  /** Changes lists of the pair. The change receives the lists after all earlier changes, so that no entry is lost. */
  async edit(change: (document: PairDocument) => Partial<PairDocument>): Promise<number | null> {
    return this.project.editPair(this.id, [], undefined, change)
  }

  /** Replaces a kept recipe. @throws WorkbenchError `stale` if the recipe changed after the revision `seen` */
  async editRecipe(
    id: string,
    seen: number,
    change: (document: PairDocument) => Partial<PairDocument>
  ): Promise<number | null> {
    return this.project.editPair(this.id, [`recipes.${id}`], seen, change)
  }

  /** Sets other folders of the pair. @throws WorkbenchError `bad-input` for the built-in pair; `read-only` */
  async relocate(base: string, post: string): Promise<void> {
    await this.edit(({ location }) => {
      if (location.kind !== 'demo') return { location: { kind: 'folders', base, post }, checkpoints: null }
      throw inputError('The built-in pair comes with the program: it cannot be relocated.')
    })
  }

  /** Stores the identity of base and post, so that results can be attributed while the models are away. */
  async rememberCheckpoints(checkpoints: PairCheckpoints): Promise<void> {
    await this.edit(() => ({ checkpoints }))
  }

  /** Saves the prompts that the pair uses: its separate prompts, or else the project's. */
  async savePrompts(prompts: CrcPrompts, seen?: number): Promise<number | null> {
    if (this.#prompts === null) return this.project.savePrompts(prompts, seen)
    return this.#saveOwnPrompts(prompts, seen)
  }

  /** Gives the pair separate prompts; null for the project's. @throws WorkbenchError `bad-input`, `read-only` */
  async useSeparatePrompts(prompts: CrcPrompts | null): Promise<number | null> {
    return this.#saveOwnPrompts(prompts, undefined)
  }

  async #saveOwnPrompts(prompts: CrcPrompts | null, seen: number | undefined): Promise<number | null> {
    const stored: StoredPart = {
      name: `${this.id}/prompts`,
      read: () => this.#prompts,
      write: async (value) => {
        const saved = value === null ? null : savedPrompts(value)
        if (saved === null) await removeOwnPrompts(this.folder)
        else await writePrompts(this.folder, saved)
        this.#prompts = saved
      }
    }
    return this.project.savePart({ stored, value: prompts === null ? null : savedPrompts(prompts) }, seen)
  }

  async saveSweep(sweep: SweepDocument): Promise<void> {
    await this.project.change(async () => {
      await SWEEPS.write(this.folder, sweep)
      await this.#runs.sweep.save(await summarizeStored(sweep, this.folder))
      this.project.notifySubscribers()
    })
  }

  async readSweep(id: string): Promise<SweepDocument> {
    return SWEEPS.read(this.folder, id)
  }

  /** Reads a sweep without the scores of each prompt, except those of base and post. */
  async readShownSweep(id: string): Promise<ShownSweep> {
    return SWEEPS.readShown(this.folder, id)
  }

  /** Reads the scores of one model on each prompt; null without scores. @param model key of the model */
  async readPromptScores(id: string, model: string): Promise<PromptScore[] | null> {
    return SWEEPS.readPromptScores(this.folder, id, model)
  }

  async saveSearch(search: SearchDocument): Promise<void> {
    await this.project.change(async () => {
      await SEARCHES.write(this.folder, search)
      await this.#runs.search.save(summarizeSearch(search))
      this.project.notifySubscribers()
    })
  }

  get searches(): readonly SearchSummary[] {
    return this.#runs.search.runs
  }

  /** Reads a search that started from a sweep; null if there is none. @param id the latest search by default */
  async readSearch(sweepId: string, id?: string): Promise<SearchDocument | null> {
    const summary = this.searches.find((search) => search.sweepId === sweepId && search.id === (id ?? search.id))
    return summary === undefined ? null : SEARCHES.read(this.folder, summary.id)
  }

  saveLineage(lineage: LineageDocument): Promise<void> {
    return this.project.change(() => LINEAGE.write(this.folder, lineage))
  }

  /** Reads the newest lineage; null for none. @throws WorkbenchError `bad-file` or `newer-version` */
  readLineage(): Promise<LineageDocument | null> {
    return LINEAGE.read(this.folder)
  }

  async saveAnswerCheck(check: AnswerCheck): Promise<void> {
    await this.project.change(async () => {
      await ANSWER_CHECKS.write(this.folder, check)
      // A check that is saved together with its sweep is stored first, and has no run to update yet.
      if (this.#runs.sweep.find(check.sweepId) === undefined) return
      await this.#runs.sweep.save(await summarizeChecked(await this.readSweep(check.sweepId), check))
    })
    this.#savedChecks += 1
    this.project.notifySubscribers()
  }

  async readAnswerCheck(sweepId: string): Promise<AnswerCheck | null> {
    return ANSWER_CHECKS.readIfAny(this.folder, sweepId)
  }
}

/** Changes the rendering of prompts. A few-shot format of undefined keeps the earlier one, and null removes it. */
function changedRendering(
  { fewShot: before, ...others }: Rendering,
  { fewShot = before, ...changes }: RenderingChanges
): Rendering {
  return { ...others, ...definedFields(changes), ...(fewShot && { fewShot }) }
}

/** Validates prompts before they are saved. @throws WorkbenchError `bad-input` naming the wrong field */
export const savedPrompts = (prompts: unknown): CrcPrompts => parseSaved(CrcPrompts, prompts, 'prompts')

export const savedSamplePrompts = (prompts: unknown): SamplePrompts =>
  parseSaved(SamplePrompts, prompts, 'sample prompts')

function parseSaved<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  return requireValid(schema.safeParse(value), (issue) => inputError(`The ${what} cannot be saved: ${issue}`))
}
