import { PairId, type SweepSummary } from '../../../contract/documents/project'
import type { SweepComparison } from '../../../contract/documents/sweep-comparison'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { rangeKey } from '../../../contract/model/strengths'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import { complaintOf, type Complaint } from '../../ui/complaint'
import { ChartLook } from '../board/chart-look.svelte'
import type { ComparedMeasure } from './comparison-charts'

/** A sweep of the project that can be compared with the shown one. */
interface ComparableSweep {
  /** Key of the sweep in the address: `PAIR/SWEEP`. */
  key: string
  /** Name of its pair if the project has several; else null. */
  pairName: string | null
  summary: SweepSummary
}

const keyOf = (pair: PairId, sweepId: string): string => `${pair}/${sweepId}`

/** Parses a key; null for invalid text. */
function parseKey(key: string): { pair: PairId; sweepId: string } | null {
  const [pair, sweepId, ...more] = key.split('/')
  const parsed = PairId.safeParse(pair)
  return !parsed.success || sweepId === undefined || sweepId === '' || more.length > 0
    ? null
    : { pair: parsed.data, sweepId }
}

/**
 * Compares the shown sweep with another of the project. The comparison replaces the charts until the user leaves it.
 */
export class SweepComparing {
  /** Key of the other sweep; null while none is compared. */
  against = $state.raw<string | null>(null)
  /** The loaded comparison; null until the first one. It stays visible while the next one is loaded. */
  comparison = $state.raw<SweepComparison | null>(null)
  failure = $state.raw<Complaint | null>(null)
  measure = $state<ComparedMeasure>('diversity')
  layout = $state<'charts' | 'table'>('charts')
  /** Key of the chosen range of the shown sweep; null for none. */
  chosen = $state.raw<string | null>(null)
  hovered = $state.raw<string | null>(null)
  readonly look = new ChartLook()
  private readonly latest = new Latest<string>(() => this.project.left)
  readonly pending = $derived.by(() => this.latest.awaited !== null)
  /** All sweeps of the pair, and the newest sweep of each other pair. */
  readonly others = $derived.by<ComparableSweep[]>(() => {
    const { pairs, document, sweeps } = this.project.state
    const nameOf = (name: string): string | null => (pairs.length === 1 ? null : name)
    return [
      ...sweeps.map((summary) => ({
        key: keyOf(document.id, summary.id),
        pairName: nameOf(document.name),
        summary
      })),
      ...pairs.flatMap(({ id, name, defaultSweep }) =>
        id === document.id || defaultSweep === null
          ? []
          : [{ key: keyOf(id, defaultSweep.id), pairName: name, summary: defaultSweep }]
      )
    ]
  })

  /** @param view the first sweep, and the share of post's validity that both must keep */
  constructor(
    private readonly project: OpenProject,
    private readonly view: { readonly sweep: ShownSweep | null; readonly rho: number }
  ) {}

  /** Compares the shown sweep with another. The browser's Back leaves the comparison. */
  open(against: string): void {
    this.begin(against)
    this.project.host.visit()
  }

  leave(): void {
    this.close()
    this.project.host.visit()
  }

  /** Shows the comparison of the page's address. A missing sweep is reported like one that cannot be read. */
  applyAgainst(against: string | null): void {
    if (against === this.against) return
    if (against === null || parseKey(against) === null) this.close()
    else this.begin(against)
  }

  /** Compares again because the shown sweep or its selection has changed. */
  compareAgain(): void {
    if (this.against !== null) void this.ask(this.against)
  }

  close(): void {
    this.latest.drop()
    this.against = null
    this.comparison = null
    this.failure = null
    this.hovered = null
    this.look.reset()
  }

  private begin(against: string): void {
    this.against = against
    this.look.reset()
    void this.ask(against)
  }

  private async ask(against: string): Promise<void> {
    const { sweep, rho } = this.view
    const other = parseKey(against)
    if (sweep === null || other === null) return
    const { client, here } = this.project
    this.failure = null
    try {
      const request = { ...here, sweepId: sweep.id, other, rho }
      const answered = await this.latest.ask(against, (signal) => client.sweeps.compare(request, { signal }))
      if (answered === null) return
      this.comparison = answered.answer
      const { a } = answered.answer
      this.chosen = a.selected === null ? null : rangeKey(a.selected, a)
    } catch (error) {
      this.comparison = null
      this.failure = complaintOf(error)
    }
  }
}
