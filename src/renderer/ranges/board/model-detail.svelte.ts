import type { PromptScore } from '../../../contract/documents/crc'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** What a sweep has of each prompt for one model: far more than for all of them without, so it is asked for when a model is chosen. */
export class ModelDetail {
  /** Of the model asked for last whose scores have come; the one before stays until then. */
  shown = $state.raw<{ sweepId: string; model: string; prompts: readonly PromptScore[] } | null>(null)
  private readonly asking: Latest<string>

  constructor(private readonly project: OpenProject) {
    this.asking = new Latest(project.left)
  }

  /** @param model its key; null for none */
  async ask(sweepId: string | null, model: string | null): Promise<void> {
    if (sweepId === null || model === null) {
      this.asking.drop()
      this.shown = null
      return
    }
    if (this.shown?.sweepId === sweepId && this.shown.model === model) {
      this.asking.drop()
      return
    }
    const { here, client } = this.project
    const read = await this.project.attempt(() =>
      this.asking.ask(model, (signal) => client.sweeps.scores({ ...here, sweepId, model }, { signal }))
    )
    if (read !== null) this.shown = { sweepId, model, prompts: read.answer }
  }
}
