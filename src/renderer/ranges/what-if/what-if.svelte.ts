import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { type WhatIf, type WhatIfSweep, withoutOwn } from '../../../contract/documents/what-if'
import type { MinPDraw } from '../../../contract/model/sampling'
import { AS_SWEPT, whatIfWords } from '../../../contract/words/what-if-words'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** What the panel asks about the shown sweep; the stored selection stays as it is. */
export class WhatIfAsking {
  /** What the sliders stand at; null while the panel is closed. */
  asked = $state.raw<WhatIf | null>(null)
  /** What is shown, and what was asked for it; null until the first answer, and while the panel is closed. */
  answer = $state.raw<(WhatIfSweep & { readonly asked: WhatIf }) | null>(null)
  private readonly latest: Latest<WhatIf>

  /**
   * @param shown what it is asked of
   * @param taken is told of each new answer, and of its end, and takes it
   */
  constructor(
    private readonly project: OpenProject,
    private readonly shown: { readonly sweep: ShownSweep | null; readonly rho: number },
    private readonly taken: (take: () => void) => void
  ) {
    this.latest = new Latest(project.left)
  }

  /** What the shown numbers are of; null where they are those of the sweep. */
  readonly words = $derived.by(() => (this.answer === null ? null : this.wordsOf(this.answer.asked)))

  /** What is asked while its numbers are on their way and others are shown; null otherwise. */
  readonly computing = $derived.by(() => {
    const next = this.asked === null || this.asked === this.answer?.asked ? null : this.wordsOf(this.asked)
    return next === (this.words ?? AS_SWEPT) ? null : next
  })

  /** How many ranges have no score in the answer, for a preview has only estimated them as swept. */
  readonly unknownCount = $derived.by(() => {
    const { sweep } = this.shown
    if (this.answer === null || !sweep?.preview || !this.answer.sweep.preview) return 0
    return sweep.preview.ranges.length - this.answer.sweep.preview.ranges.length
  })

  open(): void {
    const { rho } = this.shown
    void this.change({ rho, sampler: null, draws: null, mix: null })
  }

  close(): void {
    this.latest.drop()
    this.asked = null
    if (this.answer !== null) this.taken(() => (this.answer = null))
  }

  private wordsOf(asked: WhatIf): string | null {
    return this.shown.sweep === null ? null : whatIfWords(asked, this.shown.sweep)
  }

  async change(change: Partial<WhatIf>): Promise<void> {
    const { sweep, rho } = this.shown
    if (sweep === null) return
    const before = this.asked ?? { rho, sampler: null, draws: null, mix: null }
    const asked = withoutOwn({ ...before, ...change }, sweep)
    this.asked = asked
    const { client, here } = this.project
    const answered = await this.project.attempt(() =>
      this.latest.ask(asked, (signal) =>
        client.sweeps.whatIf({ ...here, sweepId: sweep.id, asked }, { signal })
      )
    )
    if (answered !== null) this.taken(() => (this.answer = { ...answered.answer, asked }))
    // It failed, and nothing else is asked: the sliders go back to what is shown.
    else if (this.asked === asked) this.asked = this.answer?.asked ?? null
  }
}

/** Distinct values of the samplers that a sweep has kept, ascending. */
export const keptValues = (
  { whatIf }: Pick<ShownSweep, 'whatIf'>,
  of: (sampler: MinPDraw) => number
): number[] => {
  const values = whatIf.map(of)
  return values.filter((value, i) => values.indexOf(value) === i).sort((a, b) => a - b)
}

/** The place of the value nearest to another. */
export function nearest(values: readonly number[], wanted: number): number {
  const distances = values.map((value) => Math.abs(value - wanted))
  return distances.indexOf(Math.min(...distances))
}
