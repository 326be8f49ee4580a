import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import type { PairsOverview } from '../../contract/documents/pairs-overview'
import type { PairId } from '../../contract/documents/project'
import { scoreWords } from '../../contract/words/score-words'
import { type Complaint, complaintOf } from '../ui/complaint'
import type { OpenProject } from '../app/open-project.svelte'
import { doneShare } from '../app/window-job'
import { type Order, sortRows } from '../ui/table'
import { filteredRows, pairColumns, pairRows } from './pair-rows'

/** The project's pairs side by side: what main tells of them, and how the table shows it. */
export class PairsComparison {
  /** Null until main has told. */
  overview = $state.raw<PairsOverview | null>(null)
  /** Why it is not told; null when it is. */
  problem = $state.raw<Complaint | null>(null)
  /** Key of what the user wants the pairs compared by; null for what most were scored by. */
  scoring = $state.raw<string | null>(null)
  filter = $state('')
  order = $state.raw<Order>({ column: null, descending: false })
  readonly chosen = new SvelteSet<PairId>()
  private readonly shares = new SvelteMap<PairId, { share: number; isPreview: boolean }>()

  private readonly rows = $derived.by(() => pairRows(this.project.state.pairs, this.overview, this.shares))
  readonly scoredBy = $derived(
    this.overview?.scorings.find(({ key }) => key === this.overview?.scoring)?.scoredBy ?? null
  )
  readonly words = $derived(scoreWords(this.scoredBy ?? { kind: 'crc' }))
  /** As the table shows them. */
  readonly shown = $derived(
    sortRows(filteredRows(this.rows, this.filter), pairColumns(this.words), this.order)
  )
  /** What charts, transfer and copies are of: the chosen rows, or all that are shown while none of them is. */
  readonly compared = $derived.by(() => {
    const chosen = this.shown.filter(({ id }) => this.chosen.has(id))
    return chosen.length === 0 ? this.shown : chosen
  })
  /** How many views show it, and what ends the following for them. */
  private watching: AbortController | null = null
  private sweeping: { readonly id: PairId; readonly stop: AbortController } | null = null

  constructor(private readonly project: OpenProject) {
    project.onChange(() => {
      if (this.watching !== null) this.followSweeps()
    })
  }

  /** Follows the pairs for as long as they are shown. @returns what ends it */
  show(): () => void {
    void this.follow()
    return () => this.hide()
  }

  /** Follows them anew on a new line, where they are shown. */
  attach(): void {
    if (this.watching !== null) void this.follow()
  }

  /** Compares by something else. */
  compareBy(scoring: string): void {
    this.scoring = scoring
    void this.follow()
  }

  choose(id: PairId, chosen: boolean): void {
    if (chosen) this.chosen.add(id)
    else this.chosen.delete(id)
  }

  chooseAll(chosen: boolean): void {
    for (const { id } of this.shown) this.choose(id, chosen)
  }

  readonly nameOf = (id: PairId): string => this.rows.find((row) => row.id === id)?.name ?? id

  private async follow(): Promise<void> {
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    this.followSweeps()
    const signal = AbortSignal.any([watching.signal, this.project.left])
    const { path, client } = this.project
    try {
      const told = await client.pairs.overview({ path, scoring: this.scoring }, { signal })
      for await (const overview of told) {
        if (signal.aborted) return
        this.overview = overview
        this.problem = null
      }
    } catch (error) {
      // A lost line has its own notice, and is followed anew.
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

  /** Main computes for one pair of a project at a time: follows how far its sweep is. */
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
