import type { RunChange } from '../../base/files/serial-queue'
import { newestFirst } from '../../base/files/newest-first'
import type { Listed, RunSummaries } from '../documents/run-summaries'

/** What a pair's runs of one kind, which have answers beside them, are kept with. */
export interface KeptRuns<Summary extends Listed> {
  /** Of the pair. */
  readonly folder: string
  readonly change: RunChange
  /** Hears when the list has changed, or what is stored of a run besides its answers. */
  readonly tell: () => void
  readonly list: RunList<Summary>
  /** Whether the user wants a run kept whatever becomes of it. */
  readonly isPinned: (id: string) => boolean
}

/** The runs of one kind that a pair has, as lists show them. */
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

  /** Takes the list as another program has left it. */
  take(runs: readonly Summary[]): void {
    this.#runs = runs
  }

  find(id: string): Summary | undefined {
    return this.#runs.find((run) => run.id === id)
  }

  /** Takes a run, or what has become of it, and writes that down beside its document. */
  async put(summary: Summary): Promise<void> {
    this.note(summary)
    await this.summaries.write(this.folder, summary)
  }

  /** Takes what has become of a run; beside its document it is noted later, or made again. */
  note(summary: Summary): void {
    this.#runs = newestFirst([...this.#runs.filter(({ id }) => id !== summary.id), summary])
  }

  drop(id: string): void {
    this.#runs = this.#runs.filter((run) => run.id !== id)
  }

  /** Takes a run whose files are in their place again. @throws WorkbenchError as the reading of its document */
  async bringBack(id: string): Promise<void> {
    this.note(await this.summaries.read(this.folder, id, true))
  }
}
