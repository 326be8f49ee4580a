import { PairId, type SweepSummary } from '../../../contract/documents/project'
import type { SweepComparison } from '../../../contract/documents/sweep-comparison'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { rangeKey } from '../../../contract/model/strengths'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import { complaintOf, type Complaint } from '../../ui/complaint'
import { ChartLook } from '../board/chart-look.svelte'
import type { ComparedMeasure } from './comparison-charts'

/** A sweep of the project that can be laid beside the shown one. */
export interface OtherSweep {
  /** What names it in the address: `PAIR/SWEEP`. */
  key: string
  /** Of its pair, where the project has several; null otherwise. */
  pairName: string | null
  summary: SweepSummary
}

const keyOf = (pair: PairId, sweepId: string): string => `${pair}/${sweepId}`

/** What a key names, to main; null for a text that is none. */
function namedBy(key: string): { pair: PairId; sweepId: string } | null {
  const [pair, sweepId, ...more] = key.split('/')
  const known = PairId.safeParse(pair)
  return !known.success || sweepId === undefined || sweepId === '' || more.length > 0
    ? null
    : { pair: known.data, sweepId }
}

/** The shown sweep beside another of the project, in place of the charts until it is left. */
export class SweepComparing {
  /** Key of the other sweep; null while none is compared. */
  against = $state.raw<string | null>(null)
  /** Null until the first answer. The one before stays in sight while another is asked for. */
  comparison = $state.raw<SweepComparison | null>(null)
  /** Why the two cannot be compared. */
  failure = $state.raw<Complaint | null>(null)
  measure = $state<ComparedMeasure>('diversity')
  layout = $state<'charts' | 'table'>('charts')
  /** Keys of ranges of the shown sweep. */
  chosen = $state.raw<string | null>(null)
  hovered = $state.raw<string | null>(null)
  readonly look = new ChartLook()
  private readonly latest: Latest<string>
  readonly pending = $derived.by(() => this.latest.awaited !== null)
  /** All of the pair, and of each other pair its newest. */
  readonly others = $derived.by<OtherSweep[]>(() => {
    const { pairs, document, sweeps } = this.project.state
    const nameOf = (name: string): string | null => (pairs.length === 1 ? null : name)
    return [
      ...sweeps.map((summary) => ({
        key: keyOf(document.id, summary.id),
        pairName: nameOf(document.name),
        summary
      })),
      ...pairs.flatMap(({ id, name, answeringSweep }) =>
        id === document.id || answeringSweep === null
          ? []
          : [{ key: keyOf(id, answeringSweep.id), pairName: name, summary: answeringSweep }]
      )
    ]
  })

  /** @param shown the sweep that the other is laid beside, and the share of post's validity that both are to keep */
  constructor(
    private readonly project: OpenProject,
    private readonly shown: { readonly sweep: ShownSweep | null; readonly rho: number }
  ) {
    this.latest = new Latest(project.left)
  }

  /** Lays the shown sweep beside another, as a place that Back leads away from. */
  open(against: string): void {
    this.begin(against)
    this.project.host.visit()
  }

  leave(): void {
    this.close()
    this.project.host.visit()
  }

  /** Shows what an address says. A sweep that the project does not have is told like any that cannot be read. */
  follow(against: string | null): void {
    if (against === this.against) return
    if (against === null || namedBy(against) === null) this.close()
    else this.begin(against)
  }

  /** Compares anew what is compared: the shown sweep, or what is selected in it, is another. */
  again(): void {
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

  choose(range: string): void {
    this.chosen = range
  }

  private begin(against: string): void {
    this.against = against
    this.look.reset()
    void this.ask(against)
  }

  private async ask(against: string): Promise<void> {
    const { sweep, rho } = this.shown
    const other = namedBy(against)
    if (sweep === null || other === null) return
    const { client, here } = this.project
    this.failure = null
    try {
      const asked = { ...here, sweepId: sweep.id, other, rho }
      const answered = await this.latest.ask(against, (signal) => client.sweeps.compare(asked, { signal }))
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
