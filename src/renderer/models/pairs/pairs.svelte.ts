import type { PairBrief, PairId } from '../../../contract/documents/project'
import { elementAt } from '../../../contract/model/look-up'
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
    const { host } = this.project
    try {
      await removePair(host, id, queued)
    } catch (error) {
      host.complainOf(error)
    }
  }

  private async change(pair: PairId, what: string, call: () => Promise<{ change: number | null }>): Promise<void> {
    const answer = await this.project.attempt(call)
    if (answer !== null && answer.change !== null) this.project.history.record({ what, pair, changes: [answer.change] })
  }

  /** Shows a pair that was added and records the change. @returns false if it was not added or cannot be shown */
  private async showAdded(
    answer: { added: PairId; pairs: readonly PairBrief[] } | null,
    verb: string
  ): Promise<boolean> {
    if (answer === null) return false
    const { host } = this.project
    const { added, pairs } = answer
    const name = pairs.find(({ id }) => id === added)?.name ?? added
    if (!(await host.showPair(added))) return false
    host.session?.history.record({
      what: `${verb} the pair “${name}”`,
      message: `Added the pair “${name}”`,
      // The pair that is shown afterwards has the removal to undo.
      undo: () => removePair(host, added, 0),
      redo: () => undefined
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

/**
 * Removes a pair from the open project, and records the change for the pair that is shown afterwards.
 *
 * @param queued number of its queued jobs, which an undo restores
 * @throws the error of main
 */
async function removePair(host: Host, id: PairId, queued: number): Promise<void> {
  if (host.session === null) return
  const { state, path, here } = host.session
  const index = state.pairs.findIndex((pair) => pair.id === id)
  const next = state.pairs[index + 1] ?? state.pairs[index - 1]
  if (next === undefined) return
  const { name } = elementAt(state.pairs, index, 'pair')
  if (id === here.pair && !(await host.showPair(next.id))) return
  const { change } = await host.client.pairs.remove({ path, pair: id })
  if (change === null) return
  host.session.history.record({
    what: `remove the pair “${name}”`,
    message: `Removed the pair “${name}”${queued === 0 ? '' : ` and its ${plural(queued, 'job')} in the queue`}`,
    changes: [change]
  })
}
