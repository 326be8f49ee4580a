import { shortName } from '../ui/short-name'
import type {
  DeletedRun,
  HistoryRun,
  RunKey,
  RunAnnotationChanges,
  RunAnnotations
} from '../../contract/documents/history'
import { type RunKind, runKindFacts } from '../../contract/model/run-kinds'
import { runTitle } from '../../contract/words/run-words'
import type { OpenProject } from '../app/open-project.svelte'

export type RunFilter = 'all' | RunKind | 'deleted'

/** The runs of the shown pair, with their names, notes and pins. */
export class Runs {
  filter = $state<RunFilter>('all')
  readonly all = $derived.by<readonly HistoryRun[]>(() => this.project.state.history.runs)
  readonly deleted = $derived.by<readonly DeletedRun[]>(() => this.project.state.history.deleted)
  /** Runs that the filter shows, pinned ones first. */
  readonly filtered = $derived.by<readonly HistoryRun[]>(() =>
    this.all.filter(({ kind }) => this.filter === 'all' || this.filter === kind)
  )

  constructor(private readonly project: OpenProject) {}

  /** Returns the shortened name of a run as a prefix for lists; empty if it has none. */
  prefix(kind: RunKind, id: string): string {
    const name = this.find({ kind, id })?.name ?? ''
    return name === '' ? '' : `${shortName(name)}, `
  }

  count(filter: RunFilter): number {
    if (filter === 'deleted') return this.deleted.length
    return filter === 'all' ? this.all.length : this.all.filter(({ kind }) => kind === filter).length
  }

  async rename(run: HistoryRun, name: string): Promise<void> {
    const to = name.trim()
    if (to !== run.name) await this.annotate(run, `rename ${called(run)}`, { name: to })
  }

  async note(run: HistoryRun, note: string): Promise<void> {
    if (note !== run.note) await this.annotate(run, `note on ${called(run)}`, { note })
  }

  async pin(run: HistoryRun): Promise<void> {
    const { pinned } = run
    await this.annotate(run, `${pinned ? 'unpin' : 'pin'} ${called(run)}`, { pinned: !pinned })
  }

  /** Deletes a run. Can be undone. */
  async delete(run: HistoryRun): Promise<void> {
    const { deleting, client } = this.project
    deleting.add(run.id)
    await this.project.do(`delete ${called(run)}`, (here) => client.history.delete({ ...here, run: keyOf(run) }), {
      message: `Deleted ${called(run)}`
    })
    deleting.delete(run.id)
  }

  async restore({ deletion }: DeletedRun): Promise<void> {
    await this.project.save((here) => this.project.client.history.restore({ ...here, deletion }))
  }

  /** Deletes a run for good. Cannot be undone. */
  async destroy({ deletion }: DeletedRun): Promise<void> {
    await this.project.save((here) => this.project.client.history.destroy({ ...here, deletion }))
  }

  private async annotate(run: HistoryRun, what: string, changes: RunAnnotationChanges): Promise<void> {
    await this.project.do(what, async (here, seen) => {
      // A note may be saved twice, when edits are flushed and when its field loses the focus. The second save is
      // skipped.
      const current = this.find(run)
      if (current === undefined || has(current, changes)) return { ...this.project.state, change: null }
      return this.project.client.history.annotate({ ...here, seen, run: keyOf(run), changes })
    })
  }

  private find({ kind, id }: RunKey): HistoryRun | undefined {
    return this.all.find((run) => run.kind === kind && run.id === id)
  }
}

const keyOf = ({ kind, id }: RunKey): RunKey => ({ kind, id })

const called = (run: HistoryRun): string => `the ${runKindFacts(run.kind).one} “${runTitle(run)}”`

const has = (current: RunAnnotations, { name, note, pinned }: RunAnnotationChanges): boolean =>
  (name === undefined || name === current.name) &&
  (note === undefined || note === current.note) &&
  (pinned === undefined || pinned === current.pinned)
