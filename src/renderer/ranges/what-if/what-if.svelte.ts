import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { dropUnchangedSettings, type WhatIf } from '../../../contract/documents/what-if'
import type { MinPDraw } from '../../../contract/model/sampling'
import { AS_SWEPT, whatIfWords } from '../../../contract/words/what-if-words'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import type { WhatIfAnswer } from './shown-numbers'

/** Recalculates the shown sweep for other settings. The stored selection does not change. */
export class WhatIfAsking {
  /** The requested settings; null while no recalculation is requested. */
  asked = $state.raw<WhatIf | null>(null)
  /** The recalculated sweep with its settings; null while the measured numbers are shown. */
  answer = $state.raw<WhatIfAnswer | null>(null)
  private readonly latest = new Latest<WhatIf>(() => this.project.left)

  /**
   * @param view the sweep and the limit that are recalculated
   * @param applyAnswer runs a function that shows a new answer or removes the last one
   */
  constructor(
    private readonly project: OpenProject,
    private readonly view: { readonly sweep: ShownSweep | null; readonly rho: number },
    private readonly applyAnswer: (apply: () => void) => void
  ) {}

  /** Describes the settings of the shown numbers; null if they are those of the sweep. */
  readonly words = $derived.by(() => (this.answer === null ? null : this.wordsOf(this.answer.settings)))

  /** Describes the requested settings while their numbers are being computed; null otherwise. */
  readonly computing = $derived.by(() => {
    const next = this.asked === null || this.asked === this.answer?.settings ? null : this.wordsOf(this.asked)
    return next === (this.words ?? AS_SWEPT) ? null : next
  })

  /** Number of ranges without a score in the answer, because a preview only estimated them for the swept settings. */
  readonly unknownCount = $derived.by(() => {
    const { sweep } = this.view
    if (this.answer === null || !sweep?.preview || !this.answer.sweep.preview) return 0
    return sweep.preview.ranges.length - this.answer.sweep.preview.ranges.length
  })

  /** Shows the measured numbers again. */
  close(): void {
    this.latest.drop()
    this.asked = null
    if (this.answer !== null) this.applyAnswer(() => (this.answer = null))
  }

  private wordsOf(asked: WhatIf): string | null {
    return this.view.sweep === null ? null : whatIfWords(asked, this.view.sweep)
  }

  async change(change: Partial<WhatIf>): Promise<void> {
    const { sweep, rho } = this.view
    if (sweep === null) return
    const before = this.asked ?? { rho, sampler: null, draws: null, mix: null }
    const settings = dropUnchangedSettings({ ...before, ...change }, sweep)
    const { sampler, draws, mix } = settings
    if (sampler === null && draws === null && mix === null && settings.rho === rho) return this.close()
    this.asked = settings
    const { client, here } = this.project
    const answered = await this.project.attempt(() =>
      this.latest.ask(settings, (signal) =>
        client.sweeps.whatIf({ ...here, sweepId: sweep.id, asked: settings }, { signal })
      )
    )
    if (answered !== null) this.applyAnswer(() => (this.answer = { ...answered.answer, settings }))
    // The request failed and no other is pending, so the sliders return to the shown settings.
    else if (this.asked === settings) this.asked = this.answer?.settings ?? null
  }
}

/** Returns the distinct values of the samplers that a sweep stored, in ascending order. */
export const keptValues = (
  { whatIf }: Pick<ShownSweep, 'whatIf'>,
  valueOf: (sampler: MinPDraw) => number
): number[] => {
  const values = whatIf.map(valueOf)
  return values.filter((value, i) => values.indexOf(value) === i).sort((a, b) => a - b)
}

/** Returns the index of the value that is nearest to the wanted one. */
export function nearest(values: readonly number[], wanted: number): number {
  const distances = values.map((value) => Math.abs(value - wanted))
  return distances.indexOf(Math.min(...distances))
}
