import type { Selection } from '../../../contract/documents/crc'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { rangeKey } from '../../../contract/model/strengths'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import { formatPercent } from '../../ui/format'

const RESELECT_MS = 120

/** The limit of validity, which a slider moves, and the range that the shown sweep selects under the limit. */
export class LimitedSelection {
  /** Share of post's validity that a selected range must keep. */
  rho: number
  current = $state.raw<Selection | null>(null)
  readonly selected = $derived.by(() => selectedKey(this.current, this.view.sweep))
  private readonly asking = new Latest<number>(() => this.project.left)
  readonly awaited = $derived.by(() => this.asking.awaited !== null)
  /** A new limit of the project whose selection is not loaded yet. Limit and selection are then shown together. */
  private pendingRho: number | null = null
  /** True while the slider differs from the project's limit. */
  private moving = false

  /** @param whenSelected is called with each new selection; its argument `show` shows it */
  constructor(
    private readonly project: OpenProject,
    private readonly view: { readonly sweep: ShownSweep | null },
    private readonly whenSelected: (show: () => void) => void
  ) {
    this.rho = $state(project.state.document.settings.rho)
  }

  /** Shows the selection of another sweep, or none. A pending request for the earlier sweep is dropped. */
  show(selection: Selection | null): void {
    this.asking.drop()
    this.applyPendingLimit()
    this.current = selection
  }

  onLimitChanged(rho: number): void {
    if (rho === (this.pendingRho ?? this.rho) || this.moving) return
    this.pendingRho = rho
    void this.ask()
  }

  private applyPendingLimit(): void {
    this.rho = this.pendingRho ?? this.rho
    this.pendingRho = null
  }

  /** Selects again once the slider stops, and stores the limit in the project. */
  move(rho: number): void {
    this.rho = rho
    this.pendingRho = null
    this.moving = true
    void this.ask({ restMs: RESELECT_MS, remember: true })
  }

  private remember(rho: number): void {
    this.moving = false
    if (!this.project.writable) return
    void this.project.keep('rho', () =>
      this.project.set(`keep ${formatPercent(rho)} of validity`, { settings: { rho } }, 'rho')
    )
  }

  /**
   * Selects again with the current limit.
   *
   * @param options.alongside a change to make at the same moment.
   * @param options.restMs milliseconds to wait first.
   * @param options.remember true to store the limit in the project
   */
  async ask({
    alongside = () => undefined,
    restMs = 0,
    remember = false
  }: { alongside?: () => void; restMs?: number; remember?: boolean } = {}): Promise<void> {
    const { here, client } = this.project
    const rho = this.pendingRho ?? this.rho
    const answered = await this.project.attempt(() =>
      this.asking.ask(
        rho,
        async (signal) => {
          if (remember) this.remember(rho)
          const { sweep } = this.view
          return sweep === null || sweep.ranges.length === 0
            ? null
            : client.sweeps.select({ ...here, sweepId: sweep.id, rho }, { signal })
        },
        restMs
      )
    )
    const selection = answered?.answer ?? null
    if (selection === null) {
      // There is no range to select from, or the request failed. The project's limit applies in any case.
      if (!this.awaited) this.applyPendingLimit()
      return
    }
    this.whenSelected(() => {
      this.applyPendingLimit()
      this.current = selection
      alongside()
    })
  }
}

/** Returns the key of the selected range of a sweep; null for none. */
export const selectedKey = (
  selection: Pick<Selection, 'selected'> | null,
  sweep: Pick<ShownSweep, 'source'> | null
): string | null => (sweep === null || !selection?.selected ? null : rangeKey(selection.selected, sweep))
