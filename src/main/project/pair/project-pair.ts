import type { AnswerCheck } from '../../../contract/documents/answer-check'
import { CrcPrompts, type PromptScore, type SweepDocument } from '../../../contract/documents/crc'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import type { RunKind } from '../../../contract/documents/history'
import { describeIssue, WorkbenchError } from '../../../contract/model/problem'
import type {
  PairChanges,
  PairCheckpoints,
  PairDocument,
  PairId,
  ProjectWriter,
  SavedCounts,
  SweepSummary
} from '../../../contract/documents/project'
import type { SearchDocument, SearchSummary } from '../../../contract/documents/search'
import type { SamplePrompts } from '../../../contract/documents/task'
import type { RunChange } from '../../base/files/serial-queue'
import type { PairResults } from './pair-results'
import type { ProjectQueue } from './project-queue'
import type { ProjectReadings } from './project-readings'
import { ProjectEvaluations } from './project-evaluations'
import { ProjectSamples } from './project-samples'
import { removeOwnPrompts, writePrompts } from '../documents/project-file'
import type { ProjectTasks } from './project-tasks'
import { EVALUATION_SUMMARIES } from '../documents/evaluation-files'
import { type PairRuns, RunHistory } from './pair-history'
import { RunList } from '../runs/run-list'
import { SAMPLE_SUMMARIES } from '../documents/sample-files'
import { SEARCH_SUMMARIES, summarizeSearch } from '../documents/search-files'
import { ANSWER_CHECKS, SEARCHES } from '../documents/stored-documents'
import { SWEEPS } from '../documents/sweep-store'
import { summarizeChecked, summarizeStored, SWEEP_SUMMARIES } from '../documents/sweep-files'

/** What a pair has of the project that it is in. */
export interface ProjectOfPair {
  readonly path: string
  readonly name: string
  readonly notes: string
  readonly createdAt: string
  readonly revision: number
  readonly readOnly: string | null
  readonly writer: ProjectWriter | null
  readonly warnings: readonly string[]
  /** In the order of the list. */
  readonly pairs: readonly ProjectPair[]
  /** @throws WorkbenchError `not-found` when the project has it no more */
  pair(id: PairId): ProjectPair
  readonly prompts: CrcPrompts
  readonly samplePrompts: SamplePrompts | null
  readonly tasks: ProjectTasks
  readonly readings: ProjectReadings
  readonly queue: ProjectQueue
  readonly savedTasks: number
  /** As it is, or as it was when it was removed. */
  documentOf(id: PairId): PairDocument
  /**
   * Changes the document of a pair by what it is when it is the change's turn.
   *
   * @param fields what is set as a whole, as `Revisions` names it within the pair
   * @returns the revision that was written, to undo it; null if nothing changed
   * @param seen the revision of the project that whoever asks for it knows; undefined: the one there is
   */
  editPair(
    id: PairId,
    fields: readonly string[],
    seen: number | undefined,
    change: (document: PairDocument) => Partial<PairDocument>
  ): Promise<number | null>
  /** Runs a change of the project's files. */
  readonly change: RunChange
  savePrompts(prompts: CrcPrompts, seen?: number): Promise<void>
  /** Counts a change of values that lie beside the document, and writes them. @param fields see `editPair` */
  saveBeside(fields: readonly string[], seen: number | undefined, write: () => Promise<void>): Promise<void>
  /** Tells whoever shows the project that it has changed. */
  tell(): void
  close(): Promise<void>
}

/** A pair of an open project: what is set for it, and its results. */
export class ProjectPair {
  readonly samples: ProjectSamples
  readonly evaluations: ProjectEvaluations
  /** Where its results lie. */
  readonly folder: string
  /** All its runs, with their names and notes, and those that were deleted. */
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
    this.history = new RunHistory(folder, runs, history, (fields, seen, write) =>
      project.saveBeside(
        fields.map((field) => `${id}/${field}`),
        seen,
        write
      )
    )
    const kept = (kind: RunKind) => ({
      folder,
      change: project.change,
      tell: () => project.tell(),
      isPinned: (id: string) => this.history.marksOf({ kind, id }).pinned
    })
    this.samples = new ProjectSamples({ ...kept('samples'), list: runs.samples })
    this.evaluations = new ProjectEvaluations({ ...kept('evaluation'), list: runs.evaluation })
  }

  /** Takes the results that another program has made. */
  take({ sweeps, searches, sampleRuns, evaluations, history, prompts }: PairResults): void {
    this.#prompts = prompts
    this.#savedChecks += 1
    this.#runs.sweep.take(sweeps)
    this.#runs.search.take(searches)
    this.#runs.samples.take(sampleRuns)
    this.#runs.evaluation.take(evaluations)
    this.history.take(history)
  }

  get document(): PairDocument {
    return this.project.documentOf(this.id)
  }

  /** How messages name it: by the project, and where that has several pairs, by which of them. */
  get title(): string {
    const { name, pairs } = this.project
    return pairs.length === 1 ? name : `${name}, ${this.document.name}`
  }

  /** Tells it from the pairs of all projects. */
  get key(): string {
    return `${this.id} ${this.project.path}`
  }

  /** Why changes cannot be saved; null when they can. */
  get readOnly(): string | null {
    return this.project.readOnly
  }

  /** Of the character task: its own, or those that the project's pairs share. */
  get prompts(): CrcPrompts {
    return this.#prompts ?? this.project.prompts
  }

  /** Null where it uses those that the project's pairs share. */
  get ownPrompts(): CrcPrompts | null {
    return this.#prompts
  }

  /** How often what this object does not hold was saved. */
  get saved(): SavedCounts {
    return { answerChecks: this.#savedChecks, tasks: this.project.savedTasks }
  }

  /** Newest first. */
  get sweeps(): readonly SweepSummary[] {
    return this.#runs.sweep.runs
  }

  /**
   * Sets values.
   *
   * @param seen the revision that whoever asks for it knows; left out: the one there is
   * @throws WorkbenchError `bad-input` naming the field that is wrong; `stale` when one of the values changed since; `read-only`
   */
  async update(changes: PairChanges, seen?: number): Promise<number | null> {
    const { rendering = {}, settings = {}, ...values } = changes
    const fields = [
      ...Object.keys(given(values)),
      ...Object.keys(given(rendering)).map((field) => `rendering.${field}`),
      ...Object.keys(given(settings)).map((field) => `settings.${field}`)
    ]
    return this.project.editPair(this.id, fields, seen, (document) => ({
      ...given(values),
      rendering: { ...document.rendering, ...given(rendering) },
      settings: { ...document.settings, ...given(settings) }
    }))
  }

  /**
   * Changes lists of the pair by what they hold when it is the change's turn, so that no change made elsewhere is lost.
   *
   * @throws WorkbenchError whatever `change` throws; `bad-input` naming the field that is wrong; `read-only`
   */
  async edit(change: (document: PairDocument) => Partial<PairDocument>): Promise<number | null> {
    return this.project.editPair(this.id, [], undefined, change)
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
    change: (document: PairDocument) => Partial<PairDocument>
  ): Promise<number | null> {
    return this.project.editPair(this.id, [`recipes.${id}`], seen, change)
  }

  /** Names other folders as those of the pair, whose checkpoints are still to be seen. @throws WorkbenchError `bad-input` for the built-in pair; `read-only` */
  async relocate(base: string, post: string): Promise<void> {
    await this.edit(({ location }) => {
      if (location.kind !== 'demo') return { location: { kind: 'folders', base, post }, checkpoints: null }
      throw new WorkbenchError(
        'bad-input',
        'The built-in pair comes with the program: it cannot be relocated.'
      )
    })
  }

  /** Takes these checkpoints for the pair's own. @throws WorkbenchError `read-only` */
  async rememberCheckpoints(checkpoints: PairCheckpoints): Promise<void> {
    await this.edit(() => ({ checkpoints }))
  }

  /** Saves the prompts that the pair uses. @throws WorkbenchError as `Project.savePrompts` */
  async savePrompts(prompts: CrcPrompts, seen?: number): Promise<void> {
    if (this.#prompts === null) await this.project.savePrompts(prompts, seen)
    else await this.#saveOwnPrompts(savedPrompts(prompts), seen)
  }

  /** Gives the pair prompts of its own; null has it use the project's. @throws WorkbenchError `bad-input`, `read-only` */
  async useOwnPrompts(prompts: CrcPrompts | null): Promise<void> {
    await this.#saveOwnPrompts(prompts === null ? null : savedPrompts(prompts), undefined)
  }

  async #saveOwnPrompts(prompts: CrcPrompts | null, seen: number | undefined): Promise<void> {
    await this.project.saveBeside([`${this.id}/prompts`], seen, async () => {
      if (prompts === null) await removeOwnPrompts(this.folder)
      else await writePrompts(this.folder, prompts)
      this.#prompts = prompts
    })
  }

  /** Adds a sweep, or replaces the one of the same id. @throws WorkbenchError `bad-input`, `read-only` */
  async saveSweep(sweep: SweepDocument): Promise<void> {
    await this.project.change(async () => {
      await SWEEPS.write(this.folder, sweep)
      await this.#runs.sweep.put(await summarizeStored(sweep, this.folder))
      this.project.tell()
    })
  }

  /** @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
  async readSweep(id: string): Promise<SweepDocument> {
    return SWEEPS.read(this.folder, id)
  }

  /** Reads a sweep without the scores of each prompt, except those of base and post. @throws WorkbenchError as {@link readSweep} */
  async readShownSweep(id: string): Promise<ShownSweep> {
    return SWEEPS.readShown(this.folder, id)
  }

  /**
   * Reads the scores of each prompt that a sweep gave one model.
   *
   * @param model key of the model
   * @returns null if the sweep scored no such model
   * @throws WorkbenchError as {@link readSweep}
   */
  async readPromptScores(id: string, model: string): Promise<PromptScore[] | null> {
    return SWEEPS.readPromptScores(this.folder, id, model)
  }

  /** Keeps a search. @throws WorkbenchError `bad-input`, `read-only` */
  async saveSearch(search: SearchDocument): Promise<void> {
    await this.project.change(async () => {
      await SEARCHES.write(this.folder, search)
      await this.#runs.search.put(summarizeSearch(search))
      this.project.tell()
    })
  }

  /** Of all sweeps, newest first. */
  get searches(): readonly SearchSummary[] {
    return this.#runs.search.runs
  }

  /**
   * A search from a sweep; null when there is none.
   *
   * @param id of one; left out: the latest
   * @throws WorkbenchError `bad-file` or `newer-version`
   */
  async readSearch(sweepId: string, id?: string): Promise<SearchDocument | null> {
    const found = this.searches.find(
      (search) => search.sweepId === sweepId && search.id === (id ?? search.id)
    )
    return found === undefined ? null : SEARCHES.read(this.folder, found.id)
  }

  /** Keeps a check on whole answers, in place of an earlier one of the same sweep. @throws WorkbenchError `bad-input`, `read-only` */
  async saveAnswerCheck(check: AnswerCheck): Promise<void> {
    await this.project.change(async () => {
      await ANSWER_CHECKS.write(this.folder, check)
      // One that comes with its sweep is kept first.
      if (this.#runs.sweep.find(check.sweepId) === undefined) return
      await this.#runs.sweep.put(await summarizeChecked(await this.readSweep(check.sweepId), check))
    })
    this.#savedChecks += 1
    this.project.tell()
  }

  /** The check of a sweep on whole answers; null when there is none. @throws WorkbenchError `bad-file` or `newer-version` */
  async readAnswerCheck(sweepId: string): Promise<AnswerCheck | null> {
    return ANSWER_CHECKS.readIfAny(this.folder, sweepId)
  }
}

/** A field that is present but undefined, as the bridge may deliver it, is a field that was not given. */
export const given = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** @throws WorkbenchError `bad-input` naming the field that is wrong */
export function savedPrompts(prompts: CrcPrompts): CrcPrompts {
  const parsed = CrcPrompts.safeParse(prompts)
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-input', `The prompts cannot be saved: ${describeIssue(parsed.error)}`)
}
