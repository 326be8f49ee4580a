import { defaultSweepOf } from '../../contract/documents/default-sweep'
import type { Selection } from '../../contract/documents/crc'
import type { RestorationRange } from '../../contract/model/recipe'
import type { RestorationSource } from '../../contract/model/model'
import type { OpenProject } from '../app/open-project.svelte'
import { usableCheckpoints } from './other-checkpoints'
import { type VariantChoice, variantChoices } from '../../contract/documents/variant-choices'

type Selected = RestorationRange & RestorationSource

interface OfferedRanges {
  readonly selectedOfNewest: Selected | null
  /** The sweep of the character task whose check marks recipes. */
  readonly checked: {
    readonly read: { readonly sweep: { readonly id: string }; readonly selection: Selection | null } | null
  }
}

/** Variants that Samples, Evaluate and Export offer. */
export class OfferedVariants {
  readonly choices = $derived.by<VariantChoice[]>(() => this.offered(null))
  /** Variants of Export. If a task scored the newest sweep, the range of the newest character sweep is added. */
  readonly exported = $derived.by<VariantChoice[]>(() => this.offered(this.selectedByCharacters))
  private readonly selectedByCharacters = $derived.by<Selected | null>(() => {
    const { sweeps } = this.project.state
    if (defaultSweepOf(sweeps)?.scoredBy.kind !== 'task') return null
    const summary = defaultSweepOf(sweeps.filter(({ scoredBy }) => scoredBy.kind === 'crc'))
    if (summary === undefined || summary.bestAnswers === null) return null
    const { read } = this.ranges.checked
    // A sweep that was read has the selection of the current limit.
    const selected = read?.sweep.id === summary.id ? (read.selection?.selected ?? null) : summary.selected
    return selected === null ? null : { ...selected, layerCount: summary.layerCount, source: summary.source }
  })

  constructor(
    private readonly project: OpenProject,
    private readonly ranges: OfferedRanges
  ) {}

  private offered(byCharacters: Selected | null): VariantChoice[] {
    const { state } = this.project
    const { selectedOfNewest } = this.ranges
    return variantChoices(state.document.recipes, usableCheckpoints(state), selectedOfNewest, byCharacters)
  }
}
