import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import type { PairsOverview } from '../../../contract/documents/pairs-overview'
import type { PairId } from '../../../contract/documents/project'
import { scoreWords } from '../../../contract/words/score-words'
import { type Complaint, complaintOf } from '../../ui/complaint'
import type { OpenProject } from '../../app/open-project.svelte'
import { doneShare } from '../../app/window-job'
import { type Order, sortRows } from '../../ui/table'
import { filteredRows, pairColumns, pairRows } from './pair-rows'

/** State of the table of pairs: main's overview and the user's choices. */
export class PairsComparison {
  /** Null until main has answered. */
  overview = $state.raw<PairsOverview | null>(null)
  /** Error of the overview; null if there is none. */
  problem = $state.raw<Complaint | null>(null)
  /** Key of the scoring that the user chose; null for the most common one. */
  scoring = $state.raw<string | null>(null)
  filter = $state('')
  order = $state.raw<Order>({ column: null, descending: false })
  readonly chosen = new SvelteSet<PairId>()
  private readonly shares = new SvelteMap<PairId, { share: number; isPreview: boolean }>()

  private readonly allRows = $derived.by(() => pairRows(this.project.state.pairs, this.overview, this.shares))
  readonly scoredBy = $derived(
    this.overview?.scorings.find(({ key }) => key === this.overview?.scoring)?.scoredBy ?? null
  )
  readonly words = $derived(scoreWords(this.scoredBy ?? { kind: 'crc' }))
  readonly rows = $derived(
    sortRows(filteredRows(this.allRows, this.filter), pairColumns(this.words), this.order)
  )
  /** Rows of the charts, of the transfer table and of copies: the chosen ones, or all if none is chosen. */
  readonly compared = $derived.by(() => {
    const chosen = this.rows.filter(({ id }) => this.chosen.has(id))
    return chosen.length === 0 ? this.rows : chosen
  })
  /** Follows the overview while the table is shown. */
  private watching: AbortController | null = null
  private sweeping: { readonly id: PairId; readonly stop: AbortController } | null = null

  constructor(private readonly project: OpenProject) {
    project.onChange(() => {
      if (this.watching !== null) this.followSweeps()
    })
  }

  /** Follows the pairs while the table is shown. @returns a function that stops it */
  show(): () => void {
    void this.follow()
    return () => this.hide()
  }

  /** Follows the pairs again after a reconnect. */
  attach(): void {
    if (this.watching !== null) void this.follow()
  }

  /** Compares pairs by another scoring. */
  compareBy(scoring: string): void {
    this.scoring = scoring
    void this.follow()
  }

  choose(id: PairId, chosen: boolean): void {
    if (chosen) this.chosen.add(id)
    else this.chosen.delete(id)
  }

  chooseAll(chosen: boolean): void {
    for (const { id } of this.rows) this.choose(id, chosen)
  }

  readonly nameOf = (id: PairId): string => this.allRows.find((row) => row.id === id)?.name ?? id

  private async follow(): Promise<void> {
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    this.followSweeps()
    const signal = AbortSignal.any([watching.signal, this.project.left])
    const { path, client } = this.project
    try {
      const states = await client.pairs.overview({ path, scoring: this.scoring }, { signal })
      for await (const overview of states) {
        if (signal.aborted) return
        this.overview = overview
        this.problem = null
      }
    } catch (error) {
      // A lost connection has its own notice, and attach follows again.
      const complaint = complaintOf(error)
      if (!signal.aborted && this.project.connected && complaint.code !== 'lost') this.problem = complaint
    }
  }

  private hide(): void {
    this.watching?.abort()
    this.watching = null
    this.sweeping?.stop.abort()
    this.sweeping = null
  }

  /** Follows the progress of the one sweep that main computes. */
  private followSweeps(): void {
    const id = this.project.state.pairs.find(({ running }) => running.includes('sweep'))?.id ?? null
    if (id === (this.sweeping?.id ?? null)) return
    this.sweeping?.stop.abort()
    this.sweeping = null
    this.shares.clear()
    if (id !== null) void this.followSweep(id)
  }

  private async followSweep(id: PairId): Promise<void> {
    const stop = new AbortController()
    this.sweeping = { id, stop }
    const signal = AbortSignal.any([stop.signal, this.project.left])
    const { path, client } = this.project
    let isPreview = false
    try {
      for await (const event of await client.sweeps.watch({ path, pair: id }, { signal })) {
        if (signal.aborted) return
        if (event.type === 'snapshot' || event.type === 'progress') {
          if (event.type === 'snapshot') isPreview = event.isPreview
          this.shares.set(id, {
            share: doneShare(event.progress.rowsDone, event.progress.rowsTotal),
            isPreview
          })
        } else if (event.type === 'failed' && id !== this.project.here.pair) {
          this.project.complain(event.problem)
        }
      }
    } catch (error) {
      if (!signal.aborted && this.project.connected) this.project.complainOf(error)
    }
  }
}
