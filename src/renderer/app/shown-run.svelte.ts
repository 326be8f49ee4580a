import type { ProjectState } from '../../contract/documents/project'
import type { RunKind } from '../../contract/model/run-kinds'
import { Latest } from './latest.svelte'
import type { OpenProject } from './open-project.svelte'

/**
 * The stored run that a step shows, and the run that it is reading to show next. `Stored` is a run with its results.
 */
export abstract class ShownRun<Stored extends object> {
  protected readonly reading = new Latest<string>(() => this.project.left)
  private newestSeen: string | null = null
  /** Id of the run that is being read; null for none. */
  readonly opening = $derived.by(() => this.reading.awaited)
  /** Id of the run that is shown by default; null for none. */
  readonly newest = $derived.by(() => this.inOrder(this.project.state)[0]?.id ?? null)
  /** Id of the run that is read or else shown; null for none. */
  readonly current = $derived.by(() => this.opening ?? this.shownId)
  abstract readonly busy: boolean

  protected constructor(
    protected readonly project: OpenProject,
    private readonly kind: RunKind
  ) {}

  protected abstract get shownId(): string | null

  /** Returns the runs of a state. The first one is shown by default. */
  protected abstract inOrder(state: ProjectState): readonly { id: string }[]

  protected abstract read(id: string, signal: AbortSignal): Promise<Stored>

  /** Shows a run that was read. */
  protected abstract setShown(stored: Stored): void

  /** Clears the view after the last run was deleted. */
  protected abstract clear(): void

  /** Reads data that the view shows in addition to the run. */
  protected abstract readMore(stored: Stored): Promise<void> | void

  /** Reads and shows a run. @returns null if reading failed, or another run was requested meanwhile */
  async show(id: string): Promise<Stored | null> {
    const stored = await this.project.attempt(() =>
      this.reading.apply(
        id,
        (signal) => this.read(id, signal),
        (answer) => {
          this.setShown(answer)
          this.newestSeen = this.newest
        }
      )
    )
    if (stored !== null) await this.readMore(stored)
    return stored
  }

  /**
   * Shows the newest run unless it was shown before, such as a run that ended while the connection was lost.
   *
   * @param wanted id of another run to show; null for the newest
   */
  protected async showUnseen(wanted: string | null): Promise<Stored | null> {
    const { newest, current } = this
    const isStored = this.inOrder(this.project.state).some(({ id }) => id === wanted)
    if (wanted !== null && wanted !== current && isStored) {
      // The newest run counts as seen, because the user wants another one.
      this.newestSeen = newest
      return this.show(wanted)
    }
    const isSeen = newest === current || (newest === this.newestSeen && current !== null)
    return newest === null || isSeen ? null : this.show(newest)
  }

  /**
   * Shows a new run, or the newest instead of a vanished one. Reads a run again that changed without a job of this
   * window. @returns false if the shown run stays
   */
  protected followList(state: ProjectState, before: ProjectState): boolean {
    const next = this.project.nextShown(this.kind, this.current, this.inOrder(state), this.inOrder(before))
    const { shownId } = this
    const summaryIn = (of: ProjectState): string => JSON.stringify(this.inOrder(of).find(({ id }) => id === shownId))
    const isStale = state.writer === null && this.opening === null && summaryIn(state) !== summaryIn(before)
    if (this.busy || (next === undefined && !isStale)) return false
    const nextId = next === undefined ? shownId : next
    if (nextId === null) this.clear()
    else void this.show(nextId)
    return true
  }
}
