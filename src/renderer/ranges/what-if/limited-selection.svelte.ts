import type { Selection } from '../../../contract/documents/crc'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { rangeKey } from '../../../contract/model/strengths'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import { formatPercent } from '../../ui/format'

const RESELECT_MS = 120

/** What main selects in the shown sweep under a limit of validity, and the limit, which a slider moves. */
export class LimitedSelection {
  /** Share of post's validity that a selected range must keep. */
  rho: number
  current = $state.raw<Selection | null>(null)
  /** Key of the selected range. */
  readonly selected = $derived.by(() => keyOf(this.current, this.shown.sweep))
  private readonly asking: Latest<number>
  /** Whether one for another limit is on its way. */
  readonly awaited = $derived.by(() => this.asking.awaited !== null)
  /** The limit that the project keeps now, until what is selected under it has come: both are shown at once. */
  private coming: number | null = null
  /** Whether the slider is at another limit than the project keeps, or is asked to. */
  private moving = false

  /** @param taken is told of each new selection, and takes it */
  constructor(
    private readonly project: OpenProject,
    private readonly shown: { readonly sweep: ShownSweep | null },
    private readonly taken: (take: () => void) => void
  ) {
    this.rho = $state(project.state.document.settings.rho)
    this.asking = new Latest(project.left)
  }

  /** Shows this one, or none; one that was asked for belongs to another sweep. */
  show(selection: Selection | null): void {
    this.asking.drop()
    this.arrive()
    this.current = selection
  }

  /** Hears that the project keeps another limit now. */
  hear(rho: number): void {
    if (rho === (this.coming ?? this.rho) || this.moving) return
    this.coming = rho
    void this.ask()
  }

  private arrive(): void {
    this.rho = this.coming ?? this.rho
    this.coming = null
  }

  /** Selects again once the slider rests, and has the project keep the limit. */
  move(rho: number): void {
    this.rho = rho
    this.coming = null
    this.moving = true
    void this.ask({ restMs: RESELECT_MS, remember: true })
  }

  private remember(rho: number): void {
    this.moving = false
    if (!this.project.writable) return
    void this.project.set(`keep ${formatPercent(rho)} of validity`, { settings: { rho } }, 'rho')
  }

  /**
   * Asks main to select again with the limit of now.
   *
   * @param options.alongside what changes at the same moment
   * @param options.restMs waited before
   * @param options.remember whether the project is to keep the limit
   */
  async ask({
    alongside = () => undefined,
    restMs = 0,
    remember = false
  }: { alongside?: () => void; restMs?: number; remember?: boolean } = {}): Promise<void> {
    const { here, client } = this.project
    const rho = this.coming ?? this.rho
    const answered = await this.project.attempt(() =>
      this.asking.ask(
        rho,
        async (signal) => {
          if (remember) this.remember(rho)
          const { sweep } = this.shown
          return sweep === null || sweep.ranges.length === 0
            ? null
            : client.sweeps.select({ ...here, sweepId: sweep.id, rho }, { signal })
        },
        restMs
      )
    )
    const selection = answered?.answer ?? null
    if (selection === null) {
      // There is nothing to select from, or it was refused: the limit is the project's all the same.
      if (!this.awaited) this.arrive()
      return
    }
    this.taken(() => {
      this.arrive()
      this.current = selection
      alongside()
    })
  }
}

/** Key of the range that is selected in a sweep; null where none is. */
export const keyOf = (
  selection: Pick<Selection, 'selected'> | null,
  sweep: Pick<ShownSweep, 'source'> | null
): string | null => (sweep === null || !selection?.selected ? null : rangeKey(selection.selected, sweep))
