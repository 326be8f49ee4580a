import type { RunChange } from '../../base/files/serial-queue'
import { newestFirst } from '../../base/files/newest-first'
import type { Listed, RunSummaries } from '../documents/run-summaries'

/** Storage of a pair's runs of one kind, with the functions that change it. */
export interface RunStorage<Summary extends Listed> {
  readonly folder: string
  readonly change: RunChange
  /** Notifies listeners of a change of the list or a run's document. */
  readonly notify: () => void
  readonly list: RunList<Summary>
  readonly isPinned: (id: string) => boolean
}

/** The summaries of a pair's runs of one kind, in memory and on disk. */
export class RunList<Summary extends Listed> {
  #runs: readonly Summary[]

  constructor(
    private readonly folder: string,
    private readonly summaries: Pick<RunSummaries<never, Summary>, 'read' | 'write'>,
    runs: readonly Summary[]
  ) {
    this.#runs = runs
  }

  /** Newest first. */
  get runs(): readonly Summary[] {
    return this.#runs
  }

  replaceRuns(runs: readonly Summary[]): void {
    this.#runs = runs
  }

  find(id: string): Summary | undefined {
    return this.#runs.find((run) => run.id === id)
  }

  /** Adds or replaces a summary, also on disk. */
  async save(summary: Summary): Promise<void> {
    this.setInMemory(summary)
    await this.summaries.write(this.folder, summary)
  }

  /** Adds or replaces a summary in memory only. Its file is written later, or computed again at the next opening. */
  setInMemory(summary: Summary): void {
    this.#runs = newestFirst([...this.#runs.filter(({ id }) => id !== summary.id), summary])
  }

  /** Removes a run from the list. The caller removes its files. */
  drop(id: string): void {
    this.#runs = this.#runs.filter((run) => run.id !== id)
  }

  /** Adds a run whose files were restored from the trash. @throws WorkbenchError if its document cannot be read */
  async addRestored(id: string): Promise<void> {
    this.setInMemory(await this.summaries.read(this.folder, id, true))
  }
}
