import type { PairId } from '../../contract/documents/project'
import type { QueuedWork, QueueState } from '../../contract/documents/queue'
import type { Task } from '../../contract/documents/task'
import { ON_CPU } from '../../contract/documents/samples'
import {
  chooseComputation,
  type ComputationDraft,
  computingOf,
  draftOfComputing
} from '../answers/computation'
import { Subscription } from '../app/subscription'
import type { OpenProject } from '../app/open-project.svelte'

/** The jobs that wait in line over the project's pairs, as main tells of them. */
export class PairQueue {
  /** Null until it is known. */
  state = $state.raw<QueueState | null>(null)
  /** Pairs that were left out of the sweeps asked for last, for they have a whole one of the same; null where none was. */
  leftOut = $state.raw<{ ids: readonly PairId[]; names: readonly string[]; work: QueuedWork } | null>(null)
  /** Where and how the answers of the next evaluations are computed. */
  computation = $state.raw<ComputationDraft>(draftOfComputing(ON_CPU))
  /** By what the next evaluations are, as this page keeps it; null until the user chooses. */
  taskId = $state<string | null>(null)
  /** Pairs of which nothing can be computed, with the reasons. */
  readonly unusable = $derived.by(() =>
    this.project.state.pairs.flatMap(({ name, unusable }) =>
      unusable === null ? [] : [{ name, why: unusable }]
    )
  )
  /** Why nothing can be put in line; null when something can. */
  readonly blocked = $derived.by(() => {
    if (!this.project.writable) return 'The project can only be read.'
    return this.unusable.length < this.project.state.pairs.length ? null : 'No pair can be computed.'
  })
  private readonly storedAs: string
  private readonly following: Subscription

  constructor(private readonly project: OpenProject) {
    this.following = new Subscription(project)
    this.storedAs = `slr-queue-task ${project.path}`
  }

  /** Follows the line, when the project is opened and whenever the connection was made anew. */
  attach(): Promise<void> {
    const { client, path } = this.project
    this.taskId ??= this.storedTask()
    return this.following.follow(
      (signal) => client.queue.watch({ path }, { signal }),
      (state) => (this.state = state)
    )
  }

  /** Puts a sweep of each pair in line, or a preview, as each is set. */
  sweepAll({ preview }: { preview: boolean }): Promise<boolean> {
    return this.add({ kind: 'sweep', preview })
  }

  /** Has those that were left out computed all the same. */
  async sweepLeftOut(): Promise<void> {
    const { leftOut } = this
    if (leftOut === null) return
    const { work, ids } = leftOut
    await this.ask(async ({ path, client }) => {
      await client.queue.add({ path, pairs: [...ids], work, again: true })
      this.leftOut = null
    })
  }

  private storedTask(): string | null {
    try {
      return sessionStorage.getItem(this.storedAs)
    } catch {
      return null
    }
  }

  /** Chooses by what the next evaluations are. */
  chooseTask(id: string): void {
    this.taskId = id
    try {
      sessionStorage.setItem(this.storedAs, id)
    } catch {
      // A full store: known until the page is left.
    }
  }

  compute(choice: Partial<ComputationDraft>): void {
    this.computation = chooseComputation(this.computation, choice)
  }

  /** Puts an evaluation by a task in line for each pair, of what each offers by then. */
  evaluateAll({ id, name }: Pick<Task, 'id' | 'name'>): Promise<boolean> {
    return this.add({ kind: 'evaluation', task: { id, name }, computing: computingOf(this.computation) })
  }

  /** @param by how many places, earlier when negative */
  async move(id: string, by: number): Promise<void> {
    const place = (this.state?.jobs ?? []).findIndex((job) => job.id === id) + by
    await this.ask(({ path, client }) => client.queue.move({ path, id, place: Math.max(0, place) }))
  }

  async remove(id: string): Promise<void> {
    await this.ask(({ path, client }) => client.queue.remove({ path, id }))
  }

  async retry(id: string): Promise<void> {
    await this.ask(({ path, client }) => client.queue.retry({ path, id }))
  }

  async pause(paused: boolean): Promise<void> {
    await this.ask(({ path, client }) => client.queue.pause({ path, paused }))
  }

  /** @returns whether they wait */
  private add(work: QueuedWork): Promise<boolean> {
    const { pairs } = this.project.state
    const usable = pairs.flatMap(({ id, unusable }): PairId[] => (unusable === null ? [id] : []))
    return this.ask(async ({ path, client }) => {
      const { leftOut } = await client.queue.add({ path, pairs: usable, work })
      const names = pairs.flatMap(({ id, name }) => (leftOut.includes(id) ? [name] : []))
      this.leftOut = names.length === 0 ? null : { ids: leftOut, names, work }
    })
  }

  private async ask(call: (project: OpenProject) => Promise<void>): Promise<boolean> {
    const { project } = this
    return (await project.attempt(() => call(project).then(() => true))) ?? false
  }
}
