import { READ_ONLY } from '../../app/state-words'
import type { PairId } from '../../../contract/documents/project'
import { ON_CPU } from '../../../contract/documents/samples'
import type { Task } from '../../../contract/documents/task'
import type { QueuedJob, WorkListState } from '../../../contract/work/work-list'
import { chooseComputation, type ComputationDraft, computingOf, draftOfComputing } from '../../answers/computation'
import { Subscription } from '../../app/subscription.svelte'
import { readStored, storeText } from '../../ui/browser-storage'
import type { OpenProject } from '../../app/open-project.svelte'

type NewWork = Pick<QueuedJob, 'work' | 'taskName'>

/** The queue of all pairs and the newest study, as main reports them. */
export class WorkList {
  /** Null until main has answered. */
  state = $state.raw<WorkListState | null>(null)
  /** Pairs that the last request for sweeps did not queue, because they have a full sweep; null for none. */
  alreadySwept = $state.raw<{ ids: readonly PairId[]; names: readonly string[]; added: NewWork } | null>(null)
  /** Settings for computing the answers of the next evaluations. */
  computation = $state.raw<ComputationDraft>(draftOfComputing(ON_CPU))
  /** Task of the next evaluations, remembered by the page; null until the user chooses one. */
  taskId = $state<string | null>(null)
  /** Pairs that cannot be computed, with the reasons. */
  readonly unusablePairs = $derived.by(() =>
    this.project.state.pairs.flatMap(({ name, unusable }) => (unusable === null ? [] : [{ name, why: unusable }]))
  )
  /** The reason why no job can be queued; null if one can. */
  readonly blocked = $derived.by(() => {
    if (!this.project.writable) return READ_ONLY
    return this.unusablePairs.length < this.project.state.pairs.length ? null : 'No pair can be computed.'
  })
  private readonly storedAs: string
  private readonly subscription = new Subscription(() => this.project)

  constructor(private readonly project: OpenProject) {
    this.storedAs = `slr-queue-task ${project.path}`
  }

  /** Follows the work. Called when the project is opened and after every reconnect. */
  attach(): Promise<unknown> {
    const { client, path } = this.project
    this.taskId ??= readStored(this.storedAs, 'session')
    return this.subscription.follow(
      (signal) => client.work.watch({ path }, { signal }),
      (state) => (this.state = state)
    )
  }

  /** Queues a sweep or a preview of each pair with the pair's settings. */
  sweepAll({ preview }: { preview: boolean }): Promise<boolean> {
    return this.add({ work: { kind: 'sweep', settings: { preview } }, taskName: null })
  }

  /** Queues the last request again for the pairs that have a full sweep. */
  async sweepAgain(): Promise<void> {
    if (this.alreadySwept === null) return
    const { added, ids } = this.alreadySwept
    await this.attempt(async ({ path, client }) => {
      await client.work.add({ path, pairs: [...ids], ...added, again: true })
      this.alreadySwept = null
    })
  }

  /** Chooses the task of the next evaluations. */
  chooseTask(id: string): void {
    this.taskId = id
    storeText(this.storedAs, id, 'session')
  }

  /** Changes settings for computing the answers of the next evaluations. */
  compute(choice: Partial<ComputationDraft>): void {
    this.computation = chooseComputation(this.computation, choice)
  }

  /** Queues an evaluation of each pair by a task. */
  evaluateAll({ id, name }: Pick<Task, 'id' | 'name'>): Promise<boolean> {
    const settings = { task: id, ...computingOf(this.computation) }
    return this.add({ work: { kind: 'evaluate', settings }, taskName: name })
  }

  /** @param by the number of positions, negative for earlier */
  async move(id: string, by: number): Promise<void> {
    const index = (this.state?.jobs ?? []).findIndex((job) => job.id === id) + by
    await this.attempt(({ path, client }) => client.work.move({ path, id, position: Math.max(0, index) }))
  }

  async remove(id: string): Promise<void> {
    await this.attempt(({ path, client }) => client.work.remove({ path, id }))
  }

  async retry(id: string): Promise<void> {
    await this.attempt(({ path, client }) => client.work.retry({ path, id }))
  }

  async pause(paused: boolean): Promise<void> {
    await this.attempt(({ path, client }) => client.work.pause({ path, paused }))
  }

  /** @returns whether the jobs were queued */
  private add(added: NewWork): Promise<boolean> {
    const { pairs } = this.project.state
    const usable = pairs.flatMap(({ id, unusable }): PairId[] => (unusable === null ? [id] : []))
    return this.attempt(async ({ path, client }) => {
      const { leftOut } = await client.work.add({ path, pairs: usable, ...added })
      const names = pairs.flatMap(({ id, name }) => (leftOut.includes(id) ? [name] : []))
      this.alreadySwept = names.length === 0 ? null : { ids: leftOut, names, added }
    })
  }

  private async attempt(call: (project: OpenProject) => Promise<void>): Promise<boolean> {
    const { project } = this
    return (await project.attempt(() => call(project).then(() => true))) ?? false
  }
}
