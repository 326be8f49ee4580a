import type { JudgeSettings } from '../../contract/documents/judge'
import { servesOthers } from '../../contract/words/served-models'
import { Latest } from '../app/latest.svelte'
import type { OpenProject } from '../app/open-project.svelte'

/** Lists the models of a judge's server, before answers are sent there. */
export class JudgeModels {
  private readonly listing = new Latest<string>(() => this.project.left)
  private answer = $state.raw<{ of: string; models: string[] | null } | null>(null)

  constructor(private readonly project: OpenProject) {}

  /** Asks the confirmed server for its models. A server without a list, or that fails, raises no doubt. */
  async ask({ baseUrl }: Pick<JudgeSettings, 'baseUrl'>, apiKey: string): Promise<void> {
    const { client } = this.project
    const wanted = { baseUrl, ...(apiKey === '' ? {} : { apiKey }) }
    const read = await this.listing
      .ask(baseUrl, (signal) => client.evaluations.judgeModels(wanted, { signal }))
      .catch(() => null)
    if (read !== null) this.answer = { of: baseUrl, models: read.answer }
  }

  /** Returns why the server may not have the named model; null if it may. */
  doubtOf({ baseUrl, model, anyModel }: Pick<JudgeSettings, 'baseUrl' | 'model' | 'anyModel'>): string | null {
    const models = this.answer?.of === baseUrl ? this.answer.models : null
    if (anyModel || models === null || models.includes(model)) return null
    return `This server ${servesOthers(model, models)}. Use one of its names, or accept verdicts of any model.`
  }
}
