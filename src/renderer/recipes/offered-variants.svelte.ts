import type { RestorationRange } from '../../contract/model/recipe'
import type { Restoring } from '../../contract/model/model'
import type { OpenProject } from '../app/open-project.svelte'
import { usableCheckpoints } from './other-checkpoints'
import { type VariantChoice, variantChoices } from '../../contract/documents/variant-choices'

/** What Samples, Evaluate and Export offer to choose from. */
export class OfferedVariants {
  readonly choices = $derived.by<VariantChoice[]>(() => {
    const { state } = this.project
    return variantChoices(state.document.recipes, usableCheckpoints(state), this.ranges.selectedOfNewest)
  })

  /** @param ranges that know what is selected in the newest sweep */
  constructor(
    private readonly project: OpenProject,
    private readonly ranges: { readonly selectedOfNewest: (RestorationRange & Restoring) | null }
  ) {}
}
