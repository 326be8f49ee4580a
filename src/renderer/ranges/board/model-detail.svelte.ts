import type { PromptScore } from '../../../contract/documents/crc'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/**
 * Loads the scores per prompt of one model. They are much larger than all mean scores, so they are loaded when the
 * model is chosen.
 */
export class ModelDetail {
  /** Scores of the last loaded model. The previous model's scores stay until the new ones arrive. */
  shown = $state.raw<{ sweepId: string; model: string; prompts: readonly PromptScore[] } | null>(null)
  private readonly latest = new Latest<string>(() => this.project.left)

  constructor(private readonly project: OpenProject) {}

  /** @param model key of the model; null for none */
  async ask(sweepId: string | null, model: string | null): Promise<void> {
    if (sweepId === null || model === null) {
      this.latest.drop()
      this.shown = null
      return
    }
    if (this.shown?.sweepId === sweepId && this.shown.model === model) {
      this.latest.drop()
      return
    }
    const { here, client } = this.project
    const read = await this.project.attempt(() =>
      this.latest.ask(model, (signal) => client.sweeps.scores({ ...here, sweepId, model }, { signal }))
    )
    if (read !== null) this.shown = { sweepId, model, prompts: read.answer }
  }
}
