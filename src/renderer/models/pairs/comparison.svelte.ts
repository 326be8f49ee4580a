import { SvelteSet } from 'svelte/reactivity'
import type { PairsOverview } from '../../../contract/documents/pairs-overview'
import type { PairId } from '../../../contract/documents/project'
import { scoreWords } from '../../../contract/words/score-words'
import { type Complaint, complaintOf } from '../../ui/complaint'
import { Subscription } from '../../app/subscription.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import { doneShare } from '../../app/window-job'
import { type Order, sortRows } from '../../ui/table'
import { filteredRows, pairColumns, pairRows, sweepingWords } from './pair-rows'

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
  /** Describes the progress of the sweep of one of the pairs; null while none runs. It changes often, unlike rows. */
  progress = $state.raw<{ pair: PairId; words: string } | null>(null)

  private readonly allRows = $derived.by(() => pairRows(this.project.state.pairs, this.overview))
  readonly scoredBy = $derived(
    this.overview?.scorings.find(({ key }) => key === this.overview?.scoring)?.scoredBy ?? null
  )
  readonly words = $derived(scoreWords(this.scoredBy ?? { kind: 'crc' }))
  readonly rows = $derived(sortRows(filteredRows(this.allRows, this.filter), pairColumns(this.words), this.order))
  /** Rows of the charts, of the transfer table and of copies: the chosen ones, or all if none is chosen. */
  readonly compared = $derived.by(() => {
    const chosen = this.rows.filter(({ id }) => this.chosen.has(id))
    return chosen.length === 0 ? this.rows : chosen
  })
  private readonly subscription = new Subscription(() => this.project)
  private readonly sweepSubscription = new Subscription(() => this.project)
  private isShown = false
  private sweptPair: PairId | null = null

  constructor(private readonly project: OpenProject) {
    project.onChange(() => {
      if (this.isShown) this.followSweeps()
    })
  }

  /** Follows the pairs while the table is shown. @returns a function that stops it */
  show(): () => void {
    this.isShown = true
    void this.follow()
    return () => this.hide()
  }

  attach(): void {
    // The connection that was lost has ended both streams.
    this.sweptPair = null
    if (this.isShown) void this.follow()
  }

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

  private follow(): Promise<unknown> {
    const { path, client } = this.project
    const following = this.subscription.follow(
      (signal) => client.pairs.overview({ path, scoring: this.scoring }, { signal }),
      (overview) => {
        this.overview = overview
        this.problem = null
      },
      (error) => {
        const complaint = complaintOf(error)
        if (complaint.code !== 'lost') this.problem = complaint
      }
    )
    this.followSweeps()
    return following
  }

  private hide(): void {
    this.isShown = false
    this.subscription.stop()
    this.sweepSubscription.stop()
    this.sweptPair = null
  }

  /** Follows the progress of the sweep that main computes for one of the pairs. */
  private followSweeps(): void {
    const pair = this.project.state.pairs.find(({ running }) => running.includes('sweep'))?.id ?? null
    if (pair !== null && pair === this.sweptPair) return
    this.sweptPair = pair
    this.sweepSubscription.stop()
    this.progress = null
    if (pair === null) return
    const { path, client, here } = this.project
    let isPreview = false
    void this.sweepSubscription.follow(
      (signal) => client.sweeps.watch({ path, pair }, { signal }),
      (event) => {
        if (event.type === 'snapshot') ({ isPreview } = event)
        if (event.type === 'snapshot' || event.type === 'progress') {
          const share = doneShare(event.progress.rowsDone, event.progress.rowsTotal)
          this.progress = { pair, words: sweepingWords(share, isPreview) }
        } else if (event.type === 'failed' && pair !== here.pair) {
          this.project.complain(event.problem)
        }
      }
    )
  }
}
