import type { PairBrief, PairId } from '../../../contract/documents/project'
import { plural } from '../../../contract/words/format'
import type { Host } from '../../app/host'
import type { OpenProject } from '../../app/open-project.svelte'
import type { WorkList } from './work-list.svelte'

/** The pairs of the open project and the operations on them. */
export class Pairs {
  readonly list = $derived.by<readonly PairBrief[]>(() => this.project.state.pairs)
  readonly shownId: PairId

  constructor(
    private readonly project: OpenProject,
    private readonly work: WorkList
  ) {
    this.shownId = project.here.pair
  }

  async show(id: PairId): Promise<void> {
    if (id !== this.shownId) await this.project.host.showPair(id)
  }

  /** Adds a pair of two model folders and shows it. @returns true if it is shown */
  async add(base: string, post: string, name: string): Promise<boolean> {
    const { client, path } = this.project
    const answer = await this.project.attempt(() => client.pairs.add({ path, base, post, name }))
    return this.showAdded(answer, 'add')
  }

  /** Adds a copy of a pair with its settings and shows it. @returns true if it is shown */
  async duplicate(id: PairId): Promise<boolean> {
    const { client, path } = this.project
    const answer = await this.project.attempt(() => client.pairs.duplicate({ path, pair: id }))
    return this.showAdded(answer, 'duplicate')
  }

  async rename(id: PairId, name: string): Promise<void> {
    const before = this.nameOf(id)
    const to = name.trim()
    if (to === '' || to === before) return
    const { client, path } = this.project
    await this.change(id, `rename the pair “${before}”`, () => client.pairs.rename({ path, pair: id, name: to }))
  }

  /** @param target the new index in the list without the pair */
  async move(id: PairId, target: number): Promise<void> {
    const source = this.indexOf(id)
    if (source === target || target < 0 || target >= this.list.length) return
    const { client, path } = this.project
    await this.change(id, `move the pair “${this.nameOf(id)}”`, () =>
      client.pairs.move({ path, pair: id, position: target })
    )
  }

  /** Returns why a pair cannot be removed; null if it can. */
  whyNotRemoved({ name, running }: PairBrief): string | null {
    if (this.list.length === 1) return 'A project has at least one pair.'
    return running.length === 0 ? null : `Something of ${name} is running.`
  }

  /** Removes a pair and its queued jobs. If the pair is shown, its neighbour is shown first. */
  async remove(id: PairId): Promise<void> {
    const queued = this.work.state?.jobs.filter(({ pair }) => pair === id).length ?? 0
    const { host, path } = this.project
    const [index, name] = [this.indexOf(id), this.nameOf(id)]
    const next = this.list[index + 1] ?? this.list[index - 1]
    if (next === undefined || (id === this.shownId && !(await host.showPair(next.id)))) return
    try {
      const { change } = await host.client.pairs.remove({ path, pair: id })
      if (change !== null) recordRemoval(host, name, change, queued)
    } catch (error) {
      host.complainOf(error)
    }
  }

  private async change(pair: PairId, what: string, call: () => Promise<{ change: number | null }>): Promise<void> {
    const answer = await this.project.attempt(call)
    if (answer !== null && answer.change !== null) this.project.history.record({ what, pair, changes: [answer.change] })
  }

  /** Shows a pair that was added and records the change. @returns false if it was not added or cannot be shown */
  private async showAdded(answer: { added: PairId; change: number | null } | null, verb: string): Promise<boolean> {
    if (answer === null) return false
    const { host } = this.project
    const { added, change } = answer
    if (!(await host.showPair(added))) return false
    if (host.session === null || change === null) return true
    const { history, state } = host.session
    const { name } = state.document
    history.record({
      what: `${verb} the pair “${name}”`,
      message: `Added the pair “${name}”`,
      changes: [change],
      follow: async (_undo, removal) => {
        // The history of the pair vanishes with it, so the other pair's history has the way back.
        if (await host.showPair(this.shownId)) recordRemoval(host, name, removal)
      }
    })
    return true
  }

  private indexOf(id: PairId): number {
    return this.list.findIndex((pair) => pair.id === id)
  }

  private nameOf(id: PairId): string {
    return this.list.find((pair) => pair.id === id)?.name ?? id
  }
}

/** Records the removal of a pair in the history of the pair that is shown now. @param queued its jobs in the queue */
function recordRemoval(host: Host, name: string, change: number, queued = 0): void {
  host.session?.history.record({
    what: `remove the pair “${name}”`,
    message: `Removed the pair “${name}”${queued === 0 ? '' : ` and its ${plural(queued, 'job')} in the queue`}`,
    changes: [change]
  })
}
